"""What somebody may see of an alert: all of it, or, where it is read blind, nothing that tells its score.

One place decides it, for pages and programs alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from msgspec.structs import replace

from schemas.alerts import EvidenceLine, MirrorAlert

HIDDEN: Final = frozenset({"rule", "rivals", "prior"})
"""Lines that only the sum has: shown blind, they would tell of it."""

MASKED: Final = frozenset(
    {"email", "phone", "device", "payment", "network", "referrer", "contact", "reach", "avatar"}
)
"""Signals whose values are personal and never shown: what their level says is all that can be seen of them.

By signal and not by the mask in a value: who writes the mask into a name must not choose what is told.
"""


def sealed(reads: Sequence[Any], verdicts: Sequence[Any], user_id: str, *, decides: bool) -> bool:
    """Whether an alert must be shown blind to a person.

    It is until they have read it: one who may decide and has not, while a blind read of it is open to them.
    """
    if not decides:
        return False
    said = any(one.reviewer == user_id and one.undone_at is None for one in verdicts)
    return not said and any(
        read.blind and read.state == "open" and read.only_for in (None, user_id) for read in reads
    )


def seal(alert: MirrorAlert) -> MirrorAlert:
    """The alert without its score: traits side by side in an order that tells nothing.

    The band is `none`, numbers are 0, and lines for and against stand together, sorted by signal. Levels stay
    where values are masked, as of devices: two masks beside each other do not tell same from different.
    """
    lines = sorted(
        (
            replace(line, weight=0.0, level=line.level if line.signal in MASKED else "", because="")
            for line in (*alert.evidence, *alert.counter_evidence)
            if line.signal not in HIDDEN
        ),
        key=_by_signal,
    )
    return replace(
        alert,
        prior=0.0,
        log_odds=0.0,
        probability=0.0,
        band="none",
        evidence=tuple(lines),
        counter_evidence=(),
        others=(),
        drawn=None,
    )


def _by_signal(line: EvidenceLine) -> tuple[str, str, str]:
    return line.signal, line.ours, line.theirs
