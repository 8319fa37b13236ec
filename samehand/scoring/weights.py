"""The table of weights: how much each level of each signal says.

A row's ``m`` is the probability that a true mirror shows the level; its ``u`` is the probability that an
unrelated account does, where the comparison has no better rate for the value itself. The match weight
is ``ln(m / u)`` (Fellegi and Sunter, 1969), kept between ``floor`` and ``ceiling``, times the signal's
``multiplier``, which is 1 unless learning changed it.
"""

from __future__ import annotations

import math
from functools import cache, cached_property
from importlib import resources
from itertools import pairwise
from typing import Final

import msgspec

from samehand.errors import UnusableWeights
from samehand.scoring.caps import Band, Caps, Ground

# Nats. The most that one agreement says unless its row allows more: about one account in a million.
CEILING: Final = 14.0
# Nats. The most that one difference says against a pair unless its row allows more.
FLOOR: Final = -2.0
# Nats. The most that any row may allow: 32 bits, one among four billion accounts, more than any platform has.
WEIGHT_MAX: Final = 22.2


# Levels that say only that two values differ. Whoever changes one value to come back changes others as well,
# so these levels depend on each other: the strongest counts whole, the others for a share.
DIFFERENCES: Final = frozenset(("different", "other-language", "another"))


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One level of one signal. ``m`` and ``u`` in (0, 1]; ``floor`` and ``ceiling`` in nats.

    A level that mirrors show more often than others (``m > u``) is an agreement and never speaks against a
    pair, whatever the rate of the value itself; any other level is a difference and never speaks for a pair.
    ``source`` says where the figures come from, if not from the signal's own source; nothing is computed
    from it.
    """

    m: float
    u: float
    floor: float | None = None
    ceiling: float | None = None
    source: str = ""

    @property
    def agrees(self) -> bool:
        """Whether the level speaks for a pair."""
        return self.m > self.u

    @property
    def bounds(self) -> tuple[float, float]:
        """The least and the most that the level weighs (nats)."""
        floor, ceiling = (0.0, CEILING) if self.agrees else (FLOOR, 0.0)
        return (
            floor if self.floor is None else self.floor,
            ceiling if self.ceiling is None else self.ceiling,
        )

    def match_weight(self, rate: float | None = None) -> float:
        """The level's weight (nats) if a share ``rate`` of unrelated accounts shows it; by default ``u``."""
        least, most = self.bounds
        return min(max(math.log(self.m / (rate if rate is not None else self.u)), least), most)


class SignalWeights(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """The rows of one signal with their source, its learnt multiplier, and the ground for which it speaks.

    A signal without a ground adds its weight, and no row of the table of caps asks for it.
    ``allowance`` is what it may add (nats) to a candidate that shares none of its keys, in the upper bound
    that decides which candidates are read (:mod:`samehand.scoring.upper_bound`).
    """

    levels: dict[str, Row]
    multiplier: float = 1.0
    ground: Ground | None = None
    source: str = ""
    allowance: float = 0.0

    @cached_property
    def as_shipped(self) -> dict[str, float]:
        """The match weight (nats) of each level at its ``u``; cached, since every pair looks it up."""
        return {level: row.match_weight() * self.multiplier for level, row in self.levels.items()}

    def nats(self, level: str, rate: float) -> float:
        """The match weight (nats) of a level that the share ``rate`` of unrelated accounts shows."""
        return self.levels[level].match_weight(rate) * self.multiplier

    def most(self, levels: tuple[str, ...], rate: float) -> float:
        """The most (nats) that one of the levels weighs if a share ``rate`` of others shows it."""
        if levels not in self._several:
            rows = [self.levels[level] for level in levels]
            self._several[levels] = [(math.log(row.m), *row.bounds) for row in rows]
        of_rate = math.log(rate)
        several = self._several[levels]
        return max([min(max(m - of_rate, floor), ceiling) for m, floor, ceiling in several]) * self.multiplier

    @cached_property
    def _several(self) -> dict[tuple[str, ...], list[tuple[float, float, float]]]:
        return {}


class Bands(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The calibrated probabilities from which a pair is ``likely`` or ``possible``."""

    likely: float = 0.9
    possible: float = 0.5


class Weights(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """Everything that turns comparisons into a probability. Each alert carries ``version``.

    ``mirror_rate`` is the share of new accounts that mirror a banned one. ``bans_min`` is the least number of
    bans that the prior is computed for, lest a nearly empty store suspect everybody. ``group_shares`` is the
    share that the lesser signals of a dependent group keep (`apart`: the lesser differences). ``slope`` and
    ``intercept`` calibrate log-odds to a probability; ``knots`` correct that line where learning found a
    curve: pairs of what the line says and what the labels bear out (nats, both rising; beyond them one for
    one).
    """

    version: str
    mirror_rate: float
    bans_min: int
    signals: dict[str, SignalWeights]
    group_shares: dict[str, float]
    caps: Caps
    slope: float = 1.0
    intercept: float = 0.0
    bands: Bands = Bands()
    policy_bands: dict[str, Bands] = {}
    knots: tuple[tuple[float, float], ...] = ()

    def prior(self, bans: int) -> float:
        """The log-odds that a given account mirrors a given one of ``bans`` banned accounts."""
        share = self.mirror_rate / max(bans, self.bans_min, 1)
        return math.log(share) - math.log1p(-share)

    def probability(self, log_odds: float) -> float:
        """The calibrated probability in [0, 1], monotone in ``log_odds``."""
        x = self.calibrated(log_odds)
        if x >= 0:
            return 1.0 / (1.0 + math.exp(-x))
        e = math.exp(max(x, -700.0))
        return e / (1.0 + e)

    def calibrated(self, log_odds: float) -> float:
        """The calibrated log-odds of a sum of evidence."""
        return _along(self.knots, self.slope * log_odds + self.intercept)

    def log_odds_at(self, probability: float) -> float:
        """The log-odds at which :meth:`probability` reaches a value in (0, 1)."""
        x = math.log(probability) - math.log1p(-probability)
        if self.knots:
            x = _along(tuple((to, from_) for from_, to in self.knots), x)
        return (x - self.intercept) / self.slope

    def band(self, probability: float, policy: str | None = None) -> Band:
        """``likely``, ``possible`` or ``none``, by the policy's own thresholds where it has some."""
        bands = self.bands_of(policy)
        if probability >= bands.likely:
            return "likely"
        return "possible" if probability >= bands.possible else "none"

    def bands_of(self, policy: str | None) -> Bands:
        """The thresholds in force for a policy."""
        return self.policy_bands.get(policy, self.bands) if policy else self.bands

    def alerts_from(self, policy: str | None) -> float:
        """The log-odds from which pairs of a policy raise alerts."""
        return self._alerts_from.get(policy, self._alerts_from[None])

    @cached_property
    def _alerts_from(self) -> dict[str | None, float]:
        every = [(None, self.bands), *self.policy_bands.items()]
        return {policy: self.log_odds_at(bands.possible) for policy, bands in every}

    def likely_from(self, policy: str | None) -> float:
        """The log-odds from which pairs of a policy are ``likely``."""
        return self.log_odds_at(self.bands_of(policy).likely)

    @property
    def alerting_min(self) -> float:
        """The lowest probability from which pairs of any policy raise alerts."""
        return min(bands.possible for bands in (self.bands, *self.policy_bands.values()))


def _along(knots: tuple[tuple[float, float], ...], x: float) -> float:
    """The value at ``x`` of the line through ``knots``, which rises one for one beyond its ends."""
    if not knots:
        return x
    if x <= knots[0][0]:
        return knots[0][1] + (x - knots[0][0])
    for (left, low), (right, high) in pairwise(knots):
        if x <= right:
            return low + (x - left) * (high - low) / (right - left)
    return knots[-1][1] + (x - knots[-1][0])


def read_weights(raw: bytes) -> Weights:
    """Reads a table from JSON and checks every number.

    Raises:
        UnusableWeights: a field is missing, of the wrong type or out of its range.
    """
    try:
        weights = msgspec.json.decode(raw, type=Weights)
    except (msgspec.ValidationError, msgspec.DecodeError) as fault:
        raise UnusableWeights(str(fault)) from fault
    check(weights)
    weights.caps.check()
    return weights


def check(weights: Weights) -> None:
    """Checks every number of a table. Raises ``UnusableWeights``."""
    if not 0 < weights.mirror_rate < 1:
        raise UnusableWeights(f"mirror_rate must be above 0 and below 1; it is {weights.mirror_rate:g}")
    if weights.slope <= 0:
        raise UnusableWeights(
            f"slope must be above 0, or the probability would not be monotone; it is {weights.slope:g}"
        )
    for before, after in pairwise(weights.knots):
        if before[0] >= after[0] or before[1] >= after[1]:
            raise UnusableWeights(
                f"knots must rise in both numbers, or the probability would not be monotone: {list(before)} "
                f"comes before {list(after)}"
            )
    for group, share in weights.group_shares.items():
        if not 0 <= share <= 1:
            raise UnusableWeights(f"group_shares.{group} must lie between 0 and 1; it is {share:g}")
    of_policies = {f"policy_bands.{policy}": bands for policy, bands in weights.policy_bands.items()}
    for where, bands in {"bands": weights.bands, **of_policies}.items():
        if not 0 < bands.possible <= bands.likely < 1:
            raise UnusableWeights(
                f"{where} must have 0 < possible <= likely < 1; possible is {bands.possible:g} and likely is "
                f"{bands.likely:g}"
            )
    for name, signal in weights.signals.items():
        if signal.multiplier < 0:
            raise UnusableWeights(f"signals.{name}.multiplier must be 0 or more; it is {signal.multiplier:g}")
        if not 0 <= signal.allowance <= WEIGHT_MAX:
            raise UnusableWeights(
                f"signals.{name}.allowance must lie between 0 and {WEIGHT_MAX:g}; it is {signal.allowance:g}"
            )
        for level, row in signal.levels.items():
            _check_row(f"signals.{name}.levels.{level}", row, differs=level in DIFFERENCES)


def _check_row(where: str, row: Row, *, differs: bool) -> None:
    for field, share in (("m", row.m), ("u", row.u)):
        if not 0 < share <= 1:
            raise UnusableWeights(f"{where}.{field} must be above 0 and at most 1; it is {share:g}")
    floor, ceiling = row.bounds
    if not floor <= ceiling <= WEIGHT_MAX:
        raise UnusableWeights(
            f"{where} must have floor <= ceiling <= {WEIGHT_MAX:g}; floor is {floor:g} and ceiling is "
            f"{ceiling:g}"
        )
    if row.agrees and differs:
        raise UnusableWeights(f"{where} is a difference and needs m <= u; m is {row.m:g} and u is {row.u:g}")
    if row.agrees and floor < 0.0:
        raise UnusableWeights(f"{where}.floor must be 0 or more, since m is above u; it is {floor:g}")
    if not row.agrees and ceiling > 0.0:
        raise UnusableWeights(f"{where}.ceiling must be 0 or less, since m is not above u; it is {ceiling:g}")


def lacking(weights: Weights) -> str | None:
    """The first row of the shipped table that ``weights`` lacks, as `signal.level`; ``None`` if none."""
    for name, signal in default_weights().signals.items():
        own = weights.signals.get(name)
        missing = [level for level in signal.levels if own is None or level not in own.levels]
        if missing:
            return f"{name}.{missing[0]}"
    return None


@cache
def default_weights() -> Weights:
    """The shipped table, which needs no labels."""
    return read_weights(resources.files("samehand.scoring").joinpath("weights.json").read_bytes())
