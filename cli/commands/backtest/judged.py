"""What a run said of each pair, beside the truth."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cli.inputs.event_files import EventFiles
from cli.inputs.truths import AccountPair
from cli.offline.known_pairs import alerted_pairs
from cli.offline.offline_scoring import Offline, Scored
from cli.offline.pair_diagnosis import PairDiagnosis, Watch
from samehand.normalize.text.scripts import dominant_script
from samehand.scoring.weights import Weights
from schemas.alerts import MirrorAlert
from schemas.malformed import Malformed


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
    truth = frozenset(diagnosis.pair for diagnosis in looked_into if diagnosis.cause != "account-banned")
    run = BacktestRun(
        judged=judged(scored.alerts, truth),
        sign_ups=len(scripts),
        truth=truth,
        fetched=frozenset(diagnosis.pair for diagnosis in looked_into if diagnosis.candidate),
        strategies=strategies or {},
        groups={account: groups.get(account, script) for account, script in scripts.items()}
        if groups
        else scripts,
    )
    return run, scored, [diagnosis for diagnosis in looked_into if diagnosis.cause != "alerted"]
