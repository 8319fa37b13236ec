"""The generations of remembered accounts: when each began, how much it holds, and which are over.

Postings of remembered accounts are listed by generation, so that Redis lets a generation go as a whole. A new
one begins after an eighth of the retention time or of the byte budget. While all together exceed the budget,
the oldest is evicted. The book of generations is a string under the first tag, and their sizes are a hash
beside it: sizes are only added to, and the book changes by steps that fail if it has changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import ceil
from typing import Any, Final

import msgspec
import numpy as np

from store.common.key_digests import ID_BYTES, Digest
from store.common.records import StoredAccount, read_record
from store.limits import GENERATIONS
from store.redis.client import both, together
from store.redis.shards import Change, Plan, Shards

_HOME: Final = Digest(bytes(16))  # under the first tag
_BOOK: Final = "g"
_SIZES: Final = "gn"
_NUMBERS: Final = 0xFFFF  # of a generation two bytes are kept
# Buckets of an evicted generation that each write clears: more than a batch of accounts fills.
_CLEARED_AT_ONCE: Final = 96


class Book(msgspec.Struct, frozen=True, array_like=True):
    """``began``: when each generation began (Unix seconds), from number ``first`` on, the oldest first."""

    first: int = 1
    began: tuple[float, ...] = ()
    evicted: int = 0  # accounts

    def holds(self, record: StoredAccount) -> bool:
        """Returns whether a record is listed in a generation that was not evicted."""
        return (record.generation - self.first) & _NUMBERS < len(self.began)

    @property
    def last(self) -> int:
        """The number of the generation that is written; one below ``first`` where there is none."""
        return self.first + len(self.began) - 1


_READ: Final = msgspec.msgpack.Decoder(Book)


def index_of(generation: int) -> bytes:
    """The name of a generation's postings."""
    return b"g" + (generation & _NUMBERS).to_bytes(2, "big")


class Generations:
    """The book of generations, read with every write."""

    def __init__(self, shards: Shards, *, retention_seconds: float, budget_bytes: int) -> None:
        self._shards = shards
        self._retention = retention_seconds
        self._span = retention_seconds / GENERATIONS
        self._budget = budget_bytes
        self._closed_bytes = ceil(budget_bytes / GENERATIONS)
        self._book = Book()
        self._bytes = 0  # of the last one
        self.key_seconds = ceil(retention_seconds + 2 * self._span)

    async def read(self) -> Book:
        """The book as it is now."""
        (raw,) = await self._shards.values(_BOOK.encode(), np.zeros(1, np.int64), np.zeros((1, 0), np.uint8))
        self._book = _READ.decode(raw) if raw else Book()
        return self._book

    async def living(self, now: float) -> list[int]:
        """The numbers of the generations that have not ended, the oldest first."""
        book = await self.read()
        numbers = enumerate(book.began, book.first)
        return [number for number, began in numbers if began + self._span + self._retention > now]

    async def opened(self, now: float) -> Book:
        """The book, of which the last generation is to be written to; begins a new one where that is due.

        The book is as :meth:`note` read it last, which saves a trip. A writer then asks :meth:`evicted`.
        """
        if self._due(now):
            before = self._book.last
            if (await self.read()).last != before:
                self._bytes = (await self._sizes()).get(b"b%d" % self._book.last, 0)
        if self._due(now):
            await self._change(now, opens=True)
            self._bytes = 0
        return self._book

    def _due(self, now: float) -> bool:
        began = self._book.began
        return not began or now >= began[-1] + self._span or self._bytes >= self._closed_bytes

    def evicted(self, book: Book) -> bool:
        """Returns whether the last generation of a book was evicted by now, as far as this process knows."""
        return book.last < self._book.first

    async def note(self, grown: Mapping[int, tuple[int, int]], now: float) -> None:
        """Adds by how many bytes and accounts generations have grown; evicts the oldest beyond the budget."""
        key, client = self._shards.root(0) + _SIZES, self._shards.client
        added = [
            client.command("HINCRBY", key, f"{letter}{number}", by)
            for number, both in grown.items()
            for letter, by in zip("bn", both, strict=True)
            if by
        ]
        # In one trip; what a Cluster has not added by then is seen with the next batch.
        _, (_, sizes) = await both(together(added), both(self.read(), self._sizes()))
        self._bytes = sizes.get(b"b%d" % self._book.last, 0)
        while len(self._book.began) > 1 and self._total(sizes) > self._budget:
            await self._change(now, opens=False, evicted=sizes.get(b"n%d" % self._book.first, 0))
        await self._clear(sizes)

    def _total(self, sizes: Mapping[bytes, int]) -> int:
        return sum(sizes.get(b"b%d" % number, 0) for number in range(self._book.first, self._book.last + 1))

    async def figures(self) -> tuple[int, int, int]:
        """How many accounts there are, their estimated bytes, and how many were evicted."""
        _, sizes = await both(self.read(), self._sizes())
        numbers = range(self._book.first, self._book.last + 1)
        return sum(sizes.get(b"n%d" % it, 0) for it in numbers), self._total(sizes), self._book.evicted

    async def _sizes(self) -> dict[bytes, int]:
        fields: Any = await self._shards.client.command("HGETALL", self._shards.root(0) + _SIZES)
        pairs = fields.items() if isinstance(fields, dict) else zip(fields[::2], fields[1::2], strict=True)
        return {name: int(size) for name, size in pairs}

    async def _change(self, now: float, *, opens: bool, evicted: int = 0) -> None:
        """Begins a generation if that is still due, or evicts the oldest; drops those that have ended."""
        before = self._book

        def decide(found: Sequence[bytes]) -> Plan:
            book = _READ.decode(found[0]) if found[0] else Book()
            if found[0] and book != before:
                self._book = book
                return Plan("known")
            ended = sum(began + self._span + self._retention <= now for began in book.began)
            gone = ended if opens else 1
            began = (*book.began[gone:], now) if opens else book.began[gone:]
            self._book = Book(book.first + gone, began, book.evicted + evicted)
            fields = [f"{it}{number}" for number in range(book.first, book.first + gone) for it in "bn"]
            commands: list[tuple[Any, ...]] = [("SET", _BOOK, msgspec.msgpack.encode(self._book))]
            if fields:
                commands.append(("HDEL", _SIZES, *fields))
            if not opens:
                commands.append(("HSET", _SIZES, f"x{book.first}", 0))
            return Plan("changed", tuple(commands))

        await self._shards.swap([Change(_HOME, (_BOOK,), decide)])

    async def _clear(self, sizes: Mapping[bytes, int]) -> None:
        """Deletes some postings of an evicted generation, and the records of the accounts listed there."""
        leaving = min(
            (name for name in sizes if name[:1] == b"x"), key=lambda name: int(name[1:]), default=None
        )
        if leaving is None:
            return
        key, number, buckets = (
            self._shards.root(0) + _SIZES,
            int(leaving[1:]),
            self._shards.layout.remembered.buckets,
        )
        ends = await self._shards.client.command("HINCRBY", key, leaving, _CLEARED_AT_ONCE)
        numbers = np.arange(ends - _CLEARED_AT_ONCE, min(ends, buckets), dtype=np.int64)
        width, start = self._shards.layout.remembered.width, self._shards.layout.remembered.print_bytes
        blobs = await self._shards.buckets(index_of(number), numbers)
        ids = list(
            {blob[at + start : at + start + ID_BYTES] for blob in blobs for at in range(0, len(blob), width)}
        )

        def ends_with(id_: bytes) -> Change:
            def decide(found: Sequence[bytes]) -> Plan:
                record = read_record(found[0])
                if record is None or record.generation != number & _NUMBERS:
                    return Plan("stays")
                return Plan("gone", (("DEL", b"s" + id_),))

            return Change(Digest(id_ + bytes(8)), (b"s" + id_,), decide)

        await self._shards.swap([ends_with(id_) for id_ in ids])
        names = [
            self._shards.root(int(it) % 256).encode() + index_of(number) + int(it).to_bytes(4, "big")
            for it in numbers
        ]
        await together([self._shards.client.command("UNLINK", name) for name in names])
        if ends >= buckets:
            await self._shards.client.command("HDEL", key, leaving)
