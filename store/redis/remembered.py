"""Remembered accounts in Redis: an index a generation, written with every event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

from samehand.keys import Key, KeyKind
from samehand.showings import Showings
from store.addresses import Digest
from store.base import Query, Remembered, RememberedFacts
from store.limits import DELETION_MARKER_SECONDS, GENERATIONS
from store.records import (
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
from store.redis.counters import Counters
from store.redis.layout import spots
from store.redis.link import together
from store.redis.shards import Shards
from store.turned_away import by_kind, naming_keys

_WRITTEN_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class _Write:
    """One operation for remember.lua, or forget.lua, which needs no new state."""

    digest: Digest
    moment: float
    frame: bytes = b""
    quote: bytes = b""
    rows: bytes = b""
    new_bytes: int = 0
    expect: bytes = b""
    out: bytes = b""
    old_bytes: int = 0
    account: Remembered | None = None

    @property
    def parts(self) -> tuple[bytes | str | int, ...]:
        """The arguments of the script."""
        if self.account is None:
            return (self.digest.raw, repr(self.moment), self.expect, self.out, self.old_bytes)
        return (
            self.digest.raw,
            repr(self.moment),
            self.expect,
            self.frame,
            self.quote,
            self.out,
            self.rows,
            self.old_bytes,
            self.new_bytes,
        )


class RememberedAccounts:
    """What is remembered, over all shards; each has its part of the byte budget."""

    def __init__(
        self, shards: Shards, counters: Counters, *, retention_seconds: float, budget_bytes: int
    ) -> None:
        """Takes the shards, what counts values, and the bounds."""
        self._shards = shards
        self._counters = counters
        self._spread = shards.layout.remembered
        self._retention = retention_seconds
        self._budget = budget_bytes // shards.layout.sizes.shards

    @property
    def lives_seconds(self) -> float:
        """How long a generation lives from its first account on."""
        return self._retention + self._retention / GENERATIONS

    async def remember(self, accounts: Sequence[Remembered], now: float) -> list[Showings]:
        """Remembers accounts, and counts the values of those that were new or changed and are not banned."""
        shown: list[Showings] = []
        for at in range(0, len(accounts), _WRITTEN_AT_ONCE):
            some = accounts[at : at + _WRITTEN_AT_ONCE]
            head = (*self._head(now), self._shards.layout.bans.maps)
            keys = [keys_of_account(one) for one in some]
            rows = self._shards.layout.rows(keys, self._spread)
            writes = [
                self._state(one, len(listed), where)
                for one, listed, where in zip(some, keys, rows, strict=True)
            ]
            told = await self._shards.write("remember", writes, head, self._instead)
            shown += [one.account.shown for _, one in told if one.account is not None]
            kept = [one for one, (word, _) in zip(some, told, strict=True) if word == b"kept"]
            await self._counters.count(kept, now)
        return shown

    def _state(self, account: Remembered, keys: int, rows: bytes) -> _Write:
        digest = self._shards.addresses.account(account.account)
        frame = frame_of(digest.tag, account.fingerprints, None)
        size = remembered_bytes(frame, b"", keys)
        return _Write(digest, account.seen_at, frame, remembered_quote(account), rows, size, account=account)

    async def forget(
        self, accounts: Sequence[tuple[str, float]], now: float, *, for_good: bool = False
    ) -> list[bool]:
        """Forgets accounts unless seen later; ``for_good``: in any case, and without a marker."""
        writes = [_Write(self._shards.addresses.account(account), at) for account, at in accounts]
        head = (*self._head(now), 0 if for_good else DELETION_MARKER_SECONDS)
        told = await self._shards.write("forget", writes, head, self._instead)
        return [word == b"removed" for word, _ in told]

    async def read(self, accounts: Sequence[str], now: float) -> list[Remembered | None]:
        """What is remembered of accounts."""
        digests = [self._shards.addresses.account(account) for account in accounts]
        items = [(digest.raw,) for digest in digests]
        raws = await self._shards.ask("remembered_read", digests, self._head(now), items, 2)
        return [read_remembered(frame, quote) if quote else None for frame, quote in raws]

    async def facts(self, refs: Sequence[str]) -> list[RememberedFacts | None]:
        """What alerts quote of candidates."""
        return [read_remembered_quote(raw) if raw else None for raw in await self._shards.quotes(refs)]

    async def figures(self) -> tuple[int, int, int]:
        """How many accounts, how many bytes they are reckoned at, and how many were evicted."""
        totals = [0, 0, 0]
        for shard in self._shards.all:
            state = self._shards.root(shard) + "g"
            fields = await self._shards.link.command("HMGET", state, "first", "next", "bytes", "evicted")
            first, following, size, evicted = (int(one or 0) for one in fields)
            counts = await together(
                [
                    self._shards.link.command("HGET", f"{state}{number}:c", "n")
                    for number in range(first, following)
                ]
            )
            totals[0] += sum(int(count or 0) for count in counts)
            totals[1] += size
            totals[2] += evicted
        return totals[0], totals[1], totals[2]

    async def turned_away(self, queries: Sequence[Query]) -> list[dict[KeyKind, int]]:
        """Accounts that are not listed under keys of a query, by kind of key: summed over what is kept."""
        return [await self._turned_away(naming_keys(query.keys)) for query in queries]

    async def _turned_away(self, keys: list[Key]) -> dict[KeyKind, int]:
        if not keys:
            return {}
        fields = spots(self._shards.addresses.keys(keys), self._spread)
        counts = [0] * len(keys)
        for shard in self._shards.all:
            state = self._shards.root(shard) + "g"
            first, following = await self._shards.link.command("HMGET", state, "first", "next")
            for answer in await together(
                [
                    self._shards.link.command("HMGET", f"{state}{number}:o", *fields)
                    for number in range(int(first or 0), int(following or 0))
                ]
            ):
                counts = [count + int(more or 0) for count, more in zip(counts, answer, strict=True)]
        return by_kind(zip(keys, counts, strict=True))

    def _instead(self, write: _Write, frame: bytes, quote: bytes) -> _Write:
        """The same write in the place of a former state."""
        keys = keys_of(read_frame(frame).records)
        (rows,) = self._shards.layout.rows([keys], self._spread)
        write = replace(write, expect=frame, out=rows, old_bytes=remembered_bytes(frame, b"", len(keys)))
        if write.account is None:
            return write
        account = with_former(write.account, write.frame, frame, quote)
        return replace(write, account=account, quote=remembered_quote(account))

    def _head(self, now: float) -> tuple[str | int, ...]:
        return (
            repr(now),
            repr(self._retention),
            repr(self._retention / GENERATIONS),
            self._budget,
            ceil(self._budget / GENERATIONS),
            self._spread.maps,
            self._spread.postings,
        )
