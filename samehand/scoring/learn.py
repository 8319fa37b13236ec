"""Learns from verdicts how much more or less each level of a signal should weigh than its shipped weight.

Each level gets a multiplier, above 0, and all together get an intercept; the fitted values are the most
probable ones given the labels. The intercept says how many times as many mirrors a ban has as assumed, within
bounds; what is left of it calibrates. A normal prior holds the multipliers of a signal to 1 and to each
other: with few labels they hardly change, and a level that few labels show goes with its signal. Where the
labels would have a laxer agreement gain on a closer one, both get one multiplier, so that closer likeness
never weighs less. Then the sums are calibrated (:mod:`samehand.scoring.calibrate`).

No reader counts for more than half of what all others do together, or for some fifty labels, if that is more
(:func:`reader_counts`), and who contradicts what fits the others counts for less. Give only pairs that were
judged blind: people who see the score tend to agree with it. What is learnt is a proposal; nothing adopts it.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import replace as replaced
from hashlib import blake2b
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from samehand.errors import TooFewLabels
from samehand.scoring.calibrate import Bools, Calibration, Floats, Method, calibrated, log_loss, sigmoid
from samehand.scoring.rivals import RIVALS
from samehand.scoring.weights import RivalRate, Weights

Ints = npt.NDArray[np.int64]
Cost = Callable[[Floats], float]

_OTHERS: Final = RIVALS[1:]
_OF_CHANCE: Final = np.array([rival.share > 0.0 for rival in _OTHERS])  # parts of all sign-ups, never learnt
ALL_CHANCE: Final = (1.0, *[0.0] * len(_OTHERS))
"""The shares of a pair whose only rival explanation is chance."""

FACTOR_MAX: Final = 4.0
"""By so much at most a learnt number may differ from the assumed one: more is a slip or an attack."""

MIRRORS_MIN: Final = 1 / 3
"""By that much at least of the assumed number a ban has mirrors: who dismisses all must not hide the next."""

# So many dismissals, named as the rates foretell, a rate is assumed from: fifty move it by .5 nats at most.
RATE_COUNTS: Final = 75.0
# With fewer labels of either kind, the next few could reverse what these say.
LABELS_A_KIND_MIN: Final = 15
# So many labels of one reader count whatever others say: a desk of one or two readers learns, and little.
READER_LABELS: Final = 50
# Of all that counts one reader gives a third at most: two others outweigh them.
READER_SHARE: Final = 1 / 3
# Standard deviations of the prior: of what multipliers of a signal have in common, and of each round that.
SIGNAL_SPREAD: Final = 0.2
LEVEL_SPREAD: Final = 0.1
# By so much at most a label that counts moves a multiplier: fifty by a twentieth.
MOVE_A_LABEL: Final = 0.001
_INTERCEPT_SPREAD: Final = 2.0
# A reader is assumed to err once in twenty labels, and found out by the labels beyond these.
_ERRORS, _ERRORS_OF = 1.0, 20.0
_TRUST_MIN: Final = 0.01  # keeps sums of labels above 0 where nobody is trusted
_ROUNDS: Final = 8
_FOLDS: Final = 5
_STEPS_MAX: Final = 100
_PLACES: Final = {rival.name: place for place, rival in enumerate(_OTHERS)}
_METHOD: Final = 5  # raised where the same labels come to another table: no two of them have one name


@dataclass(frozen=True, slots=True)
class Label:
    """One judged pair: the prior and the weight of each row, as `signal.level`, in its alert (nats), and the
    verdict.

    ``reader``: who judged it, or whatever else is to count as one voice. ``shares``: each rival's part of the
    odds that the pair is innocent, in the order of the registry; ``rival``: the one that the reader named, if
    any.
    """

    prior: float
    weights: Mapping[str, float]
    mirror: bool
    reader: str = ""
    shares: tuple[float, ...] = ALL_CHANCE
    rival: str = ""


@dataclass(frozen=True, slots=True)
class Learned:
    """A proposal, and how far to trust it.

    ``multipliers`` are those of the rows of signals that occur in labels, and ``rates`` the factors of the
    rates of ``mirrors`` and rivals, relative to the table in force. The losses (nats a label; lower is
    better) are those of the table in force and of the proposal; the latter is cross-validated, on labels that
    the fit had not seen.
    """

    weights: Weights
    labels: int
    mirrors: int
    multipliers: dict[str, float]
    rates: dict[str, float]
    calibration: Method
    loss_before: float
    loss_after: float

    @property
    def better(self) -> bool:
        """True if the proposal has the lower loss, on labels that its fit had not seen."""
        return self.loss_after < self.loss_before


def learn(labels: Sequence[Label], weights: Weights) -> Learned:
    """A proposal from labels and the table in force; the order of the labels does not matter.

    Raises:
        TooFewLabels: there are fewer than :data:`LABELS_A_KIND_MIN` mirrors, or fewer others than that.
    """
    labels = sorted(
        labels,
        key=lambda label: (
            label.mirror,
            label.prior,
            sorted(label.weights.items()),
            label.reader,
            label.rival,
            label.shares,
        ),
    )
    sums = _Sums.of(labels, weights)
    trusted = _reliability(sums, [label.reader for label in labels])
    sums = replaced(sums, counts=sums.counts * trusted)
    mirrors = int(sums.mirrors.sum())
    if min(mirrors, len(labels) - mirrors) < LABELS_A_KIND_MIN:
        judged = f"{mirrors} mirrors and {len(labels) - mirrors} other pairs were judged blind"
        raise TooFewLabels(f"{judged}; learning needs at least {LABELS_A_KIND_MIN} of each")
    unseen = np.empty(len(labels))
    fold = np.arange(len(labels)) % _FOLDS
    for number in range(_FOLDS):
        held, rest = fold == number, fold != number
        others = sums.at(rest)
        rates = _rates(others)
        unseen[held] = sums.at(held).rated(rates).scored(_fit(others.rated(rates)))
    before = np.array([weights.calibrated(label.prior + sum(label.weights.values())) for label in labels])
    rates = _rates(sums)
    fitted, calibration = _fit(sums.rated(rates)), calibrated(unseen, sums.mirrors, sums.counts)
    foretold = _foretold(unseen, sums, fold)
    multipliers = dict(zip(sums.rows, map(float, fitted[:-1]), strict=True))
    nats = float(np.clip(fitted[-1] / weights.slope, math.log(MIRRORS_MIN), math.log(FACTOR_MAX)))
    intercept, mirrored = float(fitted[-1]) - weights.slope * nats, math.exp(nats)
    made = replace(weights, mirrors_a_ban=weights.mirrors_a_ban * mirrored)
    return Learned(
        weights=_table(made, multipliers, rates, intercept, calibration, _digest(labels, weights)),
        labels=len(labels),
        mirrors=mirrors,
        multipliers={row: multiplier / weights.multipliers[row] for row, multiplier in multipliers.items()},
        rates={
            "mirrors": mirrored,
            **{rival.name: float(rate) for rival, rate in zip(_OTHERS, rates, strict=True) if rate != 1.0},
        },
        calibration=calibration.method,
        loss_before=log_loss(before, sums.mirrors, sums.counts),
        loss_after=log_loss(foretold, sums.mirrors, sums.counts),
    )


def multiplier_range(assumed: float) -> tuple[float, float]:
    """Returns the least and the most of a learnt multiplier, by the assumed one."""
    return min(1 / FACTOR_MAX, assumed), max(FACTOR_MAX, assumed)


def with_factor(rate: RivalRate, factor: float) -> RivalRate:
    """A rival that occurs so many times as often."""
    return rate if factor == 1.0 else replace(rate, rate=rate.rate * factor)


def reader_counts(readers: Sequence[str]) -> list[float]:
    """For how many labels each of several counts, by who gave it.

    A reader's labels count one each, up to :data:`READER_LABELS` or the :data:`READER_SHARE` of all that
    counts, whichever is more; of those who gave more each label counts for less.
    """
    given = Counter(readers)
    most = float(max(given.values(), default=0))
    for _ in range(_STEPS_MAX):  # falls to the bound: it is a share of what itself leaves
        most = max(READER_LABELS, READER_SHARE * sum(min(count, most) for count in given.values()))
    return [min(1.0, most / given[reader]) for reader in readers]


@dataclass(frozen=True, slots=True)
class _Sums:
    """The labels as arrays: the base of each, which no multiplier changes, what each row adds by a multiplier
    of 1, and for how many labels it counts.

    ``rows`` are those of all signals that occur, and ``now`` their multipliers in force; ``laxer`` says of
    which the one before is the next closer agreement. ``precision``: of the prior, intercept last.
    """

    rows: tuple[str, ...]
    now: Floats
    laxer: Bools
    precision: Floats
    base: Floats
    parts: Floats
    mirrors: Bools
    counts: Floats
    shares: Floats
    rivals: Ints
    slope: float

    @classmethod
    def of(cls, labels: Sequence[Label], weights: Weights) -> _Sums:
        """The arrays of some labels, with the slope and intercept in force applied."""
        shown = {row.partition(".")[0] for label in labels for row in label.weights}
        # Of each signal agreements first, in the order of the table, which is that of likeness.
        places = [
            (name, row.agrees, f"{name}.{level}", row.multiplier)
            for name, signal in sorted(weights.signals.items())
            for level, row in sorted(signal.levels.items(), key=lambda item: not item[1].agrees)
            if name in shown and row.multiplier > 0.0
        ]
        rows = tuple(row for _, _, row, _ in places)
        now = np.array([multiplier for *_, multiplier in places])
        signals = np.array([name for name, *_ in places])
        prior = SIGNAL_SPREAD**2 * (signals[:, None] == signals) + LEVEL_SPREAD**2 * np.eye(len(rows))
        precision = np.diag([*[0.0] * len(rows), _INTERCEPT_SPREAD**-2])
        precision[:-1, :-1] = np.linalg.inv(prior) / np.outer(now, now)
        parts = np.array([[label.weights.get(row, 0.0) for row in rows] for label in labels], float)
        parts = parts.reshape(len(labels), len(rows))
        sums = np.array([label.prior + sum(label.weights.values(), 0.0) for label in labels], float)
        return cls(
            rows,
            now,
            np.array([place[:2] == (before[0], True) for before, place in pairwise([("",), *places])], bool),
            precision,
            weights.slope * (sums - parts.sum(axis=1)) + weights.intercept,
            weights.slope * parts / now,
            np.array([label.mirror for label in labels], bool),
            np.array(reader_counts([label.reader for label in labels]), float),
            np.array([label.shares for label in labels], float).reshape(len(labels), len(RIVALS)),
            np.array([_PLACES.get(label.rival, -1) for label in labels], int),
            weights.slope,
        )

    def at(self, some: Bools) -> _Sums:
        """The arrays of the labels that ``some`` selects."""
        return replaced(
            self,
            base=self.base[some],
            parts=self.parts[some],
            mirrors=self.mirrors[some],
            counts=self.counts[some],
            shares=self.shares[some],
            rivals=self.rivals[some],
        )

    def rated(self, rates: Floats) -> _Sums:
        """The arrays with the rates of rivals multiplied."""
        moved = np.log(self.shares[:, 0] + self.shares[:, 1:] @ rates)
        return replaced(self, base=self.base - self.slope * moved)

    def scored(self, fitted: Floats) -> Floats:
        """The log-odds of the labels by fitted multipliers and, last of ``fitted``, an intercept."""
        scored: Floats = self.base + self.parts @ fitted[:-1] + fitted[-1]
        return scored


def _rates(sums: _Sums) -> Floats:
    """By which factor each rated rival occurs more often than the table says.

    Of the pairs that readers said a rival explains, each is a choice among the rivals that could; the factors
    are the most probable ones under a Gamma prior of mean 1, by minorising and maximising (Hunter, 2004).
    Who names no rival teaches no rate, and how often all of them occur is left to the intercept.
    """
    judged = (sums.rivals >= 0) & ~sums.mirrors & (sums.shares[:, 1:].sum(axis=1) > 0)
    shares, counts = sums.shares[judged, 1:], sums.counts[judged]
    named = np.bincount(sums.rivals[judged], weights=counts, minlength=len(_OTHERS))
    rates = np.ones(len(_OTHERS))
    for _ in range(_STEPS_MAX):
        foretold = (counts / (shares @ rates)) @ shares
        rates = (RATE_COUNTS + named) / (RATE_COUNTS + foretold)
        rates = np.where(_OF_CHANCE, 1.0, np.clip(rates, 1 / FACTOR_MAX, FACTOR_MAX))
    return np.where(named + foretold > 0, rates, 1.0)


def _fit(sums: _Sums) -> Floats:
    """The most probable multipliers in order and, last, the intercept.

    Agreements that come out in the wrong order get one multiplier and are fitted again, until none is laxer
    than one of a lower multiplier (pool adjacent violators).
    """
    first = np.ones(len(sums.rows), bool)
    fitted = np.append(sums.now, 0.0)
    while True:
        fitted = _fit_pooled(sums, sums.mirrors, fitted, np.cumsum(first) - 1)
        violating = sums.laxer & (np.diff(fitted[:-1], prepend=np.inf) > 0.0)
        if not violating.any():
            return fitted
        first &= ~violating


def _fit_pooled(sums: _Sums, meant: Floats | Bools, point: Floats, pools: Ints) -> Floats:
    """The most probable multipliers, one a pool of rows, and, last, the intercept, sought from ``point`` on.

    Newton's method, projected: a multiplier that is at an end of its range and would leave it is held there
    for the step. ``meant``: how likely each label is of a mirror.
    """
    of_pools = np.append(pools, pools.max(initial=-1) + 1)
    spreading = np.eye(of_pools[-1] + 1)[of_pools]
    anchor = np.append(sums.now, 0.0)
    design = np.column_stack([sums.parts, np.ones(len(sums.base))]) @ spreading
    precision = spreading.T @ sums.precision @ spreading
    least, most = np.full(len(precision), -np.inf), np.full(len(precision), np.inf)
    move = MOVE_A_LABEL * sums.counts.sum()
    lowest, highest = np.array([multiplier_range(now) for now in sums.now]).reshape(-1, 2).T
    np.maximum.at(least, pools, np.maximum(lowest, sums.now * (1 - move)))
    np.minimum.at(most, pools, np.minimum(highest, sums.now * (1 + move)))
    pull = spreading.T @ (sums.precision @ anchor)

    def cost(at: Floats) -> float:
        scored = sums.base + design @ at
        loss = sums.counts @ (np.logaddexp(0.0, scored) - meant * scored)
        return float(loss + at @ (0.5 * precision @ at - pull))

    point = np.clip(point @ spreading / spreading.sum(axis=0), least, most)
    for _ in range(_STEPS_MAX):
        probability = sigmoid(sums.base + design @ point)
        gradient = design.T @ (sums.counts * (probability - meant)) + precision @ point - pull
        certain = sums.counts * probability * (1 - probability)
        curvature = design.T @ (design * certain[:, None]) + precision
        free = ((point > least) | (gradient < 0)) & ((point < most) | (gradient > 0))
        step = np.zeros_like(point)
        step[free] = np.linalg.solve(curvature[np.ix_(free, free)], gradient[free])
        reached = _downhill(cost, point, step, (least, most))
        moved = float(np.abs(reached - point).max())
        point = reached
        if moved < 1e-9:
            break
    fitted: Floats = point[of_pools]
    return fitted


def _reliability(sums: _Sums, readers: Sequence[str]) -> Floats:
    """For how much of a label each counts, by how often its reader seems to err (Dawid and Skene, 1979).

    Readers' error rates and the multipliers that fit what they meant are found in turn, from the table in
    force on. A reader who errs every second time, or contradicts what fits, teaches nothing.
    """
    names, whose = np.unique(np.array(readers), return_inverse=True)
    labels = np.bincount(whose, weights=sums.counts)
    errs = np.full(len(names), _ERRORS / _ERRORS_OF)
    fitted = np.append(sums.now, 0.0)
    for _ in range(_ROUNDS):
        scored = sums.scored(fitted)
        said = sigmoid(np.where(sums.mirrors, scored, -scored))
        right = (1 - errs[whose]) * said
        right = right / (right + errs[whose] * (1 - said))
        slips = np.bincount(whose, weights=sums.counts * (1 - right))
        errs = np.minimum((_ERRORS + slips) / (_ERRORS_OF + labels), 0.5)
        # Out of order they foretell as well: what is learnt is fitted anew.
        fitted = _fit_pooled(
            sums, np.where(sums.mirrors, right, 1 - right), fitted, np.arange(len(sums.rows))
        )
    trusted: Floats = np.maximum(1 - 2 * errs, _TRUST_MIN)[whose]
    return trusted


def _downhill(cost: Cost, start: Floats, step: Floats, range_: tuple[Floats, Floats]) -> Floats:
    """The point along a step, halved until the cost falls, or ``start`` if it never does."""
    here, share = cost(start), 1.0
    while share > 1e-6:
        reached: Floats = np.clip(start - share * step, *range_)
        if cost(reached) < here:
            return reached
        share /= 2
    return start


def _foretold(unseen: Floats, sums: _Sums, fold: Ints) -> Floats:
    """The log-odds with the calibration cross-validated as well: each fold is calibrated by the others."""
    foretold = np.empty(len(unseen))
    for number in range(_FOLDS):
        held = fold == number
        others = calibrated(unseen[~held], sums.mirrors[~held], sums.counts[~held])
        foretold[held] = others.log_odds(unseen[held])
    return foretold


def _table(
    weights: Weights,
    multipliers: Mapping[str, float],
    rates: Floats,
    intercept: float,
    calibration: Calibration,
    digest: str,
) -> Weights:
    """The table with its multipliers and rates, its line and the calibration's made one."""
    return replace(
        weights,
        version=f"{weights.version[:40]}+learned.{digest}",
        signals=weights.multiplied(multipliers),
        rivals={
            **weights.rivals,
            **{
                rival.name: with_factor(weights.rivals[rival.name], float(rate))
                for rival, rate in zip(_OTHERS, rates, strict=True)
                if not rival.share
            },
        },
        slope=weights.slope * calibration.slope,
        intercept=(weights.intercept + intercept) * calibration.slope + calibration.intercept,
        knots=calibration.knots,
    )


def _digest(labels: Sequence[Label], weights: Weights) -> str:
    """Names the table by its labels and base: the last digits of a fit differ between processors."""
    learnt_from = [
        (label.mirror, label.prior, sorted(label.weights.items()), label.reader, label.rival)
        for label in labels
    ]
    return blake2b(repr((_METHOD, weights.version, learnt_from)).encode(), digest_size=4).hexdigest()
