"""Who comes back when: the plan of all bans that are evaded, drawn before the first event."""

from collections.abc import Mapping
from random import Random
from typing import NamedTuple, TypeVar

from simulate.config import Config
from simulate.delays import prepared
from simulate.evasion.strategies import STRATEGIES, Strategy
from simulate.sampling import seeded

K = TypeVar("K", int, str)

_RETURNS_MAX = 5
"""Nobody comes back more often after one ban."""
_BANNED_WITHIN_STREAM = 0.15
"""Share of banned accounts whose own sign-up is part of the stream."""


class Return(NamedTuple):
    """One mirror: when, how, and by which way (``forward``, ``lookback``, ``update``)."""

    at: float
    strategy: Strategy
    way: str
    signed_up_at: float


class Case(NamedTuple):
    """One ban and its mirrors. ``first_at`` is the time of the earliest event of the case."""

    first_at: float
    banned_at: float
    signed_up_at: float | None
    returns: tuple[Return, ...]

    @property
    def sign_ups(self) -> int:
        return len(self.returns) + (self.signed_up_at is not None)


def plan(config: Config) -> list[Case]:
    """All cases in the order of their first event."""
    rng = seeded(config.seed, "cases")
    numbers = deck(rng, config.strategy_weights, config.mirrors)
    shares = {"lookback": config.prepared_share_of_mirrors, "update": config.updated_share_of_mirrors}
    ways = deck(rng, {"forward": 1.0 - sum(shares.values()), **shares}, config.mirrors)
    chosen = [(STRATEGIES[number - 1], way) for number, way in zip(numbers, ways, strict=True)]
    cases = []
    while chosen:
        count = 1
        while count < _RETURNS_MAX and rng.random() < 0.2:
            count += 1
        cases.append(_case(rng, config, chosen[-count:]))
        del chosen[-count:]
    return sorted(cases, key=lambda case: case.first_at)


def deck(rng: Random, weights: Mapping[K, float], size: int) -> list[K]:
    """So many keys, shuffled, in exact proportion to the weights: even a small stream holds every sort.

    What rounding leaves goes to the keys that it cut most; a key of positive weight is only absent when
    ``size`` is smaller than the number of keys.
    """
    total = sum(weights.values())
    exact = {key: size * weight / total for key, weight in weights.items() if weight > 0}
    counts = {key: max(int(share), int(size >= len(exact))) for key, share in exact.items()}
    while (missing := size - sum(counts.values())) != 0:
        if missing > 0:
            counts[max(exact, key=lambda key: exact[key] - counts[key])] += 1
        else:
            counts[max(counts, key=lambda key: counts[key])] -= 1
    cards = [key for key, count in counts.items() for _ in range(count)]
    rng.shuffle(cards)
    return cards


def _case(rng: Random, config: Config, chosen: list[tuple[Strategy, str]]) -> Case:
    """The first return falls anywhere in the stream and fixes when the ban was; the others follow the ban."""
    # Who comes back within the hour must fix the time of the ban, or that hour may lie outside the stream.
    (strategy, way), *others = sorted(chosen, key=lambda choice: choice[0].prepares)
    start, end = config.start_seconds, config.end_seconds
    if way == "lookback" and strategy.prepares:
        ahead = min(prepared(rng), (end - start) / 2)
        at = _anywhere(rng, start, end - ahead)
        banned_at, first = at + ahead, Return(at, strategy, way, at)
    else:
        at = _anywhere(rng, start, end)
        banned_at = at - strategy.delay(rng)
        first = _return(rng, config, at, strategy, way if strategy.prepares else "forward")
    returns = (first, *(_further_return(rng, config, banned_at, *choice) for choice in others))
    signed_up_at = None
    if rng.random() < _BANNED_WITHIN_STREAM and banned_at > start:
        signed_up_at = _anywhere(rng, start, banned_at)
    sign_ups = [case_return.signed_up_at for case_return in returns] + (
        [signed_up_at] if signed_up_at else []
    )
    return Case(min(banned_at, *sign_ups), banned_at, signed_up_at, returns)


def _further_return(rng: Random, config: Config, banned_at: float, strategy: Strategy, way: str) -> Return:
    start, end = config.start_seconds, config.end_seconds
    if way == "lookback" and strategy.prepares and banned_at > start:
        at = banned_at - prepared(rng)
        at = at if at >= start else _anywhere(rng, start, banned_at)
        return Return(at, strategy, way, at)
    at = banned_at + strategy.delay(rng)
    if not start <= at <= end:
        at = _anywhere(rng, max(start, banned_at), end)
    return _return(rng, config, at, strategy, "update" if way == "update" else "forward")


def _return(rng: Random, config: Config, at: float, strategy: Strategy, way: str) -> Return:
    """An updated account signed up earlier, as somebody else's."""
    return Return(at, strategy, way, _anywhere(rng, config.start_seconds, at) if way == "update" else at)


def _anywhere(rng: Random, low: float, high: float) -> float:
    return low + rng.random() * (high - low)
