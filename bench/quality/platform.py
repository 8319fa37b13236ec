"""One simulated platform, each account of it scored against every candidate that the index brings up.

The store in memory, the doors and the mind are those of `samehand score`; what it does beside (alerts
made, encoded and read back) is left out, so that a platform takes minutes and not a quarter of an hour.
"""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

from agents.common.distil import ban_of, remembered_of
from agents.runtime.dry_run import by_hour
from bench.judging import Judge
from cli.inputs.input_files import read_accounts, read_bans
from cli.inputs.truths import read_truth
from report.accuracy import AccountPair, JudgedRun, ScoredPair
from samehand.account import account_key
from samehand.scoring.evidence import Score
from samehand.scoring.weights import Weights
from schemas.malformed import Malformed
from store.base import Remembered
from store.bounds import Bounds
from store.memory.store import MemoryStore
from store.pepper.pepper import SECRET_BYTES_MIN, Pepper
from streams.outcomes import batches

NOW: Final = 1_800_000_000.0
"""The clock of every run (Unix seconds, January 2027): later than all that is simulated."""
_KEEP: Final = 64  # candidates an account, as a worker keeps
_ALERTS: Final = 3  # pairs at or above `possible` that a worker publishes an account
_BELOW: Final = 1  # pairs below that are ranked: without them no review capacity could be filled
_NEVER_SECONDS: Final = 100 * 365 * 86_400.0
# One fixed secret: other digests would break ties of rank otherwise, and figures must come again.
_PEPPER: Final = Pepper(1, bytes(range(SECRET_BYTES_MIN)))
_KEYERS: Final = ((_PEPPER.pepper_id, _PEPPER.digest),)


def judged_platform(folder: Path, name: str, weights: Weights | None = None) -> JudgedRun:
    """The run over a folder that `samehand simulate` wrote; ``name`` goes before each account's key."""
    return asyncio.run(_Platform(folder, name, weights).judged())


def ranked(pairs: Iterable[ScoredPair]) -> tuple[ScoredPair, ...]:
    """Best first; ties by name, so that they fall the same way each time."""
    return tuple(sorted(pairs, key=lambda one: (-one.log_odds, one.pair.account, one.pair.banned)))


def _rows(table: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(table.read_text("utf-8").splitlines()))


class _Platform:
    def __init__(self, folder: Path, name: str, weights: Weights | None) -> None:
        self._folder = folder
        self._name = name
        self._weights = weights
        self._store = MemoryStore(Bounds(retention_seconds=_NEVER_SECONDS, freeze_seconds=0.0))
        self._truth = frozenset(self._pair(it.account, it.banned) for it in read_truth(folder / "truth.csv"))
        self._best: dict[AccountPair, ScoredPair] = {}
        self._fetched: set[AccountPair] = set()

    async def judged(self) -> JudgedRun:
        await self._enrol()
        accounts = self._accounts()
        judge = Judge.of(self._weights)
        for hour in by_hour(accounts, lambda it: it.seen_at):
            for batch in batches(hour):
                await self._screen(batch, await judge.at(self._store, batch[0].seen_at, now=NOW))
            for batch in batches(hour):
                await self._store.remember(batch, now=NOW)
            await self._store.freeze(now=NOW)
        return JudgedRun(
            judged=ranked(self._best.values()),
            sign_ups=len({account.account for account in accounts}),
            truth=self._truth,
            fetched=frozenset(self._fetched),
            strategies={
                self._pair(
                    account_key(row["platform"], row["account_id"]),
                    account_key(row["banned_platform"], row["banned_account_id"]),
                ): int(row["strategy"])
                for row in _rows(self._folder / "strategies.csv")
            },
            groups={
                f"{self._name}/{account_key(row['platform'], row['account_id'])}": row["language"]
                for row in _rows(self._folder / "languages.csv")
            },
        )

    async def _enrol(self) -> None:
        lines = read_bans(self._folder / "bans.jsonl", now=NOW, platform="x")
        bans = [ban_of(it.outcome, _KEYERS) for it in lines if not isinstance(it.outcome, Malformed)]
        for batch in batches(bans):
            await self._store.enrol(batch, now=NOW)

    def _accounts(self) -> list[Remembered]:
        lines = read_accounts(self._folder / "accounts.jsonl", now=NOW, platform="x")
        return [remembered_of(it.outcome, _KEYERS) for it in lines if not isinstance(it.outcome, Malformed)]

    async def _screen(self, batch: Sequence[Remembered], judge: Judge) -> None:
        queries = [judge.everybody(it) for it in batch]
        found = await self._store.bans_like(queries, now=NOW, keep=_KEEP)
        for account, candidates in zip(batch, found, strict=True):
            at = account.fingerprints[0].at
            facts = await self._store.facts([one.ref for one in candidates])
            scores = judge.scores(account, candidates, [it.policy or "" if it else "" for it in facts])
            self._keep(
                # In memory a candidate is referred to by its account key.
                [
                    self._judged(self._pair(account.account, each.ref), told, at, each.fingerprint.at)
                    for each, told in zip(candidates, scores, strict=True)
                ]
            )

    def _judged(
        self, pair: AccountPair, told: Score, at: float | None, banned_at: float | None
    ) -> ScoredPair:
        since = None if at is None or banned_at is None else at - banned_at
        return ScoredPair(pair, told.log_odds, told.probability, told.band, pair in self._truth, since)

    def _keep(self, pairs: Sequence[ScoredPair]) -> None:
        """Of one event what a worker would publish, and the best below."""
        self._fetched |= {one.pair for one in pairs if one.true}
        best = ranked(pairs)
        alerting = [one for one in best if one.band != "none"][:_ALERTS]
        for one in alerting + [one for one in best if one.band == "none"][:_BELOW]:
            seen = self._best.get(one.pair)
            if seen is None or seen.log_odds < one.log_odds:
                self._best[one.pair] = one

    def _pair(self, account: str, banned: str) -> AccountPair:
        return AccountPair(f"{self._name}/{account}", f"{self._name}/{banned}")
