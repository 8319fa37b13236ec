"""What was found at size, by strategy and by time since the ban, and what it cost the innocent.

There are far more mirrors among the sign-ups than on any platform, so that each way back can be told in each
span of time. Precision and average precision are therefore weighed: each sign-up of others counts so often
that one sign-up in :data:`MIRROR_EVERY` is a mirror.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from bench.page import markdown
from bench.quality.plan import SPANS
from bench.quality.tables import number_text, share_text
from bench.running.crowd import MIRROR_EVERY
from cli.offline.share import Share

BANDS: Final = ("likely", "possible")
SOON: Final = ("1", "2", "3", "4", "5", "7")
"""Strategies that should be found within the hour."""
STRATEGIES: Final = ("1", "2", "3", "4", "5", "6, card", "6, number", "7", "8")
NOBODY_FINDS: Final = "8"

_RANKS: Final = {"none": 0, "possible": 1, "likely": 2}
_RESAMPLED: Final = 200
_HOUR_SECONDS: Final = 3_600.0


class ScoredBan(NamedTuple):
    """One pair that was read: the ban's key, the score, and seconds since the ban, where both are dated."""

    banned: str
    log_odds: float
    probability: float
    band: str
    since: float | None


@dataclass(frozen=True, slots=True)
class Event:
    """One sign-up: a strategy, a kind of innocents or ``ordinary``; its ban; what was read and found.

    ``banned`` is whose mirror it is, or whom an innocent resembles; ``since`` how many seconds after that
    ban it came.
    """

    kind: str
    banned: str | None
    since: float | None
    read: int
    pairs: tuple[ScoredBan, ...]

    @property
    def is_mirror(self) -> bool:
        """Whether its ban is its own."""
        return self.kind in STRATEGIES

    def true(self, pair: ScoredBan) -> bool:
        """Whether this pair is a mirror and its original."""
        return self.is_mirror and pair.banned == self.banned


def figures(events: Sequence[Event]) -> dict[str, Any]:
    mirrors = [one for one in events if one.is_mirror]
    others = [one for one in events if not one.is_mirror]
    weight = (MIRROR_EVERY - 1) * len(mirrors) / max(len(others), 1)
    return {
        "mirrors": len(mirrors),
        "others": len(others),
        "weight_of_others": round(weight, 3),
        "records_read": round(fmean(one.read for one in events), 2),
        "average_precision": average_precision(events, weight),
        "bands": {band: _band(band, mirrors, others, weight, _ever) for band in BANDS},
        "by_span": {
            span: {band: _band(band, mirrors, others, weight, _within(span)) for band in BANDS}
            for span in SPANS
        },
        "within_the_hour": {
            band: _band(band, mirrors, others, weight, _within_the_hour, SOON) for band in BANDS
        },
        "by_strategy": {
            strategy: {
                span: {band: _recall(band, mirrors, _within(span), (strategy,)) for band in BANDS}
                for span in SPANS
            }
            for strategy in STRATEGIES
        },
        "alarmed": {
            kind: Share(
                sum(bool(_alerts(one, "possible")) for one in others if one.kind == kind),
                sum(one.kind == kind for one in others),
            ).as_json()
            for kind in sorted({one.kind for one in others})
        },
    }


Within = Callable[[float], bool]


def _ever(since: float) -> bool:
    return True


def _within_the_hour(since: float) -> bool:
    return 0.0 < since <= _HOUR_SECONDS


def _within(span: str) -> Within:
    """Whether so long after a ban lies in a span: after the end of the one before, up to its own."""
    ends = [0.0, *(last for _, last in SPANS.values())]
    place = list(SPANS).index(span)
    return lambda since: ends[place] < since <= ends[place + 1]


def _alerts(event: Event, band: str, within: Within = _ever) -> list[ScoredBan]:
    """The pairs that a sign-up is alerted on, at a band or above, so long after the ban of each."""
    return [
        pair
        for pair in event.pairs
        if _RANKS[pair.band] >= _RANKS[band] and (pair.since is None or within(pair.since))
    ]


def _recall(band: str, mirrors: Sequence[Event], within: Within, kinds: Sequence[str]) -> dict[str, object]:
    some = [one for one in mirrors if one.kind in kinds and one.since is not None and within(one.since)]
    found = sum(any(one.true(pair) for pair in _alerts(one, band)) for one in some)
    return Share(found, len(some)).as_json()


def _band(
    band: str,
    mirrors: Sequence[Event],
    others: Sequence[Event],
    weight: float,
    within: Within,
    kinds: Sequence[str] = STRATEGIES[:-1],
) -> dict[str, Any]:
    """Recall of mirrors of those kinds, and precision of all alerts, both from a band upwards.

    The interval of precision is that of how often others alarm; what mirrors bring is taken as it was.
    """
    said = [(one, pair) for one in mirrors for pair in _alerts(one, band, within)]
    true = sum(one.true(pair) for one, pair in said)
    false = sum(len(_alerts(one, band, within)) for one in others)
    share = Share(min(false, len(others)), len(others))

    def precision(alarms: float) -> float | None:
        alerts = len(said) + weight * alarms
        return round(true / alerts, 4) if alerts else None

    low, high = share.interval or (0.0, 1.0)
    return {
        "recall": _recall(band, mirrors, within, kinds),
        "precision": precision(false),
        "precision_interval": [precision(high * len(others)), precision(low * len(others))],
        "true": true,
        "false_of_mirrors": len(said) - true,
        "false_of_others": false,
    }


def average_precision(events: Sequence[Event], weight: float) -> dict[str, Any]:
    """Over all pairs that were read, weighed; a mirror of strategies 1 to 7 that was not read counts 0.

    The interval (95 %) is of a bootstrap that draws mirrors among mirrors and others among others.
    """
    pairs = sorted(
        ((pair.log_odds, place, one.true(pair)) for place, one in enumerate(events) for pair in one.pairs),
        key=lambda it: (-it[0], it[1]),
    )
    places = np.array([place for _, place, _ in pairs], np.int64)
    true = np.array([true for _, _, true in pairs], np.bool_)
    mirror = np.array([one.is_mirror for one in events], np.bool_)
    wanted = np.array([one.is_mirror and one.kind != NOBODY_FINDS for one in events], np.bool_)
    weights = np.where(mirror, 1.0, weight)
    rng = np.random.default_rng(7)
    drawn = []
    for _ in range(_RESAMPLED):
        times = np.zeros(len(events))
        for group in (np.flatnonzero(mirror), np.flatnonzero(~mirror)):
            if len(group):
                np.add.at(times, rng.choice(group, len(group)), 1.0)
        drawn.append(_average_precision(places, true, weights, wanted, times))
    low, high = np.quantile(drawn, (0.025, 0.975))
    value = _average_precision(places, true, weights, wanted, np.ones(len(events)))
    return {"value": round(value, 4), "interval": [round(float(low), 4), round(float(high), 4)]}


Numbers = NDArray[np.float64]


def _average_precision(
    places: NDArray[np.int64],
    true: NDArray[np.bool_],
    weights: Numbers,
    wanted: NDArray[np.bool_],
    times: Numbers,
) -> float:
    """With each sign-up taken so many times."""
    mass = (weights * times)[places]
    hits = np.where(true, mass, 0.0)
    total = float((times * wanted).sum())
    if not total:
        return 0.0
    above = np.cumsum(mass)
    precision = np.divide(np.cumsum(hits), above, out=np.zeros(len(above)), where=above > 0.0)
    return float((hits * precision).sum() / total)


def table(told: Mapping[str, Any]) -> str:
    """Markdown: what is found and how precisely, then both by time since the ban."""
    average = told["average_precision"]
    low, high = average["interval"]
    rows = [
        (
            f"average precision ({told['mirrors']:,} mirrors, {told['others']:,} others, "
            f"one sign-up in {MIRROR_EVERY} a mirror)",
            f"{average['value']:.3f} [{low:.3f}, {high:.3f}]",
            "",
        ),
    ]
    for band in BANDS:
        goal = "both ≥ .9" if band == "possible" else ""
        rows.append((f"within the hour, 1–5 and 7, `{band}`", _both(told["within_the_hour"][band]), goal))
    rows += [(f"1–7, `{band}`", _both(told["bands"][band]), "") for band in BANDS]
    alarmed = ", ".join(
        f"`{kind}` {share['hits']} of {share['of']}" for kind, share in told["alarmed"].items()
    )
    rows.append(("innocent alarmed", alarmed, ""))
    head = f"at {told['bans']:,} whole bans of two years"
    first = markdown((head, "measured", "goal"), rows)
    possible = [told["by_span"][span]["possible"] for span in SPANS]
    cells = [
        ("recall of 1–7", *(number_text(each["recall"]["value"]) for each in possible)),
        ("precision", *(number_text(each["precision"]) for each in possible)),
    ]
    heads = ("`possible` by time since the ban", *SPANS)
    second = markdown(heads, cells)
    return f"{first}\n\n{second}"


def _both(each: Mapping[str, Any]) -> str:
    return f"recall {share_text(each['recall'])}; precision {_precision(each)}"


def _precision(each: Mapping[str, Any]) -> str:
    if each["precision"] is None:
        return "–"
    low, high = each["precision_interval"]
    counts = f"{each['true']} true, {each['false_of_mirrors']} and {each['false_of_others']} false"
    return f"{each['precision']:.3f} [{low:.3f}, {high:.3f}] ({counts})"
