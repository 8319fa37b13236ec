"""The keyspace of :mod:`store.rules` in Redis: each home is a tag, and a step is a part of one script."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from store.common.records import HEAD_BYTES, head_expiry
from store.redis.client import together
from store.redis.shards import Shards, marked
from store.rules.keyspace import Command, Part, Standing, Transaction

T = TypeVar("T")


class RedisKeyspace:
    """Reads and writes keys of the tags; every step fails where its tag has another epoch."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards
        self.addresses = shards.addresses
        self.homes = shards.all

    def home(self, digest: bytes) -> int:
        return digest[0]

    async def ask(self, commands: Sequence[Command]) -> list[Any]:
        by_home: dict[int, list[int]] = {}
        for at, each in enumerate(commands):
            by_home.setdefault(each.home, []).append(at)
        asked = [
            Transaction(home, (), [commands[at].parts for at in places]) for home, places in by_home.items()
        ]
        replies: list[Any] = [None] * len(commands)
        for places, several in zip(by_home.values(), await self._shards.run("reads", asked), strict=True):
            for at, reply in zip(places, several, strict=True):
                replies[at] = reply
        return replies

    async def apply(self, steps: Sequence[Transaction]) -> list[bool]:
        return [reply == 1 for reply in await self._shards.run("writes", steps)]

    async def standing(
        self, accounts: Sequence[str], now: float, besides: Sequence[Command] = ()
    ) -> tuple[list[Standing], list[Any]]:
        digests = [self.addresses.account(account) for account in accounts]
        reads: list[tuple[int, tuple[Part, ...]]] = [
            (digest.home, parts)
            for digest in digests
            for parts in (
                ("GETRANGE", b"b" + digest.id, 0, HEAD_BYTES - 1),
                ("GET", "d:" + digest.raw.hex()),
                ("GET", "m:" + digest.raw.hex()),
            )
        ]
        replies = await self.ask([*(Command(*read) for read in reads), *besides])
        of_accounts = iter(replies[: len(reads)])
        known = zip(of_accounts, of_accounts, of_accounts, strict=True)
        return [_standing(*several, now) for several in known], replies[len(reads) :]

    async def together(self, jobs: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
        return await together(jobs)


def _standing(ban: bytes, deletion: bytes | None, reinstatement: bytes | None, now: float) -> Standing:
    expired = bool(ban) and head_expiry(ban) <= now
    return Standing(
        bool(ban) and not expired,
        expired,
        marked(deletion or b"", now),
        marked(reinstatement or b"", now) is not None,
    )
