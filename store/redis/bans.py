"""Bans in Redis: a write puts the record in its account's shard first, then entries in those of its keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final

import msgspec

from samehand.account import account_key
from samehand.fingerprint.distil import unpack
from samehand.lineage import founder
from store.base import Ban, BanFacts, Enrolled
from store.common.key_digests import Digest
from store.common.records import (
    BanQuote,
    ban_quote,
    frame_of,
    keys_of,
    keys_of_fingerprints,
    read_ban_quote,
    read_frame,
)
from store.limits import ENROLMENTS_NOTED, SLOT_RESTS_SECONDS, SWEEP_AT_ONCE
from store.redis.client import together
from store.redis.layout import NOWHERE, Rows
from store.redis.shards import Shards
from store.rules.families import Families

# Bans per script: some milliseconds of Redis, during which it serves nobody else.
_WRITTEN_AT_ONCE = 128
_WALKED_AT_ONCE = 512
_COMPACTED_AT_ONCE = 1_024
_REASONS: Final = msgspec.msgpack.Decoder(tuple[str, ...])


@dataclass(frozen=True, slots=True)
class _Write:
    """One operation for ban_write.lua."""

    verb: str
    digest: Digest
    occurred_at: float
    frame: bytes = b""
    quote: bytes = b""
    rows: Rows = NOWHERE
    expect: bytes = b""
    expect_quote: bytes = b""
    out: Rows = NOWHERE

    @property
    def parts(self) -> tuple[bytes | str, ...]:
        return (
            self.verb,
            self.digest.raw,
            repr(self.occurred_at),
            self.expect,
            self.expect_quote,
            self.frame,
            self.quote,
            b"=" if self.out == self.rows and self.expect else self.out.own,
            self.rows.own,
            self.out.all,
        )


class Bans:
    """The ban index over all shards."""

    def __init__(
        self, shards: Shards, families: Families, dedup_seconds: float, *, bulk: bool = False
    ) -> None:
        """Takes the shards, the families that resolve founders, and how long a reinstatement is known.

        ``bulk``: postings grow faster, and reserve memory until :meth:`compact`.
        """
        self._shards = shards
        self._families = families
        self._spread = shards.layout.bans
        self._seconds = round(dedup_seconds)
        self._bulk = int(bulk)
        self._compacted = 0

    async def enrol(self, bans: Sequence[Ban], now: float) -> list[Enrolled]:
        expired = [ban.facts.expires_at is not None and ban.facts.expires_at <= now for ban in bans]
        descents = [
            (ban.account, ban.facts.descent) for ban, over in zip(bans, expired, strict=True) if not over
        ]
        await self._families.note_founders(descents, now)
        keys = [
            [] if over else keys_of_fingerprints(ban.fingerprints)
            for ban, over in zip(bans, expired, strict=True)
        ]
        digests = [self._shards.addresses.account(ban.account) for ban in bans]
        rows = self._shards.layout.rows(keys, digests, self._spread)
        writes: list[_Write] = []
        for ban, digest, listed, over in zip(bans, digests, rows, expired, strict=True):
            facts = ban.facts
            if over:
                writes.append(_Write("retire", digest, facts.occurred_at))
                continue
            own = facts.descent == founder(ban.account)
            root = None if own else self._shards.addresses.account(facts.descent.root_id).raw
            writes.append(
                _Write(
                    "enrol",
                    digest,
                    facts.occurred_at,
                    frame=frame_of(digest.tag, ban.fingerprints, facts.expires_at),
                    quote=ban_quote(facts, root),
                    rows=Rows.of(listed, self._spread, self._shards.of(digest)),
                )
            )
        words = await self._write(writes, now)
        return [
            Enrolled.EXPIRED if over else Enrolled(word) for over, word in zip(expired, words, strict=True)
        ]

    async def expunge(self, accounts: Sequence[tuple[str, float]], now: float) -> list[str]:
        """Removes bans, unless there is a later one; returns for each `removed`, `nothing` or `later`."""
        writes = [_Write("expunge", self._shards.addresses.account(account), at) for account, at in accounts]
        return await self._write(writes, now)

    async def sweep(self, now: float, end_alerts: Callable[[Sequence[str]], Awaitable[None]]) -> int:
        """Removes expired bans; returns how many.

        Ends their alerts before, for this process may die, and after: another one's clock may be behind.
        """
        swept = 0
        for shard in self._shards.all:
            await self._take_out_once_more(shard, now)
            quotes = await self._shards.script("expiring", shard, repr(now), SWEEP_AT_ONCE)
            accounts = [read_ban_quote(quote).account for quote in quotes]
            await end_alerts(accounts)
            writes = [
                _Write("sweep", self._shards.addresses.account(account), float("inf")) for account in accounts
            ]
            words = await self._write(writes, now)
            await end_alerts(accounts)
            swept += words.count("removed")
        return swept

    async def read(self, accounts: Sequence[str], now: float | None) -> list[Ban | None]:
        digests = [self._shards.addresses.account(account) for account in accounts]
        raws = await self._shards.ask(
            "ban_read", digests, (self._spread.maps,), [(digest.raw,) for digest in digests], 3
        )
        quotes = [read_ban_quote(quote) if quote else None for _, quote, _ in raws]
        facts = _with_cleared(await self._resolved(quotes), [reasons for *_, reasons in raws])
        return [
            None if fact is None else _ban(account, fact, frame, now)
            for account, fact, (frame, *_) in zip(accounts, facts, raws, strict=True)
        ]

    async def walk(self) -> AsyncIterator[list[Ban]]:
        """All bans, shard by shard, a few pages at a time.

        With several shards it may miss a ban that changes meanwhile, since that ban gets another slot.
        """
        for shard in self._shards.all:
            first, total = 0, 1
            while first < total:
                total, *raws = await self._shards.script("walk", shard, "b:", first, _WALKED_AT_ONCE)
                first += _WALKED_AT_ONCE
                frames, quotes = raws[1::3], [read_ban_quote(raw) for raw in raws[2::3]]
                facts = [fact for fact in await self._resolved(quotes) if fact is not None]
                yield [
                    Ban(
                        account=account_key(fact.platform, fact.account_id),
                        facts=fact,
                        fingerprints=tuple(unpack(record) for record in read_frame(frame).records),
                    )
                    for fact, frame in zip(facts, frames, strict=True)
                ]

    async def facts(self, refs: Sequence[str]) -> list[BanFacts | None]:
        raws = await self._shards.quotes(refs)
        quotes = [read_ban_quote(raw) if raw else None for raw, _ in raws]
        return _with_cleared(await self._resolved(quotes), [reasons for _, reasons in raws])

    async def _resolved(self, quotes: Sequence[BanQuote | None]) -> list[BanFacts | None]:
        roots = [Digest(quote.root) for quote in quotes if quote is not None and quote.root is not None]
        names = await self._families.founders(roots)
        return [
            None if quote is None else quote.resolved(names.get(quote.root) if quote.root else None)
            for quote in quotes
        ]

    async def _write(self, writes: Sequence[_Write], now: float) -> list[str]:
        words: list[str] = []
        for at in range(0, len(writes), _WRITTEN_AT_ONCE):
            some = writes[at : at + _WRITTEN_AT_ONCE]
            replies, _ = await self._shards.write("ban_write", some, self._head(now), self._instead)
            await self._shards.list_elsewhere(replies, self._spread)
            words += [reply.word for reply in replies]
        return words

    def _instead(self, write: _Write, frame: bytes, quote: bytes) -> _Write:
        (rows,) = self._shards.layout.rows([keys_of(read_frame(frame).records)], [write.digest], self._spread)
        out = Rows.of(rows, self._spread, self._shards.of(write.digest))
        return replace(write, expect=frame, expect_quote=quote, out=out)

    async def compact(self) -> None:
        """Frees the memory that postings and account maps reserve after bans in bulk.

        Called again after an outage, it goes on where it was.
        """
        spread = self._spread
        most = max(-(-spread.postings // spread.shards), spread.maps)
        steps = [(shard, at) for shard in self._shards.all for at in range(0, most, _COMPACTED_AT_ONCE)]
        for shard, at in steps[self._compacted :]:
            postings = range(shard, spread.postings, spread.shards)[at : at + _COMPACTED_AT_ONCE]
            maps = range(spread.maps)[at : at + _COMPACTED_AT_ONCE]
            head = ("b:", spread.shards, shard + at * spread.shards, at)
            await self._shards.script("compact", shard, *head, len(postings), len(maps))
            self._compacted += 1
        self._compacted = 0

    async def resting(self) -> int:
        """How many slots of removed bans are not free yet."""
        keys = [self._shards.root(shard) + "b:v" for shard in self._shards.all]
        counts: list[int] = await together([self._shards.client.command("LLEN", key) for key in keys])
        return sum(counts)

    async def _take_out_once_more(self, shard: int, now: float) -> None:
        """Removes once more the entries of resting slots: late writes, and removals that were broken off.

        Needed with several shards only.
        """
        if self._spread.shards == 1:
            return
        head = (repr(now), SLOT_RESTS_SECONDS, SWEEP_AT_ONCE)
        resting: list[bytes] = await self._shards.script("rest", shard, *head)
        by_shard: dict[int, list[bytes | str]] = {}
        for entry in resting:
            slot, rows = entry[9:12], entry[12:]
            place = self._spread.place(shard, int.from_bytes(slot, "big"))
            listed = Rows.of(rows, self._spread, shard)
            for home, some in ((shard, listed.own), *listed.others.items()):
                by_shard.setdefault(home, []).extend(("unlist", "b:", "", place, some))
        await together([self._shards.script("entries", number, *parts) for number, parts in by_shard.items()])
        if resting:
            await self._shards.script("rest", shard, repr(now), SLOT_RESTS_SECONDS, 0, *resting)

    def _head(self, now: float) -> tuple[str | int, ...]:
        return (
            repr(now),
            self._seconds,
            self._spread.maps,
            1 << self._spread.slot_bits,
            ENROLMENTS_NOTED,
            self._spread.shards,
            self._spread.slot_bits,
            self._bulk,
        )


def _with_cleared(
    several: Sequence[BanFacts | None], reasons: Sequence[Sequence[bytes]]
) -> list[BanFacts | None]:
    """The facts of bans, with the packed reasons that explain their dismissed alerts, by turns with ids."""
    return [
        replace(facts, cleared=Counter(chain.from_iterable(map(_REASONS.decode, packed[1::2]))))
        if facts is not None and packed
        else facts
        for facts, packed in zip(several, reasons, strict=True)
    ]


def _ban(account: str, facts: BanFacts, raw: bytes, now: float | None) -> Ban | None:
    frame = read_frame(raw)
    if now is not None and frame.expired(now):
        return None
    return Ban(account=account, facts=facts, fingerprints=tuple(unpack(record) for record in frame.records))
