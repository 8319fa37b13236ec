"""A run over files, and what the blocking keys alone bring up of the true pairs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from cli.commands.backtest.judged import BacktestRun, judged
from cli.commands.backtest.truths import AccountPair
from cli.inputs.input_files import InputLine, read_accounts, read_bans
from cli.offline.offline_scoring import Offline, Scored
from samehand.normalize.text.scripts import dominant_script
from samehand.scoring.weights import Weights
from schemas.accounts import AccountCreated
from schemas.malformed import Malformed

# Pairs below the bands are ranked too: without them a review capacity could not be filled.
_BELOW: Final = 1
_ALL_CANDIDATES: Final = 60  # as many as an event is given at most; the index keeps 64


async def measured(
    bans: Path,
    accounts: Path,
    platform: str,
    truth: frozenset[AccountPair],
    *,
    now: float,
    weights: Weights | None = None,
    strategies: Mapping[AccountPair, int] | None = None,
    groups: Mapping[str, str] | None = None,
) -> tuple[BacktestRun, Scored]:
    """Scores every account as the worker would, and beside it looks what was there to be scored."""
    offline = Offline(now=now, weights=weights, candidates=_BELOW)
    await offline.compare(bans, accounts, platform)
    scored = offline.scored
    scripts = {
        event.key: str(dominant_script(event.account.display_name or event.account.handle or ""))
        for _, event in _readable(accounts, now, platform)
    }
    run = BacktestRun(
        judged=judged(scored.alerts, truth),
        sign_ups=len(scripts),
        truth=truth,
        fetched=await _fetched(bans, accounts, platform, truth, now),
        strategies=strategies or {},
        groups={account: groups.get(account, script) for account, script in scripts.items()}
        if groups
        else scripts,
    )
    return run, scored


async def _fetched(
    bans: Path, accounts: Path, platform: str, truth: frozenset[AccountPair], now: float
) -> frozenset[AccountPair]:
    """The true pairs among the candidates of the mirrors, whatever they score."""
    offline = Offline(now=now, candidates=_ALL_CANDIDATES, first_day=True)
    await offline.enrol(read_bans(bans, now=now, platform=platform))
    mirrors = {pair.account for pair in truth}
    await offline.screen(line for line, event in _readable(accounts, now, platform) if event.key in mirrors)
    return truth & {AccountPair(alert.key, alert.matched.key) for alert in offline.scored.alerts}


def _readable(
    accounts: Path, now: float, platform: str
) -> Iterator[tuple[InputLine[AccountCreated], AccountCreated]]:
    for line in read_accounts(accounts, now=now, platform=platform):
        if not isinstance(line.outcome, Malformed):
            yield line, line.outcome
