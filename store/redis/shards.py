"""The tags of one store: routes accounts to them, and reads and writes under the known epoch.

A tag's epoch key lies beside its other keys. Every script compares it, and every read brings it along, so a
store that lost a tag fails rather than answers empty.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from store.common.key_digests import Addresses, Digest
from store.common.ranking import Ints
from store.errors import StoreEmptied, StoreUnavailable
from store.redis.client import EMPTIED, EPOCH_KEY, MOVED, KeyNames, Part, RedisClient, together
from store.redis.layout import BUCKET_BYTES, TAGS, Layout, Spread
from store.rules.keyspace import Transaction

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


class Plan(NamedTuple):
    """A decision on one account: a word for it, and the commands (verb, key without root, arguments)."""

    word: str
    commands: tuple[tuple[Part, ...], ...] = ()
    former: bytes = b""  # the record that the commands replace


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one account's keys, decided from what some of them hold (empty where there is none).

    It is decided first as if there were nothing yet, as is true of most accounts, and decided again where
    that proves wrong.
    """

    digest: Digest
    reads: tuple[str | bytes, ...]
    decide: Callable[[Sequence[bytes]], Plan]


def marked(raw: bytes, now: float) -> float | None:
    """The moment of a marker of a reinstatement or deletion, while it is in force."""
    moment, _, until = raw.partition(b" ")
    return float(moment) if until and float(until) > now else None


def mark(name: str, raw: bytes, moment: float, now: float, seconds: int) -> tuple[Part, ...]:
    """Returns the command that marks a moment at a key, or keeps the later one that is in force there."""
    latest = max(moment, moment if (known := marked(raw, now)) is None else known)
    return "SET", name, f"{latest!r} {now + seconds!r}", "EX", seconds


def dropped(digest: Digest, kind: bytes, raw: bytes) -> Change:
    """Notes that the entries of a former record were dropped, unless another one is noted by now."""

    def decide(found: Sequence[bytes]) -> Plan:
        return Plan("dropped", (("DEL", kind + digest.id),)) if found[0] in (b"", raw) else Plan("another")

    return Change(digest, (kind + digest.id,), decide)


class Shards:
    """Routes by digest. ``epoch``: the one that this process has seen, "" before the first enrolment."""

    def __init__(self, client: RedisClient, layout: Layout, epoch: str) -> None:
        """Takes the connection, the layout, and the epoch known so far."""
        self.client = client
        self.layout = layout
        self.epoch = epoch
        self.all = range(TAGS)
        self._roots = [layout.root(tag) for tag in self.all]
        self._root_table: Names = np.array([list(root.encode()) for root in self._roots], np.uint8)

    @property
    def addresses(self) -> Addresses:
        """The keyed hashes of this store."""
        return self.layout.addresses

    def root(self, tag: int) -> str:
        """The prefix of a tag's keys."""
        return self._roots[tag]

    async def script(self, name: str, tag: int, *arguments: Part) -> Any:
        return await self.client.script(name, self.root(tag), self.epoch, *arguments)

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

    async def swap(self, changes: Sequence[Change]) -> list[Plan]:
        """Makes each change, and decides again where the keys that it read have changed.

        Two changes of one account are made in their order. One whose reply was lost finds its own result when
        it is made again.
        """
        plans = [change.decide([b""] * len(change.reads)) for change in changes]
        values: list[Sequence[bytes]] = [[b""] * len(change.reads) for change in changes]
        todo = dict.fromkeys(range(len(changes)))
        for _ in range(_TURNS + len(changes)):
            if not todo:
                return plans
            first: dict[bytes, int] = {}
            for at in todo:
                first.setdefault(changes[at].digest.raw, at)
            turn = list(first.values())
            answers = await self.run(
                "writes",
                [
                    Transaction(
                        changes[at].digest.home,
                        list(zip(changes[at].reads, values[at], strict=True)),
                        plans[at].commands,
                    )
                    for at in turn
                ],
            )
            for at, found in zip(turn, answers, strict=True):
                if found != 1:
                    values[at], plans[at] = found, changes[at].decide(found)
                if found == 1 or not plans[at].commands:
                    del todo[at]
        raise StoreUnavailable(
            f"writes of {len(todo)} accounts given up: other workers changed them before each retry"
        )

    async def run(self, how: str, steps: Sequence[Transaction]) -> list[Any]:
        """Takes steps, in order for each tag; step.lua says what it returns of each."""
        homes = np.array([step.home for step in steps], np.int64)
        calls = [
            own[start : start + _STEPS_AT_ONCE].tolist()
            for own in self._by_server(homes)
            for start in range(0, len(own), _STEPS_AT_ONCE)
        ]
        several = await together(
            [
                self.script(
                    "step",
                    steps[own[0]].home,
                    how,
                    *chain.from_iterable(self._packed(steps[at]) for at in own),
                )
                for own in calls
            ]
        )
        answers: list[Any] = [None] * len(steps)
        for own, replies in zip(calls, several, strict=True):
            for at, reply in zip(own, replies, strict=True):
                answers[at] = reply
        return answers

    def _packed(self, step: Transaction) -> list[Part]:
        parts: list[Part] = [self._roots[step.home], len(step.read), *chain.from_iterable(step.read)]
        parts.append(len(step.commands))
        for command in step.commands:
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
        """The full names of keys: the root of the tag, kind, name."""
        root, start = self._root_table.shape[1], self._root_table.shape[1] + len(kind)
        table = np.empty((len(tags), start + names.shape[1]), np.uint8)
        table[:, :root] = self._root_table[tags]
        table[:, root:start] = np.frombuffer(kind, np.uint8)
        table[:, start:] = names
        return table

    def _check(self, epochs: Sequence[bytes | None]) -> None:
        known = self.epoch
        for raw in set(epochs):
            held = (raw or b"").decode()
            if (held == MOVED or known) and held != known:
                raise StoreEmptied(EMPTIED)
            self.epoch = self.epoch or held
