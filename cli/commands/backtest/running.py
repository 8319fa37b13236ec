"""A run over files, which looks into each true pair beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cli.commands.backtest.judged import BacktestRun, judged
from cli.inputs.event_files import EventFiles
from cli.inputs.truths import AccountPair
from cli.offline.known_pairs import alerted_pairs
from cli.offline.offline_scoring import Offline, Scored
from cli.offline.pair_diagnosis import PairDiagnosis, Watch
from samehand.normalize.text.scripts import dominant_script
from samehand.scoring.weights import Weights
from schemas.malformed import Malformed

# Pairs below the bands are ranked too: without them a review capacity could not be filled.
_BELOW: Final = 1


async def measured(
    bans: Path,
    accounts: Path,
    files: EventFiles,
    truth: frozenset[AccountPair],
    *,
    weights: Weights | None = None,
    strategies: Mapping[AccountPair, int] | None = None,
    groups: Mapping[str, str] | None = None,
) -> tuple[BacktestRun, Scored, list[PairDiagnosis]]:
    """Scores every account as the worker would; returns also the true pairs that it missed, with causes."""
    watch = Watch(truth)
    offline = Offline(now=files.now, weights=weights, candidates=_BELOW, watch=watch)
    await offline.compare(bans, accounts, files)
    scored = offline.scored
    scripts = {
        event.key: str(dominant_script(event.account.display_name or event.account.handle or ""))
        for line in files.accounts(accounts)
        if not isinstance(event := line.outcome, Malformed)
    }
    looked_into = watch.of(truth, alerted_pairs(scored.alerts))
    # No recall is owed on an account that was banned before it could have been alerted on.
    truth = frozenset(one.pair for one in looked_into if one.cause != "account-banned")
    run = BacktestRun(
        judged=judged(scored.alerts, truth),
        sign_ups=len(scripts),
        truth=truth,
        fetched=frozenset(one.pair for one in looked_into if one.candidate),
        strategies=strategies or {},
        groups={account: groups.get(account, script) for account, script in scripts.items()}
        if groups
        else scripts,
    )
    return run, scored, [one for one in looked_into if one.cause != "alerted"]
