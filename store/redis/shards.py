"""The tags of one store: routes accounts to them, and reads and writes under the known epoch.

A tag's epoch key lies beside its other keys. Every script compares it, and every read brings it along, so a
store that lost a tag fails rather than answers empty.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from store.common.key_digests import Addresses, Digest
from store.common.ranking import Ints
from store.errors import StoreEmptied, StoreUnavailable
from store.redis.client import EMPTIED, EPOCH_KEY, MOVED, KeyNames, Part, RedisClient, together
from store.redis.layout import BUCKET_BYTES, TAGS, Layout, Spread

Names = npt.NDArray[np.uint8]
"""Ends of key names of one length, a row for each key."""

# Keys per MGET, steps and posting entries per script: some milliseconds of Redis, when it serves nobody else.
_KEYS_AT_ONCE: Final = 4_096
_STEPS_AT_ONCE: Final = 128
_ENTRIES_AT_ONCE: Final = 2_048
_SCANNED_AT_ONCE: Final = 2_000
# Two workers that write one account at once make each other decide again; more than a few turns mean that
# something else is wrong.
_TURNS: Final = 8
_HEX: Names = np.array([list(b"%02x" % tag) for tag in range(TAGS)], np.uint8)


class Plan(NamedTuple):
    """A decision on one account: a word for it, and the commands (verb, key without root, arguments)."""

    word: str
    commands: tuple[tuple[Part, ...], ...] = ()
    former: bytes = b""  # the record that the commands replace


@dataclass(frozen=True, slots=True)
class Step:
    """A change of one account's keys, decided from what some of them hold (empty where there is none).

    It is decided first as if there were nothing yet, as is true of most accounts, and decided again where
    that proves wrong.
    """

    digest: Digest
    reads: tuple[bytes, ...]
    decide: Callable[[Sequence[bytes]], Plan]


def marked(raw: bytes, now: float) -> float | None:
    """The moment of a marker of a reinstatement or deletion, while it is in force."""
    moment, _, until = raw.partition(b" ")
    return float(moment) if until and float(until) > now else None


def dropped(digest: Digest, kind: bytes, raw: bytes) -> Step:
    """Notes that the entries of a former record were dropped, unless another one is noted by now."""

    def decide(found: Sequence[bytes]) -> Plan:
        return Plan("dropped", (("DEL", kind + digest.id),)) if found[0] in (b"", raw) else Plan("another")

    return Step(digest, (kind + digest.id,), decide)


class Shards:
    """Routes by digest. ``epoch``: the one that this process has seen, "" before the first enrolment."""

    def __init__(self, client: RedisClient, layout: Layout, epoch: str) -> None:
        """Takes the connection, the layout, and the epoch known so far."""
        self.client = client
        self.layout = layout
        self.epoch = epoch
        self.all = range(TAGS)

    @property
    def addresses(self) -> Addresses:
        """The keyed hashes of this store."""
        return self.layout.addresses

    def root(self, tag: int) -> str:
        """The prefix of a tag's keys."""
        return self.layout.root(tag)

    def of(self, digest: Digest) -> int:
        """The tag of an account or an alert."""
        return digest.home

    def by_shard(self, digests: Iterable[Digest]) -> dict[int, list[int]]:
        """The positions of accounts or alerts, by their tag."""
        places: dict[int, list[int]] = {}
        for at, digest in enumerate(digests):
            places.setdefault(digest.home, []).append(at)
        return places

    def key(self, kind: str, digest: Digest) -> str:
        """The key of one kind that is named after an account or an alert."""
        return f"{self.root(digest.home)}{kind}:{digest.raw.hex()}"

    async def script(self, name: str, tag: int, *arguments: Part) -> Any:
        return await self.client.script(name, self.root(tag), self.epoch, *arguments)

    async def scatter(
        self, name: str, digests: Sequence[Digest], head: Iterable[Part], items: Sequence[Sequence[Part]]
    ) -> list[tuple[int, list[int], Any]]:
        """Runs a script on each tag of some digest, with ``head`` and the items of its digests.

        Returns for each such tag its number, the positions of its items, and the script's reply.
        """
        by_shard, head = self.by_shard(digests), tuple(head)
        answers = await together(
            [
                self.script(name, tag, *head, *(part for at in places for part in items[at]))
                for tag, places in by_shard.items()
            ]
        )
        return [
            (tag, places, answer) for (tag, places), answer in zip(by_shard.items(), answers, strict=True)
        ]

    async def ask(
        self,
        name: str,
        digests: Sequence[Digest],
        head: Iterable[Part],
        items: Sequence[Sequence[Part]],
        width: int = 1,
    ) -> list[list[Any]]:
        """Like :meth:`scatter`, for scripts that reply ``width`` parts for each item; in the items' order."""
        answers: list[list[Any]] = [[] for _ in digests]
        for _, places, answer in await self.scatter(name, digests, head, items):
            for turn, at in enumerate(places):
                answers[at] = answer[turn * width : (turn + 1) * width]
        return answers

    async def values(self, kind: bytes, tags: Ints, names: Names) -> list[bytes]:
        """Reads the keys named by their tag, ``kind`` and name, in order; empty where there is none."""
        contents = np.full(len(tags), b"", object)

        async def read(own: Ints) -> None:
            distinct = np.unique(tags[own])
            epochs = self._names(distinct, EPOCH_KEY.encode(), np.zeros((len(distinct), 0), np.uint8))
            found = await self.client.values(KeyNames.of((epochs, self._names(tags[own], kind, names[own]))))
            self._check(found[: len(distinct)])
            contents[own] = np.array([value or b"" for value in found[len(distinct) :]], object)

        await together(
            [
                read(own[at : at + _KEYS_AT_ONCE])
                for own in self._by_server(tags)
                for at in range(0, len(own), _KEYS_AT_ONCE)
            ]
        )
        answer: list[bytes] = contents.tolist()
        return answer

    async def of_accounts(self, kind: bytes, ids: Sequence[bytes]) -> list[bytes]:
        """Reads the keys of one kind that are named by the ids of accounts."""
        table = (
            np.frombuffer(b"".join(ids), np.uint8).reshape(len(ids), -1)
            if ids
            else np.zeros((0, 1), np.uint8)
        )
        return await self.values(kind, table[:, 0].astype(np.int64), table)

    async def buckets(self, index: bytes, numbers: Ints) -> list[bytes]:
        """Reads buckets of postings."""
        table = numbers.astype(">u4").view(np.uint8).reshape(-1, BUCKET_BYTES)
        return await self.values(index, numbers % TAGS, table)

    async def swap(self, steps: Sequence[Step]) -> list[Plan]:
        """Takes each step, and decides again where the keys that it read have changed.

        Two steps of one account are taken in their order. A step whose reply was lost finds its own result
        when it is taken again.
        """
        plans = [step.decide([b""] * len(step.reads)) for step in steps]
        values = [[b""] * len(step.reads) for step in steps]
        todo = dict.fromkeys(range(len(steps)))
        for _ in range(_TURNS + len(steps)):
            if not todo:
                return plans
            first: dict[bytes, int] = {}
            for at in todo:
                first.setdefault(steps[at].digest.raw, at)
            turn = list(first.values())
            packed = [self._packed(steps[at], values[at], plans[at]) for at in turn]
            homes = np.array([steps[at].digest.home for at in turn])
            calls = [
                own[start : start + _STEPS_AT_ONCE]
                for own in self._by_server(homes)
                for start in range(0, len(own), _STEPS_AT_ONCE)
            ]
            answers = await together(
                [
                    self.script(
                        "swap", int(homes[own[0]]), *(part for at in own.tolist() for part in packed[at])
                    )
                    for own in calls
                ]
            )
            for own, several in zip(calls, answers, strict=True):
                for place, found in zip(own.tolist(), several, strict=True):
                    at = turn[place]
                    if found != 1:
                        values[at], plans[at] = found, steps[at].decide(found)
                    if found == 1 or not plans[at].commands:
                        del todo[at]
        raise StoreUnavailable(
            f"writes of {len(todo)} accounts given up: other workers changed them before each retry"
        )

    def _packed(self, step: Step, values: Sequence[bytes], plan: Plan) -> list[Part]:
        parts: list[Part] = [self.root(step.digest.home), len(step.reads)]
        parts += [part for pair in zip(step.reads, values, strict=True) for part in pair]
        parts.append(len(plan.commands))
        for command in plan.commands:
            parts += (len(command), *command)
        return parts

    async def postings(
        self, verb: str, index: bytes, spread: Spread, rows: Sequence[bytes], seconds: int | str = ""
    ) -> None:
        """Adds, completes or drops entries of postings; postings.lua says how ``rows`` are packed."""
        packed = b"".join(rows)
        if not packed:
            return
        width = BUCKET_BYTES + 3 + spread.width
        table = np.frombuffer(packed, np.uint8).reshape(-1, width)
        tags = table[:, BUCKET_BYTES - 1].astype(np.int64)  # the number of a bucket, modulo 256
        order = np.argsort(tags, kind="stable")
        head = (verb, index, spread.print_bytes, spread.width, seconds)
        calls = []
        for own in self._by_server(tags[order]):
            for at in range(0, len(own), _ENTRIES_AT_ONCE):
                some = order[own[at : at + _ENTRIES_AT_ONCE]]
                ends = np.flatnonzero(np.diff(tags[some], append=-1)) + 1
                parts: list[Part] = []
                for here, there in zip([0, *ends.tolist()], ends.tolist(), strict=False):
                    parts += (self.root(int(tags[some[here]])), table[some[here:there]].tobytes())
                calls.append(self.script("postings", int(tags[some[0]]), *head, *parts))
        await together(calls)

    async def scanned(self, pattern: bytes) -> AsyncIterator[list[bytes]]:
        """Yields, some at a time, the names of a store's keys that match a pattern."""
        for master in await self.client.masters():
            cursor = 0
            while True:
                cursor, names = await self.client.scan(master, cursor, pattern, _SCANNED_AT_ONCE)
                yield names
                if cursor == 0:
                    break

    def _by_server(self, tags: Ints) -> list[Ints]:
        """The positions of tags that one command may name together: all, but in a Cluster one tag's."""
        everything = np.arange(len(tags))
        if not self.client.is_cluster:
            return [everything] if len(tags) else []
        return [everything[tags == tag] for tag in np.unique(tags)]

    def _names(self, tags: Ints, kind: bytes, names: Names) -> Names:
        """The full names of keys: prefix, tag in braces, kind, name."""
        start = np.frombuffer(self.layout.prefix.encode() + b"{", np.uint8)
        middle = np.frombuffer(b"}:" + kind, np.uint8)
        rows = (len(tags), 1)
        return np.hstack((np.tile(start, rows), _HEX[tags], np.tile(middle, rows), names))

    def _check(self, epochs: Sequence[bytes | None]) -> None:
        known = self.epoch
        for raw in epochs:
            held = (raw or b"").decode()
            if (held == MOVED or known) and held != known:
                raise StoreEmptied(EMPTIED)
            self.epoch = self.epoch or held
