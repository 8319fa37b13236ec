"""What a worker makes of an account and the candidates of its look-up, without what carries it.

The one place where benches ask the mind, so that all of them judge as the agents do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from samehand.frequency.rates import CountsWithoutCandidates, Frequencies, NothingCounted
from samehand.scoring.evidence import Score
from samehand.scoring.score import score
from samehand.scoring.upper_bound import UpperBound
from samehand.scoring.weights import Weights, default_weights
from store.base import Candidate, Query, Remembered, Store


@dataclass(frozen=True, slots=True)
class Judge:
    """The weights, and what was counted by the moment that the judge was last asked for."""

    weights: Weights
    bound: UpperBound
    counted: Frequencies

    @classmethod
    def of(cls, weights: Weights | None = None) -> Self:
        """By these weights, or those that are shipped; nothing counted yet."""
        weights = weights or default_weights()
        return cls(weights, UpperBound(weights), NothingCounted())

    async def at(self, store: Store, moment: float, *, now: float | None = None) -> Self:
        """The same for events of a moment (Unix seconds), read ``now``. Raises what a store raises."""
        now = moment if now is None else now
        counted = await store.frequencies(at=moment, now=now)
        return replace(self, counted=counted)

    def query(self, account: Remembered) -> Query:
        """Asks for those who can alert, as a worker does."""
        table = self.bound.table(account.fingerprints, self.counted)
        return Query.by(account.account, table)

    def everybody(self, account: Remembered) -> Query:
        """Asks for all who share a key."""
        return Query.of(account.account, account.fingerprints)

    def scores(
        self,
        account: Remembered,
        candidates: Sequence[Candidate],
        policies: Sequence[str | None] | None = None,
    ) -> list[Score]:
        """The score of each candidate of one look-up, by the thresholds of its ban's policy where given."""
        context = CountsWithoutCandidates(self.counted, candidates[0].bearers if candidates else {})
        ours = account.fingerprints[0]
        return [
            score(ours, one.fingerprint, self.weights, context, policy=policy)
            for one, policy in zip(candidates, policies or [None] * len(candidates), strict=True)
        ]
