"""The figures of a dry run: what depends on the events, and nothing that depends on when it was run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from math import inf
from typing import Any, Final

from agents.runtime.dry_run import Outcomes, SourceEvent
from cli.evaluate.trial.against import Against
from cli.evaluate.trial.sources import Gathered
from cli.offline.known_pairs import alert_fields
from samehand.frequency.rates import NothingCounted
from samehand.normalize.text.scripts import dominant_script
from samehand.scoring.weights import Weights
from schemas.accounts import AccountEvent
from schemas.alerts import NOTICE, EvidenceLine, MirrorAlert
from schemas.malformed import Malformed
from schemas.mapping.fields import TARGETS, Kind
from schemas.wire import Decoded, decode_verdict
from streams.outcomes import Dead

EXPLAINED_MAX: Final = 20
"""Alerts that are shown with every reason: as many as a person reads to get an idea."""

THRESHOLDS: Final = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
"""Probabilities from which one might alert; those below the lowest band of the settings are not known."""

FAULTS_SHOWN_MAX: Final = 20
DIFFERENCES_MAX: Final = 100
"""Pairs on which one table alerts and the other does not, of each kind, with reasons; all are counted."""

_SIGN_UPS: Final[tuple[Kind, ...]] = ("created", "updated")
_DAY_SECONDS: Final = 86_400.0
_SHORTEST_DAYS: Final = 1 / 24
"""A rate a day of less than an hour's events would be a guess."""


def figures(
    gathered: Gathered,
    events: Sequence[SourceEvent],
    ran: Outcomes,
    weights: Weights,
    *,
    capacity: int,
    other: tuple[Outcomes, Against] | None = None,
) -> dict[str, Any]:
    """The report, ready for JSON: equal events and tables of weights give equal figures."""
    best, tally = ran.raised, gathered.tally
    sign_ups = ran.counts["created"]
    days = _days([event.at for event in events if event.kind == "created" and event.dated])
    moments = [event.at for event in events if event.dated and event.kind in _SIGN_UPS]
    by_you = [alert for alert in best if _banned_by_you(alert, ran)]
    return {
        "notice": NOTICE,
        "sources": gathered.sources,
        "events": _events(gathered, events, ran),
        "span": {
            "first": _date(min(moments)) if moments else None,
            "last": _date(max(moments)) if moments else None,
            "days": None if days is None else round(days, 4),
        },
        "bands": _bands(weights),
        "weights_version": weights.version,
        "alerts": {
            "raised": len(best),
            **_counted([alert for alert in best if not _banned_by_you(alert, ran)]),
            "banned_by_you": _counted(by_you),
            "taken_back": dict(sorted(Counter(ran.taken_back.values()).items())),
            "withheld": sum(
                summary.withheld for summary in ran.summaries.values() if summary.status == "open"
            ),
        },
        "capacity": _capacity(ran, sign_ups, days, capacity, weights),
        "fields": _fields(gathered),
        "signals": tally.signals,
        "best": [_alert(alert, ran) for alert in best[:EXPLAINED_MAX]],
        **({} if other is None else {"compared": _compared(events, ran, weights, *other)}),
    }


def _bands(weights: Weights) -> dict[str, Any]:
    policies = {
        name: {"likely": bands.likely, "possible": bands.possible}
        for name, bands in weights.policy_bands.items()
    }
    return {"likely": weights.bands.likely, "possible": weights.bands.possible, "policies": policies}


def _events(gathered: Gathered, events: Sequence[SourceEvent], ran: Outcomes) -> dict[str, Any]:
    tally = gathered.tally
    faults: list[tuple[str, Malformed | Dead]] = [*gathered.faults, *ran.faults]
    return {
        "read": tally.records,
        "kinds": {kind: ran.counts[kind] for kind in TARGETS},
        "verdicts": ran.counts["verdict"],
        "without_a_date": sum(not event.dated for event in events),
        "nothing": dict(sorted(tally.passed.items())),
        "bad": gathered.bad + ran.bad,
        "faults": [
            {"address": address, "reason": fault.reason, "path": fault.path, "detail": fault.detail}
            for address, fault in faults[:FAULTS_SHOWN_MAX]
        ],
        "fields_unusable": tally.unusable.rows,
    }


def _days(moments: Sequence[float]) -> float | None:
    """The days that sign-ups span; None where none is dated or all are of one moment."""
    if not moments or max(moments) == min(moments):
        return None
    return max((max(moments) - min(moments)) / _DAY_SECONDS, _SHORTEST_DAYS)


def _date(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _banned_by_you(alert: MirrorAlert, ran: Outcomes) -> bool:
    return ran.taken_back.get(alert.alert_id) == "account-banned"


def _counted(alerts: Sequence[MirrorAlert]) -> dict[str, Any]:
    bands = Counter(alert.band for alert in alerts)
    ways = Counter(alert.direction for alert in alerts)
    return {
        "likely": bands["likely"],
        "possible": bands["possible"],
        "accounts": len({alert.key for alert in alerts}),
        "bans": len({alert.matched.key for alert in alerts}),
        "directions": {way: ways[way] for way in ("forward", "lookback", "update")},
        "queues": dict(sorted(Counter(alert.queue or "" for alert in alerts).items())),
    }


def _capacity(
    ran: Outcomes, sign_ups: int, days: float | None, capacity: int, weights: Weights
) -> dict[str, Any]:
    """How many alerts each threshold gives, and from which on they are as few as people can read.

    Alerts on accounts that the platform banned later are work as well, since they came before that ban.
    """
    best = ran.raised
    by_you = [alert.probability for alert in best if _banned_by_you(alert, ran)]
    probabilities = sorted((alert.probability for alert in best), reverse=True)
    lowest = weights.alerting_min
    at_each = []
    for threshold in sorted({*(step for step in THRESHOLDS if step >= lowest), lowest}):
        count = sum(probability >= threshold for probability in probabilities)
        at_each.append(
            {
                "threshold": round(threshold, 6),
                "alerts": count,
                "banned_by_you": sum(probability >= threshold for probability in by_you),
                "per_1000_sign_ups": round(1_000 * count / sign_ups, 3) if sign_ups else None,
                "a_day": None if days is None else round(count / days, 2),
                "fits": None if days is None else count / days <= capacity,
            }
        )
    return {
        "a_day": capacity,
        "sign_ups": sign_ups,
        "thresholds": at_each,
        "fitting": _fitting(probabilities, days, capacity),
    }


def _fitting(probabilities: Sequence[float], days: float | None, capacity: int) -> dict[str, Any] | None:
    """The best alerts that people can read, and the probability of the last of them."""
    if days is None:
        return None
    readable = min(len(probabilities), int(capacity * days))
    # Of equals none is left out: a threshold cannot tell them apart.
    while 0 < readable < len(probabilities) and probabilities[readable] == probabilities[readable - 1]:
        readable -= 1
    return {
        "alerts": readable,
        "of": len(probabilities),
        "threshold": round(probabilities[readable - 1], 6) if readable else None,
    }


def _fields(gathered: Gathered) -> dict[str, Any]:
    tally = gathered.tally
    return {
        kind: {
            "records": tally.kinds[kind],
            "filled": {name: tally.filled[kind][name] for name in TARGETS[kind].fields},
            "empty": tally.empty(kind),
        }
        for kind in TARGETS
        if kind in tally.filled
    }


def _alert(alert: MirrorAlert, ran: Outcomes) -> dict[str, Any]:
    return {**alert_fields(alert), "taken_back": ran.taken_back.get(alert.alert_id)}


def _compared(
    events: Sequence[SourceEvent], ran: Outcomes, weights: Weights, other: Outcomes, given: Against
) -> dict[str, Any]:
    """Who is alerted under A and not under B, and the reverse, with the reasons, and which rows differ."""
    others = given.weights
    verdicts: dict[str, str] = {}  # the last on each alert, by its id
    for event in events:
        if event.kind == "verdict":
            read = decode_verdict(event.arrival.value, now=inf)
            assert isinstance(read, Decoded)  # as it was when it was read
            verdicts[read.record.alert_id] = read.record.verdict
    ours, theirs = ({alert.alert_id: alert for alert in replay.raised} for replay in (ran, other))
    only_theirs = [alert for alert in other.raised if alert.alert_id not in ours]
    only_ours = [alert for alert in ran.raised if alert.alert_id not in theirs]
    both = [(ours[alert_id], theirs[alert_id]) for alert_id in ours if alert_id in theirs]
    return {
        "weights_version": others.version,
        "settings": given.given,
        "bands": _bands(others),
        "both": len(both),
        "other_band": sum(ours_alert.band != theirs_alert.band for ours_alert, theirs_alert in both),
        "only_b": len(only_theirs),
        "only_a": len(only_ours),
        "judged_b": _judged(only_theirs, verdicts, other),
        "judged_a": _judged(only_ours, verdicts, ran),
        "mirrors_a_ban": None
        if weights.mirrors_a_ban == others.mirrors_a_ban
        else [weights.mirrors_a_ban, others.mirrors_a_ban],
        "best_only_b": [
            _difference(alert, other, weights, others) for alert in only_theirs[:DIFFERENCES_MAX]
        ],
        "best_only_a": [_difference(alert, ran, weights, others) for alert in only_ours[:DIFFERENCES_MAX]],
    }


def _judged(alerts: Sequence[MirrorAlert], verdicts: dict[str, str], ran: Outcomes) -> dict[str, int]:
    """How many of the alerts people judged in which way, or the platform answered by a ban of its own."""
    counts: Counter[str] = Counter()
    for alert in alerts:
        if verdict := verdicts.get(alert.alert_id) or (_banned_by_you(alert, ran) and "banned by you"):
            counts[verdict] += 1
    return dict(sorted(counts.items()))


def account_groups(events: Sequence[SourceEvent]) -> dict[str, dict[str, str]]:
    """Script of the names and language of the locale of each account that signed up, by account key."""
    groups: dict[str, dict[str, str]] = {"script": {}, "language": {}}
    for record in _accounts(event for event in events if event.kind in _SIGN_UPS):
        names = f"{record.account.display_name or ''} {record.account.handle or ''}"
        groups["script"][record.key] = str(dominant_script(names))
        groups["language"][record.key] = _language(record)
    return groups


def _accounts(events: Iterable[SourceEvent]) -> Iterator[AccountEvent]:
    for event in events:
        if event.kind != "verdict" and event.arrival.value is not None:
            decoded = TARGETS[event.kind].decode(event.arrival.value, now=inf)
            if isinstance(decoded, Decoded) and isinstance(decoded.record, AccountEvent):
                yield decoded.record


def _language(record: AccountEvent) -> str:
    """The language of the account's locale, `none` where it states none."""
    return (record.account.locale or "none").replace("_", "-").partition("-")[0].lower()


def _difference(alert: MirrorAlert, ran: Outcomes, weights: Weights, others: Weights) -> dict[str, Any]:
    rows = []
    for line in (*alert.evidence, *alert.counter_evidence):
        # What both tables say of a reason's level by themselves, where they do not say the same.
        a, b = (_nats(line, table) for table in (weights, others))
        if a != b:
            rows.append({"signal": line.signal, "level": line.level, "a": a, "b": b})
    return {"alert": _alert(alert, ran), "rows": rows}


def _nats(line: EvidenceLine, table: Weights) -> float | None:
    """Against a stranger while nothing is counted; where the rate is a value's own, one in a million."""
    signal = table.signals.get(line.signal)
    if signal is None or line.level not in signal.levels:
        return None
    rate = table.rates(NothingCounted().sign_ups.otherwise.usual)[line.signal].get(line.level, 1e-6)
    return round(signal.nats(line.level, rate), 4)
