"""Learns from verdicts how much more or less each signal should weigh than its shipped weight.

Each signal gets a multiplier, at least 0, held to 1 by a normal prior, and all together get an intercept; the
fitted values are the most probable ones given the labels. With few labels the weights hardly change, and no
signal changes its sign. Then the sums are calibrated (:mod:`samehand.scoring.calibrate`).

No reader counts for more than half of what all others do together, or for some fifty labels, if that is more
(:func:`reader_counts`). Give only pairs that were judged blind: people who see the score tend to agree with it.
The result is a proposal; nothing here adopts it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from samehand.errors import TooFewLabels
from samehand.scoring.calibrate import Bools, Calibration, Floats, Method, calibrated, log_loss, sigmoid
from samehand.scoring.weights import Weights

Ints = npt.NDArray[np.int64]
Cost = Callable[[Floats], float]

# With fewer labels of either kind, the next few could reverse what these say.
LABELS_A_KIND_MIN: Final = 15
# So many labels of one reader count whatever others say: a desk of one or two readers learns, and little.
READER_LABELS: Final = 50
# Of all that counts one reader gives a third at most: two others outweigh them.
READER_SHARE: Final = 1 / 3
# Standard deviation of the prior that holds a multiplier to 1.
MULTIPLIER_SPREAD: Final = 0.3
_INTERCEPT_SPREAD: Final = 2.0
_FOLDS: Final = 5
_STEPS_MAX: Final = 100
_METHOD: Final = 2  # raised where the same labels come to another table: no two of them have one name


@dataclass(frozen=True, slots=True)
class Label:
    """One judged pair: the prior and the weight of each signal in its alert (nats), and the verdict.

    ``pair`` names it to whoever asks what was foretold of it; nothing is learnt from a name. ``reader``: who
    judged it, or whatever else is to count as one voice.
    """

    prior: float
    weights: Mapping[str, float]
    mirror: bool
    pair: str = ""
    reader: str = ""


@dataclass(frozen=True, slots=True)
class Learned:
    """A proposal, and how far to trust it.

    ``multipliers`` are those of the signals that occur in labels, relative to the table in force. The losses
    (nats a label; lower is better) are those of the table in force and of the proposal; the latter is
    cross-validated, on labels that the fit had not seen. ``foretold``: of each named pair the calibrated
    log-odds by which that loss is told.
    """

    weights: Weights
    labels: int
    mirrors: int
    multipliers: dict[str, float]
    calibration: Method
    loss_before: float
    loss_after: float
    foretold: dict[str, float]

    @property
    def better(self) -> bool:
        """Whether the proposal has the lower loss, on labels that its fit had not seen."""
        return self.loss_after < self.loss_before


def learn(labels: Sequence[Label], weights: Weights) -> Learned:
    """A proposal from labels and the table in force; the order of the labels does not matter.

    Raises:
        TooFewLabels: there are fewer than :data:`LABELS_A_KIND_MIN` mirrors, or fewer others than that.
    """
    labels = sorted(
        labels,
        key=lambda it: (it.mirror, it.prior, sorted(it.weights.items()), it.pair, it.reader),
    )
    sums = _Sums.of(labels, weights)
    mirrors = int(sums.mirrors.sum())
    if min(mirrors, len(labels) - mirrors) < LABELS_A_KIND_MIN:
        judged = f"{mirrors} mirrors and {len(labels) - mirrors} other pairs were judged blind"
        raise TooFewLabels(f"{judged}; learning needs at least {LABELS_A_KIND_MIN} of each")
    unseen = np.empty(len(labels))
    fold = np.arange(len(labels)) % _FOLDS
    for number in range(_FOLDS):
        held, rest = fold == number, fold != number
        unseen[held] = sums.at(held).scored(_fit(sums.at(rest)))
    before = np.array([_calibrated(weights, label) for label in labels])
    fitted, calibration = _fit(sums), calibrated(unseen, sums.mirrors, sums.counts)
    foretold = _foretold(unseen, sums, fold)
    multipliers = dict(zip(sums.names, (float(one) for one in fitted[:-1]), strict=True))
    return Learned(
        weights=_table(weights, multipliers, float(fitted[-1]), calibration, _digest(labels, weights)),
        labels=len(labels),
        mirrors=mirrors,
        multipliers=multipliers,
        calibration=calibration.method,
        loss_before=log_loss(before, sums.mirrors, sums.counts),
        loss_after=log_loss(foretold, sums.mirrors, sums.counts),
        foretold={it.pair: float(at) for it, at in zip(labels, foretold, strict=True) if it.pair},
    )


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
        )

    def at(self, some: Bools) -> _Sums:
        """The arrays of the labels that ``some`` selects."""
        return _Sums(self.names, self.base[some], self.parts[some], self.mirrors[some], self.counts[some])

    def scored(self, fitted: Floats) -> Floats:
        """The log-odds of the labels by fitted multipliers and, last of ``fitted``, an intercept."""
        scored: Floats = self.base + self.parts @ fitted[:-1] + fitted[-1]
        return scored


def _rest(label: Label, names: Iterable[str]) -> float:
    moved = sum(label.weights.get(name, 0.0) for name in names)
    return label.prior + sum(label.weights.values()) - moved


def _fit(sums: _Sums) -> Floats:
    """The most probable multipliers and, last, the intercept.

    Newton's method, projected: a multiplier that is 0 and would fall further is held there for the step.
    """
    design = np.column_stack([sums.parts, np.ones(len(sums.base))])
    anchor = np.array([1.0] * len(sums.names) + [0.0])
    spread = np.array([MULTIPLIER_SPREAD] * len(sums.names) + [_INTERCEPT_SPREAD])
    least = np.array([0.0] * len(sums.names) + [-np.inf])
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
        free = (found > least) | (gradient < 0)
        step = np.zeros_like(found)
        step[free] = np.linalg.solve(curvature[np.ix_(free, free)], gradient[free])
        reached = _downhill(cost, found, step, least)
        moved = float(np.abs(reached - found).max())
        found = reached
        if moved < 1e-9:
            break
    return found


def _downhill(cost: Cost, found: Floats, step: Floats, least: Floats) -> Floats:
    """The point along a step, halved until the cost falls, or ``found`` if it never does."""
    here, share = cost(found), 1.0
    while share > 1e-6:
        reached: Floats = np.maximum(found - share * step, least)
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
    intercept: float,
    calibration: Calibration,
    digest: str,
) -> Weights:
    """The table with its signals multiplied, and its own line and the calibration's combined into one."""
    signals = {
        name: replace(one, multiplier=one.multiplier * multipliers.get(name, 1.0))
        for name, one in weights.signals.items()
    }
    return replace(
        weights,
        version=f"{weights.version[:40]}+learned.{digest}",
        signals=signals,
        slope=weights.slope * calibration.slope,
        intercept=(weights.intercept + intercept) * calibration.slope + calibration.intercept,
        knots=calibration.knots,
    )


def _digest(labels: Sequence[Label], weights: Weights) -> str:
    """What names the table: by what it is learnt from. Processors add up in orders of their own, so that the
    last digits of a fit differ from one to the other."""
    learnt_from = [(it.mirror, it.prior, sorted(it.weights.items()), it.reader) for it in labels]
    return blake2b(repr((_METHOD, weights.version, learnt_from)).encode(), digest_size=4).hexdigest()
