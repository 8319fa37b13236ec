"""Figures of accuracy where the true mirrors are known: what is found, who is accused, and in which groups.

All are counted over pairs of an account and a banned one, as alerts are. `samehand try --truth` and the bench
share them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import quantiles
from typing import Any, Final

import numpy as np

from report.share import Share

UNCATCHABLE: Final = 8
"""This simulated strategy carries nothing over: it is reported, and no recall is owed on it."""

_DRAWS = 2_000
_SEED = 20_261_124  # the same counts have the same interval


@dataclass(frozen=True, slots=True)
class AccountPair:
    """A new account and a banned one, by their keys; a key may lack its platform.

    ``banned`` is "" where any ban is meant.
    """

    account: str
    banned: str


@dataclass(frozen=True, slots=True)
class ScoredPair:
    """One pair with its score. ``seconds`` from the ban to the account, negative for one prepared before."""

    pair: AccountPair
    log_odds: float
    probability: float
    band: str
    true: bool
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class JudgedRun:
    """A whole run: pairs best first, each once; how many signed up; the truth; what blocking found.

    ``groups`` is each account's language or script; ``strategies`` each true pair's, possibly empty.
    ``fetched`` are the true pairs that the blocking keys brought up as candidates.
    """

    judged: tuple[ScoredPair, ...]
    sign_ups: int
    truth: frozenset[AccountPair]
    fetched: frozenset[AccountPair]
    strategies: Mapping[AccountPair, int]
    groups: Mapping[str, str]


def ratio_interval(groups: Sequence[tuple[int, int]]) -> list[float] | None:
    """The 95 % interval of the worst group's share over the share of all, by parametric bootstrap.

    ``groups`` are (hits, of). Chance alone makes some group the worst, so that of perfectly even groups the
    interval lies above 1. ``None`` where nothing was hit.
    """
    hits = np.array([hits for hits, _ in groups])
    of = np.array([of for _, of in groups])
    if not hits.sum():
        return None
    random = np.random.Generator(np.random.PCG64(_SEED))
    drawn = random.binomial(of, hits / np.maximum(of, 1), size=(_DRAWS, len(groups)))
    mean = np.maximum(drawn.sum(axis=1), 1) / of.sum()
    ratios = (drawn / np.maximum(of, 1)).max(axis=1) / mean
    return [round(float(bound), 4) for bound in np.quantile(ratios, (0.025, 0.975))]


CAPACITIES: Final = (5, 10, 20)
"""Alerts that people can read per 1,000 sign-ups."""
FALSE_ALARMS_A_GROUP: Final = 100
"""Fewer false alarms than this make a ratio of groups mostly chance."""
_BINS: Final = 10
_SURE: Final = 0.8
# Nearly all accounts resemble nobody and are given nearly 0, which any scorer gets right: without this
# bound their number alone would make every calibration look perfect.
_UNSURE_MIN: Final = 0.05


def figures(run: JudgedRun) -> dict[str, Any]:
    catchable = catchable_pairs(run)
    return {
        "sign_ups": run.sign_ups,
        "mirrors": len(run.truth),
        "catchable": len(catchable),
        "average_precision": _rounded(average_precision(run.judged, catchable)),
        "bands": {band: of_band(run, band) for band in ("likely", "possible")},
        "capacities": {str(capacity): at_capacity(run, capacity) for capacity in CAPACITIES},
        "recall_by_strategy": by_strategy(run),
        "blocking_recall": Share(len(run.fetched & catchable), len(catchable)).as_json(),
        "scoring_recall": Share(len(_alerted(run) & catchable), len(run.fetched & catchable)).as_json(),
        "calibration": calibration(run),
        "false_alarms": false_alarms(run),
        "time_to_detect_seconds": time_to_detect(run),
    }


def catchable_pairs(run: JudgedRun) -> frozenset[AccountPair]:
    """The true pairs that something points to; all of them where no strategies are known."""
    return frozenset(pair for pair in run.truth if run.strategies.get(pair) != UNCATCHABLE)


def average_precision(ranked: Sequence[ScoredPair], wanted: Collection[AccountPair]) -> float | None:
    """The mean, over the wanted pairs, of the precision at the rank of each; one never ranked counts 0."""
    if not wanted:
        return None
    true, total = 0, 0.0
    for rank, judged in enumerate(ranked, 1):
        true += judged.true
        total += true / rank if judged.pair in wanted else 0.0
    return total / len(wanted)


def of_band(run: JudgedRun, band: str) -> dict[str, Any]:
    """Precision of the band by itself and from it upwards, and recall of catchable pairs from it upwards."""
    own = [judged for judged in run.judged if judged.band == band]
    upwards = [judged for judged in run.judged if judged.band == band or judged.band == "likely"]
    catchable = catchable_pairs(run)
    return {
        "alerts": len(own),
        "precision": Share(sum(judged.true for judged in own), len(own)).as_json(),
        "precision_upwards": Share(sum(judged.true for judged in upwards), len(upwards)).as_json(),
        "recall_upwards": Share(
            sum(judged.pair in catchable for judged in upwards), len(catchable)
        ).as_json(),
    }


def at_capacity(run: JudgedRun, capacity: int) -> dict[str, Any]:
    """What the best ``capacity`` pairs per 1,000 sign-ups hold."""
    top = run.judged[: round(capacity * run.sign_ups / 1000)]
    catchable = catchable_pairs(run)
    return {
        "alerts": len(top),
        "precision": Share(sum(judged.true for judged in top), len(top)).as_json(),
        "recall": Share(sum(judged.pair in catchable for judged in top), len(catchable)).as_json(),
        "recall_by_strategy": _recall_by_strategy(run, {judged.pair for judged in top}),
    }


def by_strategy(run: JudgedRun) -> dict[str, Any]:
    """Recall of each strategy at `possible` and above."""
    return _recall_by_strategy(run, _alerted(run))


def _recall_by_strategy(run: JudgedRun, found_pairs: Collection[AccountPair]) -> dict[str, Any]:
    numbers = sorted({number for pair, number in run.strategies.items() if pair in run.truth})
    of = {n: [p for p in run.truth if run.strategies.get(p) == n] for n in numbers}
    return {
        str(n): Share(sum(pair in found_pairs for pair in pairs), len(pairs)).as_json()
        for n, pairs in of.items()
    }


def _alerted(run: JudgedRun) -> frozenset[AccountPair]:
    return frozenset(judged.pair for judged in run.judged if judged.band != "none")


def best_of_each(run: JudgedRun) -> list[ScoredPair]:
    """Returns the strongest pair of each account: an event alerts on that one."""
    best: dict[str, ScoredPair] = {}
    for judged in run.judged:
        best.setdefault(judged.pair.account, judged)
    return list(best.values())


def calibration(run: JudgedRun) -> dict[str, Any]:
    """Expected calibration error over events, each by its best pair (Naeini et al. 2015, ten equal bins).

    ``error`` counts every sign-up, those without a candidate at probability 0; ``error_unsure`` only events
    at 0.05 and above, the harder test. ``gap_above_0.8`` is claimed minus true, there.
    """
    events = best_of_each(run)
    unsure = [event for event in events if event.probability >= _UNSURE_MIN]
    sure = [event for event in events if event.probability >= _SURE]
    bins = [
        {"claimed": round(_claimed(some), 4), "true": round(_true(some), 4), "events": len(some)}
        for some in _binned(unsure)
        if some
    ]
    return {
        "error": _rounded(_error(events, run.sign_ups)),
        "error_unsure": _rounded(_error(unsure, len(unsure))),
        "gap_above_0.8": _rounded(_claimed(sure) - _true(sure)) if sure else None,
        "events_above_0.8": len(sure),
        "bins": bins,
    }


def _binned(events: Sequence[ScoredPair]) -> list[list[ScoredPair]]:
    bins: list[list[ScoredPair]] = [[] for _ in range(_BINS)]
    for event in events:
        bins[min(int(event.probability * _BINS), _BINS - 1)].append(event)
    return bins


def _error(events: Sequence[ScoredPair], of: int) -> float | None:
    if not of:
        return None
    return sum(len(some) * abs(_claimed(some) - _true(some)) for some in _binned(events) if some) / of


def _claimed(events: Sequence[ScoredPair]) -> float:
    return sum(event.probability for event in events) / len(events)


def _true(events: Sequence[ScoredPair]) -> float:
    return sum(event.true for event in events) / len(events)


def false_alarms(run: JudgedRun) -> dict[str, Any]:
    """Wrongly alerted accounts per 1,000 of a group, overall and where groups are large enough to compare."""
    sizes = Counter(run.groups.values())
    wrong = [judged for judged in best_of_each(run) if not judged.true]
    alerted = [judged for judged in wrong if judged.band != "none"]
    # The worst false alarms down to where each group has a hundred, or all where some never has.
    had, enough = Counter[str](), wrong
    for place, judged in enumerate(wrong, 1):
        had[run.groups.get(judged.pair.account, "?")] += 1
        if all(had[group] >= FALSE_ALARMS_A_GROUP for group in sizes):
            enough = wrong[:place]
            break
    return {"alerted": _of_groups(run, alerted), "even_handedness": _of_groups(run, enough)}


def _of_groups(run: JudgedRun, wrong: Sequence[ScoredPair]) -> dict[str, Any]:
    return {
        "log_odds_min": _rounded(min((judged.log_odds for judged in wrong), default=None)),
        **false_alarms_by_group((judged.pair.account for judged in wrong), run.groups),
    }


def false_alarms_by_group(accused: Iterable[str], groups: Mapping[str, str]) -> dict[str, Any]:
    """Wrongly alerted accounts per 1,000 of each group, and the worst group's share over that of all.

    ``groups`` has the language or script of every account that signed up; ``accused`` are of these.
    """
    sizes = Counter(groups.values())
    counts = Counter(groups.get(account, "?") for account in accused)
    shares = {group: Share(min(counts[group], size), size) for group, size in sorted(sizes.items())}
    total, accounts = sum(share.hits for share in shares.values()), sum(sizes.values())
    mean = total / accounts if accounts else 0.0
    worst = max((share.value or 0.0 for share in shares.values()), default=0.0)
    return {
        "false_alarms": total,
        "fewest_in_a_group": min((share.hits for share in shares.values()), default=0),
        "max_over_mean": _rounded(worst / mean) if mean else None,
        "max_over_mean_interval": ratio_interval([(share.hits, share.of) for share in shares.values()]),
        "per_1000": {group: share.as_json(1000) for group, share in shares.items()},
    }


def time_to_detect(run: JudgedRun) -> dict[str, Any]:
    """Returns median and 90th percentile of seconds from a ban to its mirror; prepared mirrors count 0."""
    waits = [
        max(0.0, judged.seconds)
        for judged in run.judged
        if judged.true and judged.band != "none" and judged.seconds is not None
    ]
    if len(waits) < 2:
        return {"mirrors": len(waits), "median": None, "p90": None}
    tenths = quantiles(waits, n=10, method="inclusive")
    return {"mirrors": len(waits), "median": round(tenths[4]), "p90": round(tenths[8])}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
