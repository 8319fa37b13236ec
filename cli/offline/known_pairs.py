"""Alerts beside the pairs that somebody knows: precision, recall, and why the others were missed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
from rich.console import RenderableType
from rich.text import Text

from agents.common.queries.diagnosis import PairDiagnosis
from cli import output
from report.accuracy import AccountPair, false_alarms_by_group
from report.share import Share
from report.text import percent, plural, visible
from report.waterfall import terminal
from schemas.alerts import MirrorAlert
from schemas.wire import encode

MISSED_MAX: Final = 200
"""Missed pairs that a report lists with their reasons: more than a person looks into. All are counted."""

_CLOCKS: Final = ("detected_at", "seconds_since_event", "status", "withdrawn_at", "withdrawn_reason")


def alert_fields(alert: MirrorAlert) -> dict[str, Any]:
    """The record as it would be published, without what depends on when the command ran."""
    fields: dict[str, Any] = msgspec.json.decode(encode(alert))
    return {name: value for name, value in fields.items() if name not in _CLOCKS}


def known_pairs(
    alerts: Iterable[MirrorAlert], diagnoses: Sequence[PairDiagnosis], banned: Collection[str]
) -> dict[str, Any]:
    """Precision and recall of alerts by the pairs that are known, with 95 % intervals, and causes of misses.

    ``banned`` are the accounts that the platform itself banned. Alerts on them that are no known pair are
    right or wrong by nobody's word: precision leaves them out. Recall leaves out pairs whose account was
    banned before samehand could have alerted.
    """
    truth = {diagnosis.pair for diagnosis in diagnoses}
    owed = truth - {diagnosis.pair for diagnosis in diagnoses if diagnosis.cause == "account-banned"}
    bands = alerted_pairs(alerts)
    judged = {pair: band for pair, band in bands.items() if pair in truth or pair.account not in banned}
    missed = [diagnosis for diagnosis in diagnoses if diagnosis.pair not in bands]
    by_band: dict[str, Any] = {}
    for name, among in (("likely", {"likely"}), ("possible", {"likely", "possible"})):
        there = [pair for pair, band in judged.items() if band in among]
        by_band[name] = {
            "alerts": len(there),
            "precision": Share(sum(pair in truth for pair in there), len(there)).as_json(),
            "recall": Share(sum(pair in owed for pair in there), len(owed)).as_json(),
        }
    return {
        "pairs": len(truth),
        "banned_by_you": {"pairs": len(truth - owed), "alerts": len(bands) - len(judged)},
        "bands": by_band,
        "missed": _causes_of(missed),
        "missed_pairs": [diagnosis_fields(diagnosis, banned) for diagnosis in missed[:MISSED_MAX]],
    }


def false_alarms(
    alerts: Iterable[MirrorAlert],
    diagnoses: Sequence[PairDiagnosis],
    banned: Collection[str],
    groups: Mapping[str, Mapping[str, str]],
) -> dict[str, Any]:
    """Wrongly alerted accounts per 1,000 sign-ups of each group, for each way to group accounts.

    Alerts on accounts that the platform banned itself (``banned``) count neither way, as in precision.
    """
    mirrors = {diagnosis.pair.account for diagnosis in diagnoses}
    accused = {alert.key for alert in alerts if alert.key not in mirrors and alert.key not in banned}
    return {name: false_alarms_by_group(accused, accounts) for name, accounts in groups.items()}


def alerted_pairs(alerts: Iterable[MirrorAlert]) -> dict[AccountPair, str]:
    """The band of each pair on which there was an alert."""
    return {AccountPair(alert.key, alert.matched.key): alert.band for alert in alerts if alert.band != "none"}


def _causes_of(missed: Iterable[PairDiagnosis]) -> list[dict[str, Any]]:
    """How many pairs each cause accounts for, the most frequent first."""
    groups = Counter((diagnosis.group, diagnosis.words) for diagnosis in missed)
    return [
        {"cause": cause, "why": words, "pairs": count}
        for (cause, words), count in sorted(groups.items(), key=lambda group: (-group[1], group[0]))
    ]


def diagnosis_fields(diagnosis: PairDiagnosis, banned: Collection[str] = ()) -> dict[str, Any]:
    """A pair's diagnosis, ready for JSON."""
    return {
        "account": diagnosis.pair.account,
        "banned": diagnosis.pair.banned or None,
        "banned_by_you": diagnosis.pair.account in banned,
        "cause": diagnosis.group,
        "why": diagnosis.words,
        "shared_keys": list(diagnosis.shared),
        "comparison": None if diagnosis.alert is None else alert_fields(diagnosis.alert),
        "one_more": [fact._asdict() for fact in diagnosis.facts],
    }


def known_shown(known: Mapping[str, Any]) -> Iterator[RenderableType]:
    """Yields figures of known pairs for people."""
    shares = [
        (f"{name}, upwards", band["alerts"], share_of(band["precision"]), share_of(band["recall"]))
        for name, band in known["bands"].items()
    ]
    pairs = plural(known["pairs"], "known pair")
    yield output.table({pairs: 0, "alerts": 1, "precision": 2, "recall": 3}, shares)
    by_you = known["banned_by_you"]
    if by_you["pairs"] or by_you["alerts"]:
        yield (
            f"Left out, since you banned the account yourselves: {plural(by_you['pairs'], 'known pair')} of "
            f"recall, {plural(by_you['alerts'], 'alert')} of precision."
        )
    for grouping, alarms in known.get("false_alarms", {}).items():
        groups = [
            (group, share["hits"], share["of"], share_of(share))
            for group, share in alarms["per_1000"].items()
        ]
        yield output.table({grouping: 0, "false alarms": 1, "sign-ups": 2, "per 1,000": 3}, groups)
    for group in known["missed"]:
        yield f"{group['pairs']:,} missed, {group['cause']}: {group['why']}"


def share_of(share: Mapping[str, Any]) -> str:
    """`0.823 [0.710, 0.900]`, of nothing `–`."""
    if share["value"] is None:
        return "–"
    low, high = share["interval"]
    return f"{share['value']:.3f} [{low:.3f}, {high:.3f}]"


def diagnosis_shown(diagnosis: PairDiagnosis, banned: Collection[str] = ()) -> Iterator[RenderableType]:
    """Yields one pair for people: the comparison, why no alert, and what one more fact would do."""
    if diagnosis.alert is not None:
        yield terminal.alert(diagnosis.alert, numbers=True)
    else:
        beside = f" and banned {visible(diagnosis.pair.banned, 300)}" if diagnosis.pair.banned else ""
        yield Text(f"{visible(diagnosis.pair.account, 300)}{beside}", "bold")
    yield f"Why: {diagnosis.words}"
    if diagnosis.pair.account in banned and diagnosis.cause != "account-banned":
        yield "You banned the account yourselves, too."
    yield f"Values in common that find one by the other: {', '.join(diagnosis.shared) or 'none'}"
    if diagnosis.facts:
        facts = (
            f"{fact.words}: {percent(fact.probability)}{'' if fact.band == 'none' else f', {fact.band}'}"
            for fact in diagnosis.facts
        )
        yield f"One more fact would make it: {'; '.join(facts)}"
    yield Text()
