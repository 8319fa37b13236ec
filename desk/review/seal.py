"""What is hidden of an alert from a person, and the alert without it.

Two things, kept apart: the score, and the words of others. `desk.database.seals` says when each is hidden;
whatever shows an alert (`desk.review.views`, the case file, refusals) asks here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from msgspec import structs

from desk.database.schema import AlertRow, NoteRow, VerdictRow
from schemas.alerts import MirrorAlert

HIDDEN: Final = frozenset({"rule", "rivals", "ceiling", "prior"})
"""Lines that only the sum has: shown blind, they would reveal it."""

MASKED: Final = frozenset(
    {"email", "phone", "device", "payment", "network", "referrer", "contact", "reach", "avatar"}
)
"""Signals whose values are personal and never shown: what their level says is all that can be seen of them.

By signal and not by the mask in a value: an account that writes the mask into its name must not choose
what is shown.
"""

UNREAD: Final = "what others said of it, or of one decided together with it, must not be known: decide first"
"""Why somebody is refused what tells more than they may know yet."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Seal:
    """What one person must not know of one alert yet. Rows are those of `desk.database`.

    score   hidden: score, band, weights, and an order that tells them
    words   hidden: what others said of it, and what became of it since
    """

    user_id: str
    score: bool = False
    words: bool = False

    def __or__(self, other: Seal) -> Seal:
        return replace(self, score=self.score or other.score, words=self.words or other.words)

    def scored(self, value: T) -> T | None:
        """A band, a probability, or None where the score is hidden."""
        return None if self.score else value

    def status(self, row: AlertRow) -> str:
        """Returns open or withdrawn; open while words are hidden, since a dismissal withdraws."""
        return "open" if self.words else row.status

    def withdrawn_reason(self, row: AlertRow) -> str | None:
        return self.told(row.withdrawn_reason)

    def told(self, value: T) -> T | None:
        """What tells what became of the alert, or None where words are hidden."""
        return None if self.words else value

    def verdicts(self, rows: Iterable[VerdictRow]) -> list[VerdictRow]:
        """Those that may be seen: one's own, and others' where their words are not hidden."""
        return [row for row in rows if not self.words or row.reviewer == self.user_id]

    def notes(self, rows: Iterable[NoteRow]) -> list[NoteRow]:
        return [row for row in rows if not self.words or row.user_id == self.user_id]

    def alert(self, alert: MirrorAlert, verdicts: Iterable[VerdictRow]) -> MirrorAlert:
        """The alert without what is hidden. ``verdicts``: every row about it."""
        if self.words:
            # Withdrawing and opening again count the revision up: show the one that the first verdict saw.
            revisions = [row.revision for row in verdicts if row.reviewer != self.user_id]
            alert = structs.replace(
                alert,
                status="open",
                withdrawn_at=None,
                withdrawn_reason=None,
                revision=min([alert.revision, *revisions]),
            )
        return _without_score(alert) if self.score else alert


def _without_score(alert: MirrorAlert) -> MirrorAlert:
    """The alert without its score: traits side by side in an order that tells nothing.

    The band is `none`, numbers are 0, no other explanation is given, and lines for and against stand
    together, sorted by signal. Levels stay where values are masked, as of devices: two masks beside each
    other do not tell same from different.
    """
    lines = sorted(
        (
            structs.replace(
                line,
                weight=0.0,
                level=line.level if line.signal in MASKED else "",
                because="",
                explained=False,
            )
            for line in (*alert.evidence, *alert.counter_evidence)
            if line.signal not in HIDDEN
        ),
        key=lambda line: (line.signal, line.ours, line.theirs),
    )
    return structs.replace(
        alert,
        prior=0.0,
        log_odds=0.0,
        probability=0.0,
        band="none",
        evidence=tuple(lines),
        counter_evidence=(),
        rivals=(),
        others=(),
        drawn=None,
    )
