"""Bans of pairs that a quarantine keeps from alerting: a sorted set, by the moment of the first such pair."""

from __future__ import annotations

from collections.abc import Sequence

from store.limits import HELD_MAX
from store.redis.shards import Shards


class HeldBans:
    """(digest of a value in quarantine, account of a ban), oldest first. They lie in the first shard."""

    def __init__(self, shards: Shards) -> None:
        self._client = shards.client
        self._key = f"{shards.root(0)}held"

    async def add(self, held: Sequence[tuple[str, str]], now: float) -> None:
        """Adds pairs that are not there; beyond the cap the newest go."""
        parts = [part for one in held for part in (repr(now), _member(one))]
        await self._client.command("ZADD", self._key, "NX", *parts)
        await self._client.command("ZREMRANGEBYRANK", self._key, HELD_MAX, -1)

    async def read(self) -> list[tuple[str, str]]:
        members: list[bytes] = await self._client.command("ZRANGE", self._key, 0, -1)
        found = [member.decode().partition(" ") for member in members]
        return [(digest, account) for digest, _, account in found]

    async def remove(self, held: Sequence[tuple[str, str]]) -> None:
        await self._client.command("ZREM", self._key, *map(_member, held))


def _member(held: tuple[str, str]) -> bytes:
    return " ".join(held).encode()
