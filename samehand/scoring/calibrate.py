"""Calibrates log-odds to the share of mirrors among judged pairs: few pairs give a line, more a curve."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Method = Literal["platt", "isotonic"]

# With fewer labels a curve would follow their noise; they suffice for a line of two numbers only.
ISOTONIC_MIN: Final = 300
# The fewest labels behind a point of the curve: the standard error of their share is .11 at most.
LABELS_A_POINT: Final = 20

_STEPS_MAX: Final = 60
_SLOPE_MIN: Final = 0.05  # keeps the order of scores even where the labels do not follow it
# Standard deviations of the prior that holds the line to slope 1 and intercept 0, worth about a dozen labels.
_SLOPE_SPREAD: Final = 0.5
_INTERCEPT_SPREAD: Final = 2.0


class Calibration(NamedTuple):
    """``slope * log-odds + intercept``, then interpolated along ``knots`` if there are any; all in nats."""

    method: Method
    slope: float
    intercept: float
    knots: tuple[tuple[float, float], ...] = ()

    def log_odds(self, scored: Floats) -> Floats:
        """The calibrated log-odds for the log-odds that a score gave."""
        line = self.slope * scored + self.intercept
        if not self.knots:
            return line
        from_, to = (np.array(side) for side in zip(*self.knots, strict=True))
        # Beyond its ends the curve rises one for one.
        beyond = np.minimum(line - from_[0], 0.0) + np.maximum(line - from_[-1], 0.0)
        curved: Floats = np.interp(line, from_, to) + beyond
        return curved


def calibrated(scored: Floats, mirrors: Bools, counts: Floats | None = None) -> Calibration:
    """The calibration that fits log-odds (``scored``) to their labels (``mirrors``), at least one.

    ``counts``: for how many labels each counts; one where it is not given.
    """
    counts = np.ones(len(scored)) if counts is None else counts
    slope, intercept = _line(scored, mirrors, counts)
    if counts.sum() < ISOTONIC_MIN:
        return Calibration("platt", slope, intercept)
    return Calibration("isotonic", 1.0, 0.0, _curve(scored, mirrors, counts))


def log_loss(calibrated_log_odds: Floats, mirrors: Bools, counts: Floats | None = None) -> float:
    """The mean logarithmic loss (nats a label) of calibrated log-odds as a forecast of the labels."""
    signed = np.where(mirrors, calibrated_log_odds, -calibrated_log_odds)
    return float(np.average(np.logaddexp(0.0, -signed), weights=counts))


def sigmoid(log_odds: Floats) -> Floats:
    probabilities: Floats = 1.0 / (1.0 + np.exp(-np.clip(log_odds, -700.0, 700.0)))
    return probabilities


def _line(scored: Floats, mirrors: Bools, counts: Floats) -> tuple[float, float]:
    """Platt's slope and intercept, held to 1 and 0, so that they stay finite if scores part the labels."""
    design = np.stack([scored, np.ones_like(scored)], axis=1)
    anchor = np.array([1.0, 0.0])
    precision = np.array([_SLOPE_SPREAD**-2, _INTERCEPT_SPREAD**-2])
    fitted = anchor.copy()
    for _ in range(_STEPS_MAX):
        probability = sigmoid(design @ fitted)
        gradient = design.T @ (counts * (probability - mirrors)) + precision * (fitted - anchor)
        spread = counts * probability * (1.0 - probability)
        step = np.linalg.solve(design.T @ (design * spread[:, None]) + np.diag(precision), gradient)
        fitted = fitted - step / max(1.0, float(np.abs(step).max()))
        if np.abs(step).max() < 1e-10:
            break
    return max(float(fitted[0]), _SLOPE_MIN), float(fitted[1])


def _curve(scored: Floats, mirrors: Bools, counts: Floats) -> tuple[tuple[float, float], ...]:
    """The points of a rising curve: labels in order of score, pooled until their shares of mirrors rise.

    The method is pool adjacent violators; both coordinates are log-odds.
    """
    order = np.argsort(scored, kind="stable")
    points = max(2, int(counts.sum()) // LABELS_A_POINT)
    middles = np.cumsum(counts[order]) - counts[order] / 2
    place = (middles * points / counts.sum()).astype(int)
    pools: list[tuple[float, float, float]] = []  # sum of scores, mirrors, labels
    for at in range(points):
        some = order[place == at]
        if not len(some):
            continue
        each = counts[some]
        pools.append((float(each @ scored[some]), float(each @ mirrors[some]), float(each.sum())))
        while len(pools) > 1:
            before, last = pools[-2:]
            if _logit(before) < _logit(last) and before[0] / before[2] < last[0] / last[2]:
                break
            pools[-2:] = [(before[0] + last[0], before[1] + last[1], before[2] + last[2])]
    return tuple((pool[0] / pool[2], _logit(pool)) for pool in pools)


def _logit(pool: tuple[float, float, float]) -> float:
    """The log-odds of mirrors in a pool, with half a label added to both sides, so that they stay finite."""
    return float(np.log(pool[1] + 0.5) - np.log(pool[2] - pool[1] + 0.5))
