"""The keyspace of :mod:`store.rules` in Redis: each home is a shard, and a step is one script."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import Any, Final, TypeVar

from store.common.key_digests import Digest
from store.redis.client import together
from store.redis.shards import Shards
from store.rules.keyspace import Command, Part, Standing, Step

T = TypeVar("T")
_STEPS_AT_ONCE: Final = 64  # a millisecond or two of Redis, during which it serves nobody else


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
        for at, each in enumerate(commands):
            by_home.setdefault(each.home, []).append(at)
        asked = [Step(home, {}, [commands[at] for at in places]) for home, places in by_home.items()]
        replies: list[Any] = [None] * len(commands)
        for places, several in zip(by_home.values(), await self._run("reads", asked), strict=True):
            for at, reply in zip(places, several or (), strict=True):
                replies[at] = reply
        return replies

    async def apply(self, steps: Sequence[Step]) -> list[list[Any] | None]:
        return await self._run("writes", steps)

    async def _run(self, how: str, steps: Sequence[Step]) -> list[list[Any] | None]:
        by_home: dict[int, list[int]] = {}
        for at, each in enumerate(steps):
            by_home.setdefault(each.home, []).append(at)
        some = [
            (home, places[at : at + _STEPS_AT_ONCE])
            for home, places in by_home.items()
            for at in range(0, len(places), _STEPS_AT_ONCE)
        ]
        answers = await together(
            [
                self._shards.script(
                    "step", home, how, *(part for at in places for part in _packed(steps[at]))
                )
                for home, places in some
            ]
        )
        replies: list[list[Any] | None] = [None] * len(steps)
        for (_, places), several in zip(some, answers, strict=True):
            for at, reply in zip(places, several, strict=True):
                replies[at] = reply
        return replies

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


def _packed(step: Step) -> list[Part]:
    packed: list[Part] = [len(step.read), *(part for pair in step.read.items() for part in pair)]
    packed.append(len(step.commands))
    for _, verb, name, arguments in step.commands:
        packed += (2 + len(arguments), verb, name, *arguments)
    return packed
