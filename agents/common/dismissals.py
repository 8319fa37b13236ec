"""What dismissals have shown of an account, and which values of a pair are new beside that.

A dismissal covers what its reader was shown: each of these values of the account, in whatever pair it agrees
again. What was shown counts for as long as the decision on its alert is `not_mirror`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import Final, NamedTuple

from agents.common.alerts.compose import Pair, evidence_lines
from agents.common.alerts.propose import known_alerts, record_in
from agents.common.context import AgentContext
from agents.common.snapshot import Snapshot
from samehand.scoring.ceilings import CIRCUMSTANTIAL
from samehand.scoring.score import against_chance
from samehand.signals import LISTED
from samehand.signals.listed import unmarked
from samehand.signals.platform import PLATFORM
from samehand.signals.timing import TIMING
from schemas.alerts import EvidenceLine, MirrorAlert
from store.base import Decision, OpenAlert, Shown, ShownLine

NEWS_NATS: Final = 2.0
"""What an agreeing value must be worth to raise a dismissed pair anew: one stranger in seven has a commoner
one."""

LINES_MAX: Final = 64
"""Lines kept of the dismissals of one alert, the latest: three times as many as an alert has."""

_LISTED: Final = frozenset(signal.name for signal in LISTED)
_NO_VALUES: Final = CIRCUMSTANTIAL | {TIMING.name, PLATFORM.name}
_DIGEST_BYTES: Final = 8

_Lines = Mapping[str, Sequence[ShownLine]]  # by alert id


class Dismissals(NamedTuple):
    """When pairs were dismissed (``at``, Unix seconds), by alert id; by account, what that showed."""

    at: Mapping[str, float]
    lines: Mapping[str, Sequence[ShownLine]]


async def note_shown(decisions: Iterable[Decision], context: AgentContext) -> None:
    """Notes what the readers of alerts were shown whose decision is `not_mirror`; call it before it holds.

    Otherwise an event between the two would find the decision, and nothing that it covers.
    """
    moments = {of.alert_id: of.decided_at for of in decisions if of.verdict == "not_mirror"}
    known = await known_alerts(list(moments), context)
    await note_covered([(alert, moments[of]) for of, alert in known.items() if alert is not None], context)


async def note_covered(alerts: Sequence[tuple[OpenAlert, float]], context: AgentContext) -> None:
    """Notes what alerts showed at the moment of a dismissal: of one raised anew since, what is not new."""
    if not alerts:
        return
    former = await context.call_store(context.store.shown([alert.account for alert, _ in alerts]))
    shown = list[Shown]()
    for (alert, at), known in zip(alerts, former, strict=True):
        if (record := record_in(alert)) is not None:
            anew = at <= alert.dismissed_at
            lines = _lines_of(record, anew=anew)
            kept = dict.fromkeys((*lines, *known.get(alert.alert_id, ())))
            reasons = tuple(_reasons_of(record, anew=anew))
            shown.append(Shown(alert.account, alert.alert_id, tuple(kept)[:LINES_MAX], alert.banned, reasons))
    await context.call_store(context.store.show(shown))


async def dismissals(accounts: Sequence[str], shown: Sequence[_Lines], context: AgentContext) -> Dismissals:
    """Reads what dismissals cover of accounts, of which alerts have ``shown`` something."""
    asked = sorted({of for several in shown for of in several})
    decided = await context.call_store(context.store.decided(asked)) if asked else []
    at = {
        of: decision.decided_at
        for of, decision in zip(asked, decided, strict=True)
        if decision is not None and decision.verdict == "not_mirror"
    }
    if at:  # once more: what a decision covers is noted before it
        shown = await context.call_store(context.store.shown(accounts))
    return Dismissals(
        at,
        {
            account: [line for of, lines in several.items() if of in at for line in lines]
            for account, several in zip(accounts, shown, strict=True)
        },
    )


def weighed(
    pair: Pair, known: Dismissals, context: AgentContext, snapshot: Snapshot, *, is_open: bool
) -> Pair:
    """Returns the pair with what is new since dismissals, and whether they cover it.

    Only a dismissal of its own covers an open alert, which waits for a verdict already.
    """
    at, lines = known.at.get(pair.alert_id), known.lines.get(pair.ours.account, ())
    if at is None and not lines:
        return pair
    agreeing = _values(pair, context, snapshot)
    new = frozenset(line.signal for line in agreeing if not _covers(lines, line, pair.ours.account))
    covered = not new and (at is not None or (not is_open and bool(agreeing)))
    return replace(pair, new=new, dismissed_at=pair.dismissed_at if at is None else at, covered=covered)


def _values(pair: Pair, context: AgentContext, snapshot: Snapshot) -> list[EvidenceLine]:
    """The lines of agreeing values that are worth being shown: no circumstance, moment or count."""
    worth = {
        line.signal: line.nats
        for line in against_chance(pair.mine, pair.theirs, snapshot.weighing.weights)
        if line.signal not in CIRCUMSTANTIAL
    }
    sides = (pair.mine, pair.theirs, pair.ours.quoted, pair.facts.quoted)
    return [
        line
        for line in evidence_lines(pair.score.evidence, *sides)
        if worth.get(line.signal, 0.0) >= NEWS_NATS and (line.weight >= NEWS_NATS or line.explained)
    ]


def _lines_of(record: MirrorAlert, *, anew: bool) -> Iterable[ShownLine]:
    """``anew``: without what is new since the dismissal."""
    for lines, agrees in ((record.evidence, True), (record.counter_evidence, False)):
        for line in lines:
            if line.signal not in CIRCUMSTANTIAL and not (anew and line.new):
                value = _digest(record.key, line.signal, line.ours) if line.ours else b""
                yield ShownLine(line.signal, line.level, value, line.weight if agrees else -math.inf)


def _reasons_of(record: MirrorAlert, *, anew: bool) -> Iterable[str]:
    """The innocent reasons each of which covers all that speaks for an alert; ``anew`` as of its lines.

    Decoys that show more than a household shares make no household of a mirror that they shall hide.
    """
    speaking = {
        line.signal
        for line in record.evidence
        if line.signal not in _NO_VALUES and line.weight >= NEWS_NATS and not (anew and line.new)
    }
    return (reason.name for reason in record.rivals if speaking and speaking.issubset(reason.covers))


def _covers(lines: Iterable[ShownLine], line: EvidenceLine, account: str) -> bool:
    """Returns whether that very value was shown to agree as closely; of an alert without quotes, any value
    was.
    """
    values = {b"", _digest(account, line.signal, line.ours)}
    if line.signal in _LISTED:  # a value without a mark was the account's only one then
        values.add(_digest(account, line.signal, unmarked(line.ours)))
    return any(
        former.signal == line.signal
        and former.value in values
        and (former.level == line.level or line.weight < former.weight + NEWS_NATS)
        for former in lines
    )


def _digest(account: str, signal: str, shown: str) -> bytes:
    """Names a value of an account, and tells nothing about it among accounts."""
    words = "\0".join((account, signal, shown))
    return blake2b(words.encode(), digest_size=_DIGEST_BYTES).digest()
