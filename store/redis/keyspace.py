"""The keyspace of :mod:`store.rules` in Redis: each home is a shard, and a step is one script."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from store.common.key_digests import Digest
from store.redis.client import together
from store.redis.shards import Shards
from store.rules.keyspace import Command, Part, Standing

T = TypeVar("T")


class RedisKeyspace:
    """Reads and writes keys of the shards; every script fails where its shard has another epoch."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards
        self.addresses = shards.addresses
        self.homes = shards.all

    def home(self, digest: Digest) -> int:
        return self._shards.of(digest)

    async def ask(self, commands: Sequence[Command]) -> list[Any]:
        by_home: dict[int, list[int]] = {}
        for at, command in enumerate(commands):
            by_home.setdefault(command.home, []).append(at)
        answers = await together(
            [
                self._shards.script("step", home, "", *_packed([commands[at] for at in places]))
                for home, places in by_home.items()
            ]
        )
        replies: list[Any] = [None] * len(commands)
        for places, several in zip(by_home.values(), answers, strict=True):
            for at, reply in zip(places, several, strict=True):
                replies[at] = reply
        return replies

    async def apply(
        self, home: int, read: Mapping[str, bytes], commands: Sequence[Command]
    ) -> list[Any] | None:
        known = [part for pair in read.items() for part in pair]
        answers: list[Any] | None = await self._shards.script(
            "step", home, len(read), *known, *_packed(commands)
        )
        return answers

    async def standing(self, accounts: Sequence[str], now: float) -> list[Standing]:
        digests = [self.addresses.account(account) for account in accounts]
        head = (repr(now), self._shards.layout.bans.maps)
        answers = await self._shards.ask("standing", digests, head, [(digest.raw,) for digest in digests], 3)
        return [
            Standing(
                ban == b"banned", ban == b"expired", float(deleted) if deleted else None, bool(reinstated)
            )
            for ban, deleted, reinstated in answers
        ]

    async def together(self, jobs: Sequence[Coroutine[Any, Any, T]]) -> list[T]:
        return await together(jobs)


def _packed(commands: Sequence[Command]) -> list[Part]:
    packed: list[Part] = []
    for _, verb, name, arguments in commands:
        packed += (2 + len(arguments), verb, name, *arguments)
    return packed
