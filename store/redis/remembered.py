"""Remembered accounts in Redis: an index for each generation, written with every event."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Any, Final

from samehand.keys import Key, KeyKind
from samehand.showings import Showings
from store.base import Candidate, Query, Remembered, RememberedFacts
from store.common.crowd import by_kind, naming_keys, not_listed
from store.common.key_digests import Digest
from store.common.records import (
    frame_of,
    keys_of,
    keys_of_account,
    read_frame,
    read_remembered,
    read_remembered_quote,
    remembered_bytes,
    remembered_quote,
    with_former,
)
from store.limits import DELETION_MARKER_SECONDS, GENERATIONS, REMEMBERED_AT_ONCE
from store.redis.candidates.lookup import look_up
from store.redis.client import Answer, both, together
from store.redis.counting.counters import Counters
from store.redis.layout import NOWHERE, SLOT_BITS, Rows, spots
from store.redis.shards import Shards, WriteReply

# A generation is closed before its slots run out in any shard, with room for what other processes write until
# they notice.
_SLOTS_FULL: Final = (1 << SLOT_BITS) - (1 << 16)

# Accounts whose remembering failed and was not repeated yet: room for the batches of some dozens of
# partitions. Any more belong to partitions that other workers took over; these are not counted, as after a
# kill.
_UNCOUNTED_MAX: Final = 64 * REMEMBERED_AT_ONCE


@dataclass(frozen=True, slots=True)
class _Write:
    """One operation for remember.lua, or for forget.lua, which needs no new state."""

    digest: Digest
    moment: float
    frame: bytes = b""
    quote: bytes = b""
    rows: Rows = NOWHERE
    new_bytes: int = 0
    expect: bytes = b""
    out: Rows = NOWHERE
    old_bytes: int = 0
    account: Remembered | None = None

    @property
    def parts(self) -> tuple[bytes | str | int, ...]:
        """The arguments of the script."""
        if self.account is None:
            return (self.digest.raw, repr(self.moment), self.expect, self.out.own, self.old_bytes)
        return (
            self.digest.raw,
            repr(self.moment),
            self.expect,
            self.frame,
            self.quote,
            self.out.own,
            self.rows.own,
            self.old_bytes,
            self.new_bytes,
        )


@dataclass(frozen=True, slots=True)
class _Book:
    """The generations as the first shard keeps them (book.lua): the oldest's number, and when each began."""

    first: int
    began: tuple[float, ...]
    last_bytes: int = 0

    @classmethod
    def of(cls, answer: Sequence[Any]) -> _Book:
        """Reads the reply of book.lua."""
        first, *counts = answer
        return cls(int(first), tuple(map(float, counts[::2])), int(counts[-1]) if counts else 0)

    @property
    def last(self) -> int:
        """The number of the one that is written; one below ``first`` where there is none."""
        return self.first + len(self.began) - 1

    def living(self, lives: float, now: float) -> range:
        """The numbers of the generations that have not expired."""
        over = next((at for at, began in enumerate(self.began) if began + lives > now), len(self.began))
        return range(self.first + over, self.last + 1)


class RememberedAccounts:
    """Remembered accounts over all shards."""

    def __init__(
        self, shards: Shards, counters: Counters, *, retention_seconds: float, budget_bytes: int
    ) -> None:
        """Takes the shards, the counters of values, and the bounds."""
        self._shards = shards
        self._counters = counters
        self._spread = shards.layout.remembered
        self._retention = retention_seconds
        self._span = retention_seconds / GENERATIONS
        self._budget = budget_bytes
        self._closed_bytes = ceil(budget_bytes / GENERATIONS)
        self._key_seconds = ceil(retention_seconds + 2 * self._span)
        self._book: _Book | None = None  # as read last
        self._full = -1  # the number of a generation that is full in some shard
        self._uncounted: set[str] = set()  # accounts that may be written but not counted, since that failed

    async def remember(self, accounts: Sequence[Remembered], now: float) -> list[Showings]:
        """Remembers accounts, and counts the values of the new or changed ones that are not banned.

        Returns since when each account has shown its values.
        """
        shown, _ = await self.remember_then(accounts, now, _nothing)
        return shown

    async def remember_then(
        self, accounts: Sequence[Remembered], now: float, then: Callable[[], Coroutine[Any, Any, Answer]]
    ) -> tuple[list[Showings], Answer]:
        """:meth:`remember`; does ``then`` once all accounts are written, while the last ones are counted."""
        if not accounts:
            return [], await then()
        shown: list[Showings] = []
        last = (len(accounts) - 1) // REMEMBERED_AT_ONCE * REMEMBERED_AT_ONCE
        for at in range(0, last, REMEMBERED_AT_ONCE):
            some, _ = await self._remember(accounts[at : at + REMEMBERED_AT_ONCE], now, _nothing)
            shown += some
        some, answer = await self._remember(accounts[last:], now, then)
        return shown + some, answer

    async def _remember(
        self, accounts: Sequence[Remembered], now: float, then: Callable[[], Coroutine[Any, Any, Answer]]
    ) -> tuple[list[Showings], Answer]:
        names = uncounted = [account.account for account in accounts]
        try:
            # The generations; opens a new one if the last is full or past its span.
            book = self._book
            due = (
                book is None
                or not book.began
                or now >= book.began[-1] + self._span
                or book.last_bytes >= self._closed_bytes
                or book.last == self._full
            )
            if book is None or due:
                book = self._book = await self._turn(now, opens=True)
            replies, grown = await self._written(accounts, book, now)
            # A repeat after a failure finds the account written, and counts it; the filter prevents double
            # counts.
            counting = [
                account
                for account, (word, *_) in zip(accounts, replies, strict=True)
                if word == "kept" or (word == "same" and account.account in self._uncounted)
            ]

            async def count() -> None:
                nonlocal uncounted
                await self._counters.count(counting, now)
                uncounted = []
                self._uncounted.difference_update(names)

            answer, _ = await both(then(), together([self._note(book, grown, now), count()]))
        except BaseException:
            if len(self._uncounted) > _UNCOUNTED_MAX:
                self._uncounted.clear()
            self._uncounted.update(uncounted)
            raise
        return [reply.write.account.shown for reply in replies if reply.write.account is not None], answer

    async def _written(
        self, accounts: Sequence[Remembered], book: _Book, now: float
    ) -> tuple[list[WriteReply[_Write]], list[list[Any]]]:
        """Writes accounts to the last generation of a book; also returns how generations have grown."""
        keys = [keys_of_account(account) for account in accounts]
        digests = [self._shards.addresses.account(account.account) for account in accounts]
        rows = self._shards.layout.rows(keys, digests, self._spread)
        writes: list[_Write] = []
        for account, digest, listed, packed in zip(accounts, digests, keys, rows, strict=True):
            frame = frame_of(digest.tag, account.fingerprints, None)
            size = remembered_bytes(frame, b"", len(listed))
            where = Rows.of(packed, self._spread, self._shards.of(digest))
            quote = remembered_quote(account)
            writes.append(_Write(digest, account.seen_at, frame, quote, where, size, account=account))
        head = (*self._head(book, now), self._shards.layout.bans.maps)
        replies, grown = await self._shards.write("remember", writes, head, self._instead)
        await self._shards.list_elsewhere(replies, self._spread, self._key_seconds)
        return replies, grown

    async def forget(
        self, accounts: Sequence[tuple[str, float]], now: float, *, for_good: bool = False
    ) -> list[bool]:
        """Forgets accounts unless seen later; ``for_good``: in any case, and leaves no marker.

        Returns for each whether it was removed.
        """
        writes = [_Write(self._shards.addresses.account(account), at) for account, at in accounts]
        return await self._forget(writes, now, for_good=for_good)

    async def _forget(self, writes: Sequence[_Write], now: float, *, for_good: bool) -> list[bool]:
        # The generations as read last are enough: scripts know of later ones themselves.
        if self._book is None:
            self._book = await self._turn(0.0)
        book = self._book
        head = (*self._head(book, now), 0 if for_good else DELETION_MARKER_SECONDS)
        replies, grown = await self._shards.write("forget", writes, head, self._instead)
        await self._shards.list_elsewhere(replies, self._spread, self._key_seconds)
        await self._note(book, grown, now)
        return [reply.word == "removed" for reply in replies]

    async def read(self, accounts: Sequence[str], now: float) -> list[Remembered | None]:
        return await self.read_digests([self._shards.addresses.account(account) for account in accounts], now)

    async def read_digests(self, digests: Sequence[Digest], now: float) -> list[Remembered | None]:
        """The same, by their digests."""
        # A gate has no book of its own, and may not turn the pages of the store's.
        raws = await self._raw(digests, self._book or await self._noted(), now)
        return [read_remembered(frame, quote) if quote else None for frame, quote in raws]

    async def showings(self, accounts: Sequence[Remembered], now: float) -> list[Showings]:
        digests = [self._shards.addresses.account(account.account) for account in accounts]
        raws = await self._raw(digests, await self._noted(), now)
        showings: list[Showings] = []
        for account, digest, (frame, quote) in zip(accounts, digests, raws, strict=True):
            shown = account.shown
            if quote and read_remembered_quote(quote).seen_at <= account.seen_at:
                own = frame_of(digest.tag, account.fingerprints, None)
                shown = with_former(account, own, frame, quote).shown
            showings.append(shown)
        return showings

    async def _raw(self, digests: Sequence[Digest], book: _Book, now: float) -> list[list[bytes]]:
        """Frame and quote of each, empty where there is none."""
        head, items = self._head(book, now), [(digest.raw,) for digest in digests]
        return await self._shards.ask("remembered_read", digests, head, items, 2)

    async def like(self, queries: Sequence[Query], now: float, keep: int) -> list[list[Candidate]]:
        """Remembered accounts that share keys, best first."""
        return await look_up(self._shards, queries, self._spread, await self._living(now), keep, now)

    async def facts(self, refs: Sequence[str]) -> list[RememberedFacts | None]:
        return [read_remembered_quote(raw) if raw else None for raw, _ in await self._shards.quotes(refs)]

    async def figures(self) -> tuple[int, int, int]:
        """How many accounts there are, their estimated bytes, and how many were evicted."""
        fields: dict[bytes, bytes] = await self._shards.client.command("HGETALL", self._state_key)
        accounts = [int(count) for name, count in fields.items() if name[:1] == b"n" and name != b"next"]
        return sum(accounts), int(fields.get(b"bytes", 0)), int(fields.get(b"evicted", 0))

    async def turned_away(self, queries: Sequence[Query], now: float) -> list[dict[KeyKind, int]]:
        living = await self._living(now)
        return [await self._turned_away(naming_keys(query.keys), living) for query in queries]

    async def _turned_away(self, keys: list[Key], living: Iterable[str]) -> dict[KeyKind, int]:
        by_shard: dict[int, list[tuple[Key, bytes]]] = {}
        for key, (shard, where) in zip(
            keys, spots(self._shards.addresses.keys(keys), self._spread), strict=True
        ):
            by_shard.setdefault(shard, []).append((key, where))
        jobs = [(shard, name) for shard in by_shard for name in living]
        answers = await together(
            [
                self._shards.client.command(
                    "HMGET", f"{self._shards.root(shard)}{name}o", *(where for _, where in by_shard[shard])
                )
                for shard, name in jobs
            ]
        )
        counts = Counter[Key]()
        for (shard, _), answer in zip(jobs, answers, strict=True):
            for (key, _), raw in zip(by_shard[shard], answer, strict=True):
                counts[key] += not_listed(raw, self._spread.place_bytes) if raw else 0
        return by_kind(counts.items())

    # from another layout
    async def generations(self) -> dict[int, float]:
        """When each generation began, by its number."""
        book = await self._noted()
        return dict(enumerate(book.began, book.first))

    async def walk(self, number: int, shard: int, first: int) -> tuple[int, list[tuple[int, bytes, bytes]]]:
        """Reads some accounts of one generation in one shard, from slot ``first`` on.

        Returns the next slot to read from, and slot, frame and quote of each account. There are no more once
        that next slot equals ``first``.
        """
        total, *raws = await self._shards.script("walk", shard, f"g{number}:", first, REMEMBERED_AT_ONCE)
        return min(first + REMEMBERED_AT_ONCE, max(first, total)), list(
            zip(raws[::3], raws[1::3], raws[2::3], strict=True)
        )

    async def free(self, number: int, shard: int, slots: bytes) -> bytes:
        """Those of some slots (three bytes each) that are free by now, packed alike."""
        free: bytes = await self._shards.script("free", shard, f"g{number}:", slots)
        return free

    async def carry(
        self, accounts: Sequence[Remembered], generations: Mapping[int, float], now: float
    ) -> None:
        """Copies accounts of another layout into the last of some generations; counts nothing."""
        book = _Book(min(generations), tuple(generations.values()))
        for at in range(0, len(accounts), REMEMBERED_AT_ONCE):
            _, grown = await self._written(accounts[at : at + REMEMBERED_AT_ONCE], book, now)
            await self._note(book, grown, now)

    async def forget_digests(self, digests: Sequence[Digest], now: float) -> None:
        """Forgets accounts that the other layout has forgotten."""
        for at in range(0, len(digests), REMEMBERED_AT_ONCE):
            some = [_Write(digest, now) for digest in digests[at : at + REMEMBERED_AT_ONCE]]
            await self._forget(some, now, for_good=True)

    def _instead(self, write: _Write, frame: bytes, quote: bytes) -> _Write:
        """The same write, which replaces the state that was found."""
        keys = keys_of(read_frame(frame).records)
        (rows,) = self._shards.layout.rows([keys], [write.digest], self._spread)
        out = Rows.of(rows, self._spread, self._shards.of(write.digest))
        write = replace(write, expect=frame, out=out, old_bytes=remembered_bytes(frame, b"", len(keys)))
        if write.account is None:
            return write
        account = with_former(write.account, write.frame, frame, quote)
        return replace(write, account=account, quote=remembered_quote(account))

    @property
    def _state_key(self) -> str:
        return self._shards.root(0) + "g"

    async def _living(self, now: float) -> list[str]:
        """The index names of the generations that a look-up reads: those that have not expired."""
        return [f"g{number}:" for number in (await self._noted()).living(self._lives, now)]

    async def _noted(self) -> _Book:
        fields: dict[bytes, bytes] = await self._shards.client.command("HGETALL", self._state_key)
        first, following = (int(fields.get(name, 0)) for name in (b"first", b"next"))
        return _Book(first, tuple(float(fields[b"s%d" % number]) for number in range(first, following)))

    @property
    def _lives(self) -> float:
        """Seconds that a generation lives, from its first account on."""
        return self._retention + self._span

    async def _note(self, book: _Book, besides: Sequence[Sequence[Any]], now: float) -> None:
        """Adds to the book by how many bytes and accounts each generation has grown."""
        sums: dict[int, tuple[int, int]] = {}
        for grown, slots in besides:
            for at in range(0, len(grown), 3):
                number, size, accounts = grown[at : at + 3]
                before = sums.get(number, (0, 0))
                sums[number] = before[0] + size, before[1] + accounts
            if slots >= _SLOTS_FULL:
                self._full = book.last
        if sums:
            began = dict(enumerate(book.began, book.first))
            parts = [
                part for number, by in sums.items() for part in (number, repr(began.get(number, now)), *by)
            ]
            self._book = await self._turn(now, *parts)

    async def _turn(self, now: float, *grown: str | int, opens: bool = False) -> _Book:
        opening = self._full if opens else ""
        bounds = (repr(self._retention), repr(self._span), self._budget, self._closed_bytes)
        return _Book.of(await self._shards.script("book", 0, repr(now), *bounds, opening, *grown))

    def _head(self, book: _Book, now: float) -> tuple[str | int, ...]:
        living = book.living(self._lives, now)
        return (
            repr(now),
            living.start,
            book.last,
            self._key_seconds,
            self._spread.maps,
            self._spread.postings,
            self._spread.shards,
            self._spread.slot_bits,
        )


async def _nothing() -> None:
    """What :meth:`RememberedAccounts.remember` does beside counting."""
