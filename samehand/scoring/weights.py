"""The table of weights: how much each level of each signal says, and what else could explain it.

A row's ``m`` is the probability that a true mirror shows the level; the probability that a stranger does is
its ``u``, its ``a_ban`` over the sign-ups of three years, or computed for the value itself. The match weight
against a stranger is ``ln(m / u)`` (Fellegi and Sunter, 1969); against a rival that explains the level it is
at most ``-ln(share)``, and a difference says nothing. Learning multiplies all by the row's ``multiplier``.

Mirrors and rivals come at rates, in accounts a second for one ban (:mod:`samehand.scoring.rivals`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache, cached_property
from importlib import resources
from itertools import pairwise
from typing import Annotated, Final, Literal, NamedTuple

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from samehand.elapsed import DAY_SECONDS
from samehand.errors import UnusableWeights
from samehand.frequency.rates import proven
from samehand.scoring.arrivals import COPIERS, LIFE_SECONDS, MIRRORS
from samehand.scoring.rivals import RATED, RIVALS, Rival
from samehand.verdict import NOBODY, Cleared

Band = Literal["likely", "possible", "none"]

WEIGHT_MAX: Final = 32.0  # nats; one in e^32 is one of more accounts than any platform holds
MULTIPLIER_MAX: Final = 10.0  # as records on `weights` carry

# Levels that say only that two values differ. An evader who changes one value changes others as well,
# so these levels depend on each other: the strongest counts whole, the others for a share.
DIFFERENCES: Final = frozenset(("different", "other-language", "another"))

_FORMER: Final = ("caps", "ground", "floor", "mirror_rate", "bans_min", "of_lists")
"""Fields of former tables."""

HELD_SHARE: Final = 0.05
"""The mirrors of all bans together are at most that part of all sign-ups, however many bans a list brings."""

COPIERS_A_MIRROR: Final = 1 / 8
"""At any moment there is at least so much of a copier to each mirror: fans and reporters react as well."""

_RATES_KEPT: Final = 64  # one for each platform
_ACCIDENTS_MAX: Final = 0.5  # the most that accidents make of a rate: no level becomes a difference

_LEAST: Final = 1e-30  # of a rate: a smaller one is a slip, and its quotients would be infinite
Share = Annotated[float, Meta(ge=_LEAST, le=1)]
Accounts = Annotated[float, Meta(ge=_LEAST, le=1 / _LEAST)]
Nats = Annotated[float, Meta(ge=0, le=WEIGHT_MAX)]
RivalName = Annotated[str, Meta(pattern=f"^({'|'.join(rival.name for rival in RIVALS[1:])})$")]

Rates = Mapping[str, Mapping[str, float]]
"""By signal and level (or kind of value): the share of strangers that show it while nothing is counted."""


class RivalRate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many accounts have this relation to one banned account, in the three years round the ban.

    From ``after_days`` before or after the ban it grows, to most of itself within ``ripe_days`` more;
    ``young`` is the share of it that holds from the first day.
    """

    rate: Accounts
    after_days: Annotated[float, Meta(ge=0)] = 0.0
    ripe_days: Annotated[float, Meta(ge=0)] = 0.0
    young: Share = 1.0
    source: str = ""

    @property
    def least(self) -> float:
        """The lowest rate at any moment."""
        return self.rate * (self.young if self.ripe_days else 1.0)

    def at(self, since: float | None, stale_days: int = 0) -> float:
        """The rate for a pair so many seconds after the ban, or before it.

        ``stale_days``: so long before its account's moment the value was last seen that it explains.
        """
        if not self.ripe_days or since is None:
            return self.rate
        days = abs(since) / DAY_SECONDS + stale_days
        ripe = -math.expm1(-max(days - self.after_days, 0.0) / self.ripe_days)
        return self.rate * max(ripe, self.young)


class Row(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One level of one signal; ``m``, ``u`` and shares of ``explained`` are in (0, 1].

    ``a_ban``: so many innocent accounts show a given ban's value by accident, in the three years round the
    ban; the more sign up, the smaller a share of them these are. Beside ``u`` the greater share counts.
    Without either the rate is the very value's. A level that mirrors show more often than others is an
    agreement and never speaks against a pair; any other is a difference and never speaks for it.
    ``explained``: how often a rival shows an agreement, as a share of how often a mirror does. ``rival``: a
    difference that only this rival's accounts show more often than mirrors. ``ceiling``
    (nats) is for prices that hang on a count of few. ``multiplier``: learnt; what the level says is
    multiplied by it, against every rival.
    """

    m: Share
    u: Share | None = None
    a_ban: Accounts | None = None
    ceiling: Nats = WEIGHT_MAX
    explained: dict[RivalName, Share] = {}
    rival: RivalName | None = None
    multiplier: Annotated[float, Meta(ge=0.0, le=MULTIPLIER_MAX)] = 1.0
    source: str = ""

    @property
    def agrees(self) -> bool:
        """True if the level speaks for a pair."""
        return self.u is None or self.m > self.u

    @property
    def priced(self) -> bool:
        """Whether the table says how often strangers show the level."""
        return self.u is not None or self.a_ban is not None

    def match_weight(self, rate: float) -> float:
        """The level's weight (nats) against a stranger if a share ``rate`` of strangers shows it."""
        weight = math.log(self.m / rate)
        return self.multiplier * (min(max(weight, 0.0), self.ceiling) if self.agrees else min(weight, 0.0))


class SignalWeights(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """The rows of one signal with their source.

    ``explained`` holds where a row does not name the rival itself. ``commoner``: how many times as common an
    agreeing value is among the rival's people as among all. ``kinds``: ``a_ban`` by kind of value.
    ``allowance`` is what the upper bound lets it add (nats) to a candidate that shares none of its keys.
    """

    levels: dict[str, Row]
    explained: dict[RivalName, Share] = {}
    commoner: dict[RivalName, Annotated[float, Meta(ge=1)]] = {}
    kinds: dict[str, Accounts] = {}
    source: str = ""
    allowance: Nats = 0.0

    @cached_property
    def as_shipped(self) -> dict[str, float]:
        """The match weight (nats) of each level that has a ``u``; cached, since every pair looks it up."""
        return {level: row.match_weight(row.u) for level, row in self.levels.items() if row.u is not None}

    @cached_property
    def limits(self) -> dict[str, tuple[float, ...]]:
        """For each level the most (nats) that it weighs against each rival, in the order of the registry.

        Of a difference: 0 against rivals that explain the signal or do not show it more often, else minus
        infinity, for no limit.
        """
        limits: dict[str, tuple[float, ...]] = {}
        for level, row in self.levels.items():
            shares = [row.explained.get(rival.name, self.explained.get(rival.name)) for rival in RIVALS]
            if row.agrees:
                limits[level] = tuple(
                    math.inf if share is None else -math.log(share) * row.multiplier for share in shares
                )
            else:
                limits[level] = tuple(
                    -math.inf if share is None and row.rival in (None, rival.name) else 0.0
                    for rival, share in zip(RIVALS, shares, strict=True)
                )
        return limits

    @cached_property
    def less(self) -> dict[str, tuple[float, ...]]:
        """For each agreement how much less (nats) it weighs against each rival, by ``commoner``."""
        each = [math.log(self.commoner.get(rival.name, 1.0)) for rival in RIVALS]
        agreeing = {level: row.multiplier for level, row in self.levels.items() if row.agrees}
        return {level: tuple([by * nats for nats in each]) for level, by in agreeing.items() if any(each)}

    def limit(self, place: int) -> float:
        """The most (nats) that any agreement of the signal weighs against the rival at a place."""
        return max([0.0, *(self.limits[level][place] for level, row in self.levels.items() if row.agrees)])

    def nats(self, level: str, rate: float) -> float:
        """The match weight (nats) of a level that the share ``rate`` of unrelated accounts shows."""
        return self.levels[level].match_weight(rate)

    def most(self, levels: tuple[str, ...], rate: float) -> float:
        """The most (nats) that one of the levels weighs if a share ``rate`` of others shows it."""
        return max([self.nats(level, rate) for level in self._heaviest_of(levels)])

    def nats_a_bit(self, levels: tuple[str, ...]) -> float:
        """The most (nats) that one of the levels gains where half as many others show it."""
        return math.log(2.0) * max([self.levels[level].multiplier for level in self._heaviest_of(levels)])

    def _heaviest_of(self, levels: tuple[str, ...]) -> list[str]:
        heaviest = self._heaviest.get(levels)
        if heaviest is None:
            # The levels among which the heaviest is, whatever the rate: no other has as much of all numbers.
            rows = [(self.levels[level], level) for level in levels if self.levels[level].agrees]
            numbers = [(row.m, row.ceiling, row.multiplier, level) for row, level in rows]
            undominated: list[tuple[float, float, float, str]] = []
            for candidate in sorted(numbers, reverse=True):
                if not any(candidate[1] <= other[1] and candidate[2] <= other[2] for other in undominated):
                    undominated.append(candidate)
            heaviest = self._heaviest[levels] = [level for *_, level in undominated] or list(levels)
        return heaviest

    @cached_property
    def _heaviest(self) -> dict[tuple[str, ...], list[str]]:
        return {}  # a signal asks for few combinations of its levels


class Bands(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The calibrated probabilities from which a pair is ``likely`` or ``possible``."""

    likely: float = 0.9
    possible: float = 0.5


class Flow(NamedTuple):
    """How many accounts sign up a second, and how many bans there are whose mirrors may be among them."""

    per_second: float
    bans: int

    def held(self, mirrors_a_ban: float) -> float:
        """The mirrors of a ban, so that those of all bans stay below :data:`HELD_SHARE` of all sign-ups."""
        return min(mirrors_a_ban, HELD_SHARE * self.per_second * LIFE_SECONDS / max(self.bans, 1))


class Weights(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """Everything that turns comparisons into a probability. Each alert carries ``version``.

    ``mirrors_a_ban`` is how many mirrors one ban has in the three years round it, ``mirrors_a_listing`` the
    same of an entry of a list. ``group_shares`` is the share that the lesser of dependent agreements keep
    (`name`), and the lesser of differences (`apart`). ``slope`` and ``intercept`` calibrate log-odds to a
    probability; ``knots`` correct that line where learning found a curve: pairs of what the
    line says and what the labels bear out (nats, both rising; beyond them one for one).
    """

    version: str
    mirrors_a_ban: Accounts
    mirrors_a_listing: Accounts
    rivals: dict[RivalName, RivalRate]
    signals: dict[str, SignalWeights]
    group_shares: dict[str, Annotated[float, Meta(ge=0, le=1)]]
    slope: Annotated[float, Meta(le=1e3)] = 1.0
    intercept: Annotated[float, Meta(ge=-1e3, le=1e3)] = 0.0
    bands: Bands = Bands()
    policy_bands: dict[str, Bands] = {}
    knots: tuple[tuple[float, float], ...] = ()

    @cached_property
    def multipliers(self) -> dict[str, float]:
        """The multiplier of each row, by `signal.level`."""
        return {
            f"{name}.{level}": row.multiplier
            for name, signal in self.signals.items()
            for level, row in signal.levels.items()
        }

    def multiplied(self, multipliers: Mapping[str, float]) -> dict[str, SignalWeights]:
        """Returns the signals with other multipliers of the rows, as `signal.level`; others keep theirs."""
        return {
            name: replace(
                signal,
                levels={
                    level: replace(row, multiplier=multipliers.get(f"{name}.{level}", row.multiplier))
                    for level, row in signal.levels.items()
                },
            )
            for name, signal in self.signals.items()
        }

    def mirrors(self, flow: Flow, since: float | None, *, listed: bool, to_the_day: bool = False) -> float:
        """How many mirrors of one ban arrive a second, so many seconds after it.

        ``listed``: the ban is an entry of a list, whose moment says nothing. ``to_the_day``: only the day of
        one of the two moments is known.
        """
        if listed:
            return flow.held(self.mirrors_a_listing) / LIFE_SECONDS
        return flow.held(self.mirrors_a_ban) * MIRRORS.density(since, to_the_day=to_the_day)

    def rival_rates(
        self,
        flow: Flow,
        since: float | None,
        *,
        listed: bool,
        to_the_day: bool = False,
        cleared: Cleared = NOBODY,
        stale_days: int = 0,
    ) -> list[float]:
        """Returns each rival's arrivals a second, in the registry's order; arguments as :meth:`mirrors`.

        At least as many as people have ``cleared`` of the ban in as long a time prove.
        """
        when = None if listed else since
        rates = [
            self._rival_rate(one, flow, when, stale_days, listed=listed, to_the_day=to_the_day)
            for one in RIVALS
        ]
        if cleared:
            seconds = LIFE_SECONDS if when is None else max(abs(when), DAY_SECONDS)
            of_rivals = [proven(cleared.get(rival.name, 0)) / seconds for rival in RIVALS]
            rates = [max(pair) for pair in zip(rates, of_rivals, strict=True)]
        return rates

    def _rival_rate(
        self,
        rival: Rival,
        flow: Flow,
        since: float | None,
        stale_days: int,
        *,
        listed: bool,
        to_the_day: bool,
    ) -> float:
        if rival.share:
            return rival.share * flow.per_second
        own = self.rivals[rival.name].at(since, stale_days)
        if not rival.copies:
            return own / LIFE_SECONDS
        # Copiers are as many beside fewer mirrors: of an entry of a list, or where mirrors are held.
        mirrors = flow.held(self.mirrors_a_listing if listed else self.mirrors_a_ban)
        own *= mirrors / self.mirrors_a_ban
        when = COPIERS.density(since, to_the_day=to_the_day)
        arriving = mirrors * MIRRORS.density(since, to_the_day=to_the_day)
        return max(own * when, COPIERS_A_MIRROR * arriving)

    def rates(self, per_second: float) -> Rates:
        """The rates of values while nothing is counted; kept, since all pairs of a snapshot ask the same."""
        if per_second not in self._rates:
            if len(self._rates) >= _RATES_KEPT:
                self._rates.clear()
            sign_ups = per_second * LIFE_SECONDS
            self._rates[per_second] = {
                name: _rates(signal, sign_ups) for name, signal in self.signals.items()
            }
        return self._rates[per_second]

    @cached_property
    def _rates(self) -> dict[float, Rates]:
        return {}

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


def _rates(signal: SignalWeights, sign_ups: float) -> dict[str, float]:
    kinds = {name: min(accounts / sign_ups, _ACCIDENTS_MAX) for name, accounts in signal.kinds.items()}
    levels = {
        level: max(row.u or 0.0, min((row.a_ban or 0.0) / sign_ups, _ACCIDENTS_MAX))
        for level, row in signal.levels.items()
        if row.priced
    }
    return kinds | levels


def read_weights(raw: bytes) -> Weights:
    """Reads a table from JSON and checks every number.

    Raises:
        UnusableWeights: a field is missing, of the wrong type or out of its range, or the table has the form
            of former releases.
    """
    try:
        weights = msgspec.json.decode(raw, type=Weights)
    except (msgspec.ValidationError, msgspec.DecodeError) as fault:
        former = [f"delete {field}" for field in _FORMER if f'"{field}"'.encode() in raw]
        form = ["it has the form of former releases: it is written anew (docs/adr/0090)"] if former else []
        raise UnusableWeights("; ".join([str(fault), *form, *former])) from fault
    check(weights)
    return weights


def check(weights: Weights) -> None:
    """Checks what the types of a table's numbers do not. Raises ``UnusableWeights``."""
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
    of_policies = {f"policy_bands.{policy}": bands for policy, bands in weights.policy_bands.items()}
    for where, bands in {"bands": weights.bands, **of_policies}.items():
        if not 0 < bands.possible <= bands.likely < 1:
            raise UnusableWeights(
                f"{where} must have 0 < possible <= likely < 1; possible is {bands.possible:g} and likely is "
                f"{bands.likely:g}"
            )
    missing = [rival.name for rival in RATED if rival.name not in weights.rivals]
    if missing:
        raise UnusableWeights(f"rivals.{missing[0]} is missing")
    for name, signal in weights.signals.items():
        for level, row in signal.levels.items():
            where = f"signals.{name}.levels.{level}"
            if row.agrees and level in DIFFERENCES:
                raise UnusableWeights(f"{where} is a difference and needs a u of at least m")
        _check_order(name, signal)


def _check_order(name: str, signal: SignalWeights) -> None:
    """A closer level is explained no more and multiplied no less than a laxer one, or it could weigh less.

    The agreements of a signal are listed with the closest first.
    """
    agreeing = [level for level, row in signal.levels.items() if row.agrees]
    for closer, laxer in pairwise(agreeing):
        if signal.levels[closer].multiplier < signal.levels[laxer].multiplier:
            raise UnusableWeights(
                f"signals.{name}.levels: the multiplier of {closer} is below that of {laxer}, which is laxer"
            )
        for rival, most, more in zip(RIVALS, signal.limits[closer], signal.limits[laxer], strict=True):
            if more > most:
                raise UnusableWeights(
                    f"signals.{name}.levels: {rival.name} explains {closer} more than {laxer}, which is laxer"
                )


def lacking(weights: Weights) -> str | None:
    """Returns what ``weights`` first lack of the shipped table, as `signal.level`, or ``None``."""
    for name, signal in default_weights().signals.items():
        own = weights.signals.get(name, SignalWeights({}))
        for level, row in signal.levels.items():
            mine = own.levels.get(level)
            if mine is None:
                return f"{name}.{level}"
            if mine.priced and not row.priced:
                return f"{name}.{level} without u and a_ban, since its rate is computed"
            if row.priced and not mine.priced:
                return f"{name}.{level}.u"
        missing = signal.kinds.keys() - own.kinds.keys()
        if missing:
            return f"{name}.kinds.{min(missing)}"
    return None


@cache
def default_weights() -> Weights:
    """The shipped table, which needs no labels."""
    return read_weights(resources.files("samehand.scoring").joinpath("weights.json").read_bytes())
