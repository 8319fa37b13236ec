"""Published alerts without a verdict: how many there are, and since when the oldest has waited.

A sorted set per shard, by the moment of publication. It holds keyed digests only, and serves only operators'
figures: if some of it is lost, no alert is.
"""

from __future__ import annotations

from collections.abc import Sequence

from store.limits import AWAITING_MAX
from store.redis.client import together
from store.redis.shards import Shards


class UnjudgedAlerts:
    """The unjudged alerts over all shards."""

    def __init__(self, shards: Shards, dedup_seconds: float) -> None:
        """``dedup_seconds``: how long an alert is counted."""
        self._shards = shards
        self._seconds = dedup_seconds

    async def note(self, alert_ids: Sequence[str], now: float) -> None:
        """Notes alerts as published; one that waits already keeps its earlier moment."""
        digests = [self._shards.addresses.alert(alert_id) for alert_id in alert_ids]
        await together(
            [
                self._shards.client.command(
                    "ZADD",
                    self._key(shard),
                    "NX",
                    *[part for at in places for part in (repr(now), digests[at].raw)],
                )
                for shard, places in self._shards.by_shard(digests).items()
            ]
        )

    async def settle(self, alert_ids: Sequence[str]) -> None:
        digests = [self._shards.addresses.alert(alert_id) for alert_id in alert_ids]
        await together(
            [
                self._shards.client.command("ZREM", self._key(shard), *(digests[at].raw for at in places))
                for shard, places in self._shards.by_shard(digests).items()
            ]
        )

    async def figures(self) -> tuple[int, float | None]:
        """How many wait, and when (Unix seconds) the oldest of them was published."""
        client, keys = self._shards.client, [self._key(shard) for shard in self._shards.all]
        counts = await together([client.command("ZCARD", key) for key in keys])
        firsts = await together([client.command("ZRANGE", key, 0, 0, "WITHSCORES") for key in keys])
        # The score of the only member in a reply: RESP3 replies a nested pair, RESP2 two items in a row.
        return sum(counts), min(
            (float(first[0][1] if len(first) == 1 else first[1]) for first in firsts if first), default=None
        )

    async def trim(self, now: float) -> None:
        """Drops alerts that nobody has judged for that long, and the oldest ones beyond the cap."""
        client = self._shards.client
        most = max(1, AWAITING_MAX // len(self._shards.all))
        for key in map(self._key, self._shards.all):
            await client.command("ZREMRANGEBYSCORE", key, "-inf", repr(now - self._seconds))
            await client.command("ZREMRANGEBYRANK", key, 0, -most - 1)

    def _key(self, shard: int) -> str:
        return f"{self._shards.root(shard)}unjudged"
