"""What a run said of each pair, beside the truth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cli.inputs.truths import AccountPair
from schemas.alerts import MirrorAlert


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
class BacktestRun:
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


def judged(alerts: Iterable[MirrorAlert], truth: frozenset[AccountPair]) -> tuple[ScoredPair, ...]:
    """Every pair once, by its highest score (an account may have changed), best first."""
    best: dict[AccountPair, ScoredPair] = {}
    for alert in alerts:
        pair = AccountPair(alert.key, alert.matched.key)
        seen = best.get(pair)
        if seen is None or seen.log_odds < alert.log_odds:
            best[pair] = ScoredPair(
                pair, alert.log_odds, alert.probability, alert.band, pair in truth, alert.seconds_since_ban
            )
    return tuple(
        sorted(best.values(), key=lambda judged: (-judged.log_odds, judged.pair.account, judged.pair.banned))
    )
