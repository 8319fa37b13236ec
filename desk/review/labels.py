"""Labels to learn from, of verdicts and alerts.

1. Of each alert the latest verdict that was given blind counts. `unsure` and what was overruled do
   not.
2. What another table weighed is left out, and what was held back by a rule: its sum says nothing.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final, Protocol, TypeVar

from desk.review.reasons import rival_of
from samehand.scoring.evidence import OTHERS, RIVALS_LINE, SHARED
from samehand.scoring.learn import ALL_CHANCE, Label
from samehand.scoring.rivals import RIVALS
from samehand.scoring.weights import Weights
from schemas.alerts import MirrorAlert
from schemas.revisions import by_time

# Of each some hundred bytes are kept. A thousand blind pairs a day get there in a year.
VERDICTS_MAX: Final = 400_000


class VerdictFields(Protocol):
    """What a verdict of a topic and one of a database have in common; moments are of one kind."""

    @property
    def alert_id(self) -> str: ...

    @property
    def revision(self) -> int:
        """Of the alert, as it was read."""
        ...

    @property
    def verdict(self) -> str: ...

    @property
    def blind(self) -> bool:
        """True if it was given without seeing the score."""
        ...

    @property
    def reason_code(self) -> str: ...

    @property
    def reviewer(self) -> str: ...

    @property
    def decided_at(self) -> Any:
        """When; what is later holds."""
        ...


Verdict = TypeVar("Verdict", bound=VerdictFields)


def judged(verdicts: Iterable[Verdict], left_out: Counter[str]) -> dict[str, Verdict]:
    """Returns the latest blind verdict on each alert, whatever order they come in."""
    latest: dict[str, Verdict] = {}
    seeing: dict[str, Verdict] = {}
    for verdict in verdicts:
        known = latest.get(verdict.alert_id)
        if not verdict.blind:
            left_out["not blind"] += 1
            last = seeing.get(verdict.alert_id, verdict)
            has_room = verdict.alert_id in seeing or len(seeing) < VERDICTS_MAX
            if has_room and last.decided_at <= verdict.decided_at:
                seeing[verdict.alert_id] = verdict
        elif known is None and len(latest) >= VERDICTS_MAX:
            left_out["too many"] += 1
        elif known is None or known.decided_at <= verdict.decided_at:
            latest[verdict.alert_id] = verdict
    for alert_id, last in seeing.items():
        blind = latest.get(alert_id)
        # Somebody who saw the score took it back: it is no label any more.
        if blind is not None and (
            last.decided_at > blind.decided_at and last.verdict not in ("unsure", blind.verdict)
        ):
            del latest[alert_id]
            left_out["overruled"] += 1
    return latest


def labels(
    alerts: Iterable[MirrorAlert],
    judged_: Mapping[str, VerdictFields],
    table: Weights,
    left_out: Counter[str],
) -> dict[str, Label]:
    """Returns a label of each judged alert that the table weighed, as it was when it was judged."""
    open_ = {verdict.alert_id: verdict for verdict in judged_.values() if verdict.verdict != "unsure"}
    left_out["unsure"] += len(judged_) - len(open_)
    labelled: dict[str, Label] = {}
    for alert in alerts:
        verdict = open_.get(alert.alert_id)
        if verdict is None or not _as_judged(alert, verdict):
            continue
        del open_[alert.alert_id]
        reason = unusable(alert, table)
        if reason is None:
            labelled[alert.alert_id] = label(
                alert,
                mirror=verdict.verdict == "mirror",
                reader=verdict.reviewer,
                rival=rival_of(verdict.reason_code) or "",
            )
        else:
            left_out[reason] += 1
    left_out["no such alert"] += len(open_)
    return labelled


def _as_judged(alert: MirrorAlert, verdict: VerdictFields) -> bool:
    """Whether its lines are those that were judged: a withdrawal is the alert as it stood, under a later
    revision, and a database keeps the last revision alone.

    What was published since its lines were made has no revision below that moment. Releases up to 0.2.0
    counted on by one.
    """
    if alert.status != "withdrawn" or alert.revision <= verdict.revision:
        return alert.revision == verdict.revision
    made = by_time(alert.detected_at.timestamp())
    return verdict.revision >= made or alert.revision == verdict.revision + 1


def unusable(alert: MirrorAlert, table: Weights) -> str | None:
    """Why the weights of an alert's lines say nothing about a table, or None."""
    if alert.weights_version != table.version:
        return "other weights"
    held = any(line.signal == "rule" for line in alert.counter_evidence)
    return "held by a rule" if held else None


def label(alert: MirrorAlert, *, mirror: bool, reader: str = "", rival: str = "") -> Label:
    """The pair of an alert, with what each row of the table weighed in it."""
    lines = (*alert.evidence, *alert.counter_evidence)
    rows = {line.signal: f"{line.signal}.{line.level}" for line in lines if line.level != SHARED}
    rows[RIVALS_LINE] = ".".join(OTHERS)  # one row, whatever the reasons
    weighed: dict[str, float] = {}
    for line in lines:
        row = rows.get(line.signal, line.signal)
        weighed[row] = weighed.get(row, 0.0) + line.weight
    taken = -sum(line.weight for line in lines if line.signal == RIVALS_LINE)
    takes = {reason.name: reason.takes for reason in alert.rivals}
    if taken > 0.0 and any(takes.values()):  # else the alert names none, or is of a former release
        beyond = {name: -math.expm1(-taken) * nats / taken for name, nats in takes.items()}
        beyond[RIVALS[0].name] = 1.0 - sum(beyond.values())
        shares = tuple(beyond.get(rival.name, 0.0) for rival in RIVALS)
    else:
        shares = ALL_CHANCE
    return Label(alert.prior, weighed, mirror, reader, shares, rival)
