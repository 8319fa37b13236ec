"""Learns from verdicts how much more or less each signal should weigh than its shipped weight.

Each signal gets a multiplier, at least 0, held to 1 by a normal prior, and all together get an intercept; the
fitted values are the most probable ones given the labels. With few labels the weights hardly change, and no
signal changes its sign. Then the sums are calibrated (:mod:`samehand.scoring.calibrate`).

No reader counts for more than half of what all others do together, or for some fifty labels, if that is more
(:func:`reader_counts`), and who contradicts what fits the others counts for less. Give only pairs that were
judged blind: people who see the score tend to agree with it. What is learnt is a proposal; nothing adopts it.
"""

from __future__ import annotations

import math
import operator
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import replace as replaced
from hashlib import blake2b
from typing import Final

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from samehand.errors import TooFewLabels
from samehand.scoring.adjust import FACTOR_MAX, multiplier_range, with_factor
from samehand.scoring.calibrate import Bools, Calibration, Floats, Method, calibrated, log_loss, sigmoid
from samehand.scoring.rivals import RATED, RIVALS
from samehand.scoring.weights import Weights

Ints = npt.NDArray[np.int64]
Cost = Callable[[Floats], float]

ALL_CHANCE: Final = (1.0, *[0.0] * len(RATED))
"""The shares of a pair whose only rival explanation is chance."""

# So many dismissals, named as the rates foretell, a rate is assumed from: fifty move it by .5 nats at most.
RATE_COUNTS: Final = 75.0
# With fewer labels of either kind, the next few could reverse what these say.
LABELS_A_KIND_MIN: Final = 15
# So many labels of one reader count whatever others say: a desk of one or two readers learns, and little.
READER_LABELS: Final = 50
# Of all that counts one reader gives a third at most: two others outweigh them.
READER_SHARE: Final = 1 / 3
# Standard deviation of the prior that holds a multiplier to 1.
MULTIPLIER_SPREAD: Final = 0.2
# By so much (nats) at most a label that counts moves the heaviest weight of a signal: fifty by half a nat.
NATS_A_LABEL: Final = 0.01
_INTERCEPT_SPREAD: Final = 2.0
# A reader is assumed to err once in twenty labels, and found out by the labels beyond these.
_ERRORS, _ERRORS_OF = 1.0, 20.0
_TRUST_MIN: Final = 0.01  # keeps sums of labels above 0 where nobody is trusted
_ROUNDS: Final = 8
_FOLDS: Final = 5
_STEPS_MAX: Final = 100
_PLACES: Final = {one.name: place for place, one in enumerate(RATED)}
_METHOD: Final = 2  # raised where the same labels come to another table: no two of them have one name


@dataclass(frozen=True, slots=True)
class Label:
    """One judged pair: the prior and the weight of each signal in its alert (nats), and the verdict.

    ``pair`` names it to whoever asks what was foretold of it; nothing is learnt from a name. ``reader``: who
    judged it, or whatever else is to count as one voice. ``shares``: each rival's part of the odds that the
    pair is innocent, in the order of the registry; ``rival``: the one that the reader named, if any.
    """

    prior: float
    weights: Mapping[str, float]
    mirror: bool
    pair: str = ""
    reader: str = ""
    shares: tuple[float, ...] = ALL_CHANCE
    rival: str = ""


@dataclass(frozen=True, slots=True)
class Learned:
    """A proposal, and how far to trust it.

    ``multipliers`` are those of the signals that occur in labels, and ``rates`` the factors of rivals' rates,
    relative to the table in force. The losses
    (nats a label; lower is better) are those of the table in force and of the proposal; the latter is
    cross-validated, on labels that the fit had not seen. ``foretold``: of each named pair the calibrated
    log-odds by which that loss is told.
    """

    weights: Weights
    labels: int
    mirrors: int
    multipliers: dict[str, float]
    rates: dict[str, float]
    calibration: Method
    loss_before: float
    loss_after: float
    foretold: dict[str, float]

    @property
    def better(self) -> bool:
        """Whether the proposal has the lower loss, on labels that its fit had not seen."""
        return self.loss_after < self.loss_before


def learn(labels: Sequence[Label], weights: Weights, base: Weights | None = None) -> Learned:
    """A proposal from labels and the table in force; the order of the labels does not matter.

    ``base``: the table whose numbers are the assumed ones, if another than that in force.

    Raises:
        TooFewLabels: there are fewer than :data:`LABELS_A_KIND_MIN` mirrors, or fewer others than that.
    """
    labels = sorted(
        labels,
        key=lambda it: (
            it.mirror,
            it.prior,
            sorted(it.weights.items()),
            it.pair,
            it.reader,
            it.rival,
            it.shares,
        ),
    )
    sums = _Sums.of(labels, weights)
    trusted = _reliability(sums, [it.reader for it in labels], weights)
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
        rates = _rates(others, weights, base)
        unseen[held] = sums.at(held).rated(rates).scored(_fit(others.rated(rates), weights))
    before = np.array([_calibrated(weights, label) for label in labels])
    rates = _rates(sums, weights, base)
    fitted, calibration = _fit(sums.rated(rates), weights), calibrated(unseen, sums.mirrors, sums.counts)
    foretold = _foretold(unseen, sums, fold)
    multipliers = dict(zip(sums.names, (float(one) for one in fitted[:-1]), strict=True))
    return Learned(
        weights=_table(weights, multipliers, rates, float(fitted[-1]), calibration, _digest(labels, weights)),
        labels=len(labels),
        mirrors=mirrors,
        multipliers=multipliers,
        rates={one.name: float(rate) for one, rate in zip(RATED, rates, strict=True) if rate != 1.0},
        calibration=calibration.method,
        loss_before=log_loss(before, sums.mirrors, sums.counts),
        loss_after=log_loss(foretold, sums.mirrors, sums.counts),
        foretold={it.pair: float(at) for it, at in zip(labels, foretold, strict=True) if it.pair},
    )


def moved_by_rates(shares: Sequence[float], before: Weights, after: Weights) -> float:
    """What other rates of rivals add to the log-odds of a pair with these shares."""
    factors = [after.rivals[one.name].rate / before.rivals[one.name].rate for one in RATED]
    return -math.log(math.fsum(map(operator.mul, shares, (1.0, *factors))))


def reader_counts(readers: Sequence[str]) -> list[float]:
    """For how many labels each of several counts, by who gave it.

    A reader's labels count one each, up to :data:`READER_LABELS` or the :data:`READER_SHARE` of all that
    counts, whichever is more; of those who gave more each label counts for less.
    """
    given = Counter(readers)
    most = float(max(given.values(), default=0))
    for _ in range(_STEPS_MAX):  # falls to the bound: it is a share of what itself leaves
        most = max(READER_LABELS, READER_SHARE * sum(min(one, most) for one in given.values()))
    return [min(1.0, most / given[one]) for one in readers]


@dataclass(frozen=True, slots=True)
class _Sums:
    """The labels as arrays: the base of each, which no multiplier changes, what each signal adds, and for how
    many labels it counts."""

    names: tuple[str, ...]
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
        names = tuple(sorted({name for label in labels for name in label.weights} & set(weights.signals)))
        parts = np.array([[label.weights.get(name, 0.0) for name in names] for label in labels])
        rest = [_rest(label, names) for label in labels]
        return cls(
            names,
            weights.slope * np.array(rest, float) + weights.intercept,
            weights.slope * parts.reshape(len(labels), len(names)),
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


def _rest(label: Label, names: Iterable[str]) -> float:
    moved = sum(label.weights.get(name, 0.0) for name in names)
    return label.prior + sum(label.weights.values()) - moved


def _rates(sums: _Sums, weights: Weights, base: Weights | None) -> Floats:
    """By which factor each rated rival occurs more often than the table says.

    Of the pairs that readers said a rival explains, each is a choice among the rivals that could; the factors
    are the most probable ones under a Gamma prior of mean 1, by minorising and maximising (Hunter, 2004).
    Who names no rival teaches no rate, and how often all of them occur is left to the intercept.
    """
    told = (sums.rivals >= 0) & ~sums.mirrors & (sums.shares[:, 1:].sum(axis=1) > 0)
    shares, counts = sums.shares[told, 1:], sums.counts[told]
    named = np.bincount(sums.rivals[told], weights=counts, minlength=len(RATED))
    assumed = (base or weights).rivals
    sofar = np.array([weights.rivals[one.name].rate / assumed[one.name].rate for one in RATED])
    highest = [max(one.rate, one.of_lists or 0.0) for one in (assumed[it.name] for it in RATED)]
    most = np.minimum(FACTOR_MAX, 1.0 / np.array(highest))
    rates = np.ones(len(RATED))
    for _ in range(_STEPS_MAX):
        foretold = (counts / (shares @ rates)) @ shares
        rates = (RATE_COUNTS + named) / (RATE_COUNTS + foretold)
        rates = np.clip(rates, 1 / FACTOR_MAX / sofar, most / sofar)
    return np.where(named + foretold > 0, rates, 1.0)


def _fit(sums: _Sums, weights: Weights) -> Floats:
    """The most probable multipliers and, last, the intercept.

    Newton's method, projected: a multiplier that is at an end of its range and would leave it is held there
    for the step.
    """
    design = np.column_stack([sums.parts, np.ones(len(sums.base))])
    anchor = np.array([1.0] * len(sums.names) + [0.0])
    spread = np.array([MULTIPLIER_SPREAD] * len(sums.names) + [_INTERCEPT_SPREAD])
    least, most = np.array([*_ranges(sums, weights), (-np.inf, np.inf)]).T
    signs = np.where(sums.mirrors, 1.0, -1.0)

    def cost(at: Floats) -> float:
        loss = sums.counts @ np.logaddexp(0.0, -signs * (sums.base + design @ at))
        return float(loss + 0.5 * (((at - anchor) / spread) ** 2).sum())

    found = anchor.copy()
    for _ in range(_STEPS_MAX):
        probability = sigmoid(sums.base + design @ found)
        gradient = design.T @ (sums.counts * (probability - sums.mirrors)) + (found - anchor) / spread**2
        certain = sums.counts * probability * (1 - probability)
        curvature = design.T @ (design * certain[:, None]) + np.diag(spread**-2.0)
        free = ((found > least) | (gradient < 0)) & ((found < most) | (gradient > 0))
        step = np.zeros_like(found)
        step[free] = np.linalg.solve(curvature[np.ix_(free, free)], gradient[free])
        reached = _downhill(cost, found, step, (least, most))
        moved = float(np.abs(reached - found).max())
        found = reached
        if moved < 1e-9:
            break
    return found


def _reliability(sums: _Sums, readers: Sequence[str], weights: Weights) -> Floats:
    """For how much of a label each counts, by how often its reader seems to err (Dawid and Skene, 1979).

    Readers' error rates and the multipliers that fit what they meant are found in turn, from the table in
    force on. Whoever errs every second time, or says the contrary of what fits, teaches nothing.
    """
    names, whose = np.unique(np.array(readers), return_inverse=True)
    labels = np.bincount(whose, weights=sums.counts)
    errs = np.full(len(names), _ERRORS / _ERRORS_OF)
    found = np.array([1.0] * len(sums.names) + [0.0])
    twice = replaced(
        sums,
        base=np.concatenate([sums.base] * 2),
        parts=np.vstack([sums.parts] * 2),
        mirrors=np.concatenate([sums.mirrors, ~sums.mirrors]),
    )
    for _ in range(_ROUNDS):
        scored = sums.scored(found)
        said = sigmoid(np.where(sums.mirrors, scored, -scored))
        meant = (1 - errs[whose]) * said
        meant = meant / (meant + errs[whose] * (1 - said))
        slips = np.bincount(whose, weights=sums.counts * (1 - meant))
        errs = np.minimum((_ERRORS + slips) / (_ERRORS_OF + labels), 0.5)
        found = _fit(
            replaced(twice, counts=np.concatenate([sums.counts * meant, sums.counts * (1 - meant)])), weights
        )
    trusted: Floats = np.maximum(1 - 2 * errs, _TRUST_MIN)[whose]
    return trusted


def _ranges(sums: _Sums, weights: Weights) -> list[tuple[float, float]]:
    """Between which the multiplier of each signal may lie, relative to the one in force."""
    heaviest = np.abs(sums.parts).max(axis=0, initial=1e-9)
    move = NATS_A_LABEL * sums.counts.sum() / heaviest
    found = []
    for name, by in zip(sums.names, move, strict=True):
        now = weights.signals[name].multiplier
        least, most = multiplier_range(now)
        whole = (least / now, most / now) if now > 0.0 else (1.0, 1.0)
        found.append((max(whole[0], 1.0 - by), min(whole[1], 1.0 + by)))
    return found


def _downhill(cost: Cost, found: Floats, step: Floats, range_: tuple[Floats, Floats]) -> Floats:
    """The point along a step, halved until the cost falls, or ``found`` if it never does."""
    here, share = cost(found), 1.0
    while share > 1e-6:
        reached: Floats = np.clip(found - share * step, *range_)
        if cost(reached) < here:
            return reached
        share /= 2
    return found


def _calibrated(weights: Weights, label: Label) -> float:
    return weights.calibrated(label.prior + sum(label.weights.values()))


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
    """The table with its signals and rates multiplied, its line and the calibration's made one."""
    signals = {
        name: replace(one, multiplier=one.multiplier * multipliers.get(name, 1.0))
        for name, one in weights.signals.items()
    }
    return replace(
        weights,
        version=f"{weights.version[:40]}+learned.{digest}",
        signals=signals,
        rivals={
            **weights.rivals,
            **{
                one.name: with_factor(weights.rivals[one.name], float(rate))
                for one, rate in zip(RATED, rates, strict=True)
            },
        },
        slope=weights.slope * calibration.slope,
        intercept=(weights.intercept + intercept) * calibration.slope + calibration.intercept,
        knots=calibration.knots,
    )


def _digest(labels: Sequence[Label], weights: Weights) -> str:
    """What names the table: by what it is learnt from. Processors add up in orders of their own, so that the
    last digits of a fit differ from one to the other."""
    learnt_from = [(it.mirror, it.prior, sorted(it.weights.items()), it.reader, it.rival) for it in labels]
    return blake2b(repr((_METHOD, weights.version, learnt_from)).encode(), digest_size=4).hexdigest()
