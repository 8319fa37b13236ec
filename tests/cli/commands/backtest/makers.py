"""Makers of judged runs: a test states ranks and truth, the rest follows."""

from __future__ import annotations

from collections.abc import Mapping

from cli.commands.backtest.judged import BacktestRun, ScoredPair
from cli.inputs.truths import AccountPair


def a_pair(name: str) -> AccountPair:
    return AccountPair(f"x:{name}", f"x:banned-{name}")


def a_judged(
    name: str, probability: float, *, true: bool = False, seconds: float | None = None
) -> ScoredPair:
    band = "likely" if probability >= 0.9 else "possible" if probability >= 0.5 else "none"
    return ScoredPair(a_pair(name), probability, probability, band, true, seconds)


def a_run(
    *judged: ScoredPair,
    sign_ups: int = 1000,
    missed: tuple[str, ...] = (),
    strategies: Mapping[str, int] | None = None,
    groups: Mapping[str, str] | None = None,
) -> BacktestRun:
    """``missed`` are true pairs that nothing brought up."""
    found = frozenset(one.pair for one in judged if one.true)
    return BacktestRun(
        judged=tuple(sorted(judged, key=lambda one: -one.log_odds)),
        sign_ups=sign_ups,
        truth=found | {a_pair(name) for name in missed},
        fetched=found,
        strategies={a_pair(name): number for name, number in (strategies or {}).items()},
        groups={f"x:{name}": group for name, group in (groups or {}).items()},
    )
