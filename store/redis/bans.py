"""Bans in Redis: a record under the account's tag, and entries in the postings of its keys.

The record is written first, by a step that fails if it has changed; then the keys that are new are added to
postings, and those that have gone are dropped. A writer that dies in between has acknowledged nothing, and the
repeated event completes the entries. An entry without a record, or with another moment, counts for nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Final

import msgspec

from samehand.account import account_key
from samehand.fingerprint.distil import unpack
from samehand.keys import Key
from samehand.lineage import founder
from schemas.alerts import WithdrawnReason
from store.base import Ban, BanFacts, Candidate, Enrolled, Query
from store.common.key_digests import ID_BYTES, Digest
from store.common.records import (
    BanQuote,
    Record,
    ban_quote,
    frame_moment,
    frame_of,
    keys_of,
    keys_of_fingerprints,
    pack_record,
    read_ban_quote,
    read_frame,
    read_record,
)
from store.errors import StoreUnavailable
from store.limits import SWEEP_AT_ONCE
from store.redis.candidates.lookup import Index, look_up
from store.redis.client import Part, together
from store.redis.families import Families
from store.redis.layout import TAGS
from store.redis.shards import Plan, Shards, Step, marked

_COMPACTED_AT_ONCE: Final = 1_024
_ENDED_AT_ONCE: Final = 4  # bans, with up to 2,000 open alerts each: at worst a tenth of a second of Redis
_TURNS: Final = 8
_INDEX: Final = b"p"
_EXPIRES: Final = "x"
_COUNT: Final = ("bans", "n")  # a hash under each tag, and its field
_REASONS: Final = msgspec.msgpack.Decoder(tuple[str, ...])


class Bans:
    """The ban index."""

    def __init__(self, shards: Shards, families: Families, dedup_seconds: float) -> None:
        """Takes the tags, the families that resolve founders, and how long a reinstatement is known."""
        self._shards = shards
        self._families = families
        self._spread = shards.layout.bans
        self._seconds = round(dedup_seconds)
        self._compacted = 0

    async def enrol(self, bans: Sequence[Ban], now: float) -> list[Enrolled]:
        expired = [ban.facts.expires_at is not None and ban.facts.expires_at <= now for ban in bans]
        standing = [ban for ban, over in zip(bans, expired, strict=True) if not over]
        await self._families.note_founders([(ban.account, ban.facts.descent) for ban in standing], now)
        over = [ban for ban, is_over in zip(bans, expired, strict=True) if is_over]
        await self._end(
            [(ban.account, ban.facts.occurred_at) for ban in over], now, "ban-expired", marks=True
        )
        words = iter(await self._enrol(standing, now))
        return [Enrolled.EXPIRED if is_over else next(words) for is_over in expired]

    async def _enrol(self, bans: Sequence[Ban], now: float) -> list[Enrolled]:
        addresses = self._shards.addresses
        digests = [addresses.account(ban.account) for ban in bans]
        records, steps = [], []
        for ban, digest in zip(bans, digests, strict=True):
            facts = ban.facts
            own = facts.descent == founder(ban.account)
            root = None if own else addresses.account(facts.descent.root_id).raw
            record = Record(frame_of(digest.tag, ban.fingerprints, facts.expires_at), ban_quote(facts, root))
            reads = (b"b" + digest.id, b"m:" + digest.raw.hex().encode())
            records.append(record)
            steps.append(Step(digest, reads, partial(_enrolment, digest, record, facts.occurred_at, now)))
        plans = await self._shards.swap(steps)
        named = self._rows(
            [(digest, record.frame, keys_of_fingerprints(ban.fingerprints))
             for ban, digest, record in zip(bans, digests, records, strict=True)]
        )  # fmt: skip
        fresh: list[bytes] = []
        known: list[bytes] = []
        former: list[tuple[Digest, bytes, frozenset[bytes]]] = []
        for digest, plan, rows in zip(digests, plans, named, strict=True):
            if plan.word == Enrolled.NEW.value:
                fresh.append(rows)
            elif plan.word != Enrolled.SUPERSEDED.value:
                known.append(rows)
            if plan.word == Enrolled.CHANGED.value:
                former.append((digest, plan.former, _each(rows, self._width)))
        await self._list("add", fresh)
        await self._list("complete", known)
        await self._drop(former)
        return [Enrolled(plan.word) for plan in plans]

    async def expunge(
        self, accounts: Sequence[tuple[str, float]], now: float, reason: WithdrawnReason
    ) -> list[str]:
        """Removes bans, unless there is a later one; returns for each `removed`, `nothing` or `later`."""
        return await self._end(accounts, now, reason, marks=True, family=reason != "ban-expired")

    async def sweep(self, now: float) -> int:
        """Removes expired bans, at most :data:`store.limits.SWEEP_AT_ONCE`; returns how many.

        Also compacts some postings.
        """
        await self._compact_next()
        client, swept = self._shards.client, 0
        bounds = ("-inf", repr(now), "LIMIT", 0, SWEEP_AT_ONCE)
        due: list[list[bytes]] = await together(
            [
                client.command("ZRANGEBYSCORE", self._shards.root(tag) + _EXPIRES, *bounds)
                for tag in self._shards.all
            ]
        )
        ids = list(chain.from_iterable(due))[:SWEEP_AT_ONCE]
        for raw in await self._shards.of_accounts(b"b", ids):
            record = read_record(raw)
            if record is not None and read_frame(record.frame).expired(now):
                gone = read_ban_quote(record.quote).account
                words = await self._end([(gone, float("inf"))], now, "ban-expired", marks=False)
                swept += words.count("removed")
        return swept

    async def _end(
        self,
        accounts: Sequence[tuple[str, float]],
        now: float,
        reason: WithdrawnReason,
        *,
        marks: bool,
        family: bool = False,
    ) -> list[str]:
        digests = [self._shards.addresses.account(account) for account, _ in accounts]
        moments = [at for _, at in accounts]
        records = await self._shards.of_accounts(b"b", [digest.id for digest in digests])
        words = ["nothing"] * len(accounts)
        for at in range(0, len(accounts), _ENDED_AT_ONCE):
            some = range(at, min(at + _ENDED_AT_ONCE, len(accounts)))
            told = await together(
                [
                    self._end_one(
                        digests[it], records[it], moments[it], now, reason, marks=marks, family=family
                    )
                    for it in some
                ]
            )
            words[at : at + len(told)] = told
        return words

    async def _end_one(
        self,
        digest: Digest,
        raw: bytes,
        occurred_at: float,
        now: float,
        reason: WithdrawnReason,
        *,
        marks: bool,
        family: bool,
    ) -> str:
        name, tag = digest.raw.hex(), digest.tag.hex()
        gone = (f"i:{tag}", f"j:{name}", f"k:{name}") if family else (f"i:{tag}",)
        for _ in range(_TURNS):
            record = read_record(raw)
            if record is not None and read_ban_quote(record.quote).facts.occurred_at > occurred_at:
                return "later"
            if not marks and (record is None or not read_frame(record.frame).expired(now)):
                return "nothing"  # enrolled anew since it was found expired
            marker = repr(occurred_at) if marks else ""
            head = (repr(now), self._seconds, reason, digest.raw, marker, raw)
            found = await self._shards.script("ban_end", digest.home, *head, *gone)
            if found == 1:
                if raw:
                    await self._drop([(digest, raw, frozenset())])
                return "removed" if raw else "nothing"
            raw = found
        raise StoreUnavailable("the end of a ban was given up: other workers changed it before each retry")

    # postings
    @property
    def _width(self) -> int:
        return 7 + self._spread.width

    def _rows(self, listed: Sequence[tuple[Digest, bytes, Sequence[Key]]]) -> list[bytes]:
        """Where accounts with these frames and keys are listed, packed for postings.lua."""
        if not listed:
            return []
        rows = self._shards.layout.rows([keys for *_, keys in listed], self._spread)
        accounts = [digest.id + frame_moment(frame).to_bytes(4, "big") for digest, frame, _ in listed]
        return self._spread.named(accounts, rows)

    async def _list(self, verb: str, rows: Sequence[bytes]) -> None:
        await self._shards.postings(verb, _INDEX, self._spread, rows)

    async def _drop(self, former: Sequence[tuple[Digest, bytes, frozenset[bytes]]]) -> None:
        """Drops the entries of former records, but for those that are still to stand.

        Then it looks whether somebody enrolled one of these accounts anew meanwhile, whose entries it may have
        dropped, and completes them.
        """
        if not former:
            return
        records = [(digest, record) for digest, raw, _ in former if (record := read_record(raw)) is not None]
        listed = self._rows(
            [(digest, it.frame, keys_of(read_frame(it.frame).records)) for digest, it in records]
        )
        left = [_each(own, self._width) - stay for own, (*_, stay) in zip(listed, former, strict=True)]
        await self._list("drop", [row for rows in left for row in rows])
        raws = await self._shards.of_accounts(b"b", [digest.id for digest, *_ in former])
        now = [
            (digest, it) for (digest, *_), raw in zip(former, raws, strict=True) if (it := read_record(raw))
        ]
        anew = self._rows([(digest, it.frame, keys_of(read_frame(it.frame).records)) for digest, it in now])
        await self._list("complete", anew)

    async def compact(self) -> None:
        """Frees the memory that postings reserve after bans in bulk.

        Called again after an outage, it goes on where it was.
        """
        for _ in range(len(self._stretches)):
            await self._compact_next()

    async def _compact_next(self) -> None:
        """Frees what some buckets of one tag reserve: an append doubles what a bucket takes."""
        stretches = self._stretches
        tag, first = stretches[self._compacted % len(stretches)]
        numbers = range(first, min(self._spread.buckets, first + TAGS * _COMPACTED_AT_ONCE), TAGS)
        await self._shards.script("compact", tag, first, TAGS, len(numbers))
        self._compacted += 1

    @property
    def _stretches(self) -> list[tuple[int, int]]:
        step = TAGS * _COMPACTED_AT_ONCE
        return [(tag, first) for tag in self._shards.all for first in range(tag, self._spread.buckets, step)]

    # reading
    async def like(self, queries: Sequence[Query], now: float, keep: int) -> list[list[Candidate]]:
        """Bans that share keys, best first."""
        return await look_up(
            self._shards, queries, Index(b"b", [_INDEX], self._spread, self.count), keep, now
        )

    async def count(self) -> int:
        """How many bans there are."""
        key, field = _COUNT
        roots = [self._shards.root(tag) for tag in self._shards.all]
        counts = await together([self._shards.client.command("HGET", root + key, field) for root in roots])
        return sum(int(count or 0) for count in counts)

    async def read(self, accounts: Sequence[str], now: float | None) -> list[Ban | None]:
        ids = [self._shards.addresses.account(account).id for account in accounts]
        records = await self._records(ids)
        facts = await self._facts(ids, records)
        return [
            None if fact is None or record is None else _ban(account, fact, record.frame, now)
            for account, fact, record in zip(accounts, facts, records, strict=True)
        ]

    async def facts(self, refs: Sequence[str]) -> list[BanFacts | None]:
        ids = [bytes.fromhex(ref) for ref in refs]
        return await self._facts(ids, await self._records(ids))

    async def walk(self) -> AsyncIterator[list[Ban]]:
        """All bans, some at a time, in no order; one that is enrolled meanwhile may be missed."""
        start = self._shards.layout.prefix.encode() + b"{??}:b"
        async for names in self._shards.scanned(start + b"?" * ID_BYTES):
            ids = [name[len(start) :] for name in names if len(name) == len(start) + ID_BYTES]
            records = await self._records(ids)
            facts = await self._facts(ids, records)
            yield [
                ban
                for fact, record in zip(facts, records, strict=True)
                if fact is not None
                and record is not None
                and (ban := _ban(account_key(fact.platform, fact.account_id), fact, record.frame, None))
            ]

    async def _records(self, ids: Sequence[bytes]) -> list[Record | None]:
        return [read_record(raw) for raw in await self._shards.of_accounts(b"b", ids)]

    async def _facts(self, ids: Sequence[bytes], records: Sequence[Record | None]) -> list[BanFacts | None]:
        """What records quote, founders and dismissed alerts included."""
        there = [at for at, record in enumerate(records) if record is not None]
        names = [f"{self._shards.root(ids[at][0])}i:{ids[at][:4].hex()}" for at in there]
        cleared = await together([self._shards.client.command("HGETALL", name) for name in names])
        quotes = [read_ban_quote(record.quote) if record else None for record in records]
        facts = await self._resolved(quotes)
        for at, reasons in zip(there, cleared, strict=True):
            packed = reasons.values() if isinstance(reasons, dict) else reasons[1::2]
            fact = facts[at]
            if packed and fact is not None:
                counted = Counter(chain.from_iterable(map(_REASONS.decode, packed)))
                facts[at] = replace(fact, cleared=counted)
        return facts

    async def _resolved(self, quotes: Sequence[BanQuote | None]) -> list[BanFacts | None]:
        roots = [Digest(quote.root) for quote in quotes if quote is not None and quote.root is not None]
        names = await self._families.founders(roots)
        return [
            None if quote is None else quote.resolved(names.get(quote.root) if quote.root else None)
            for quote in quotes
        ]


def _enrolment(
    digest: Digest, record: Record, occurred_at: float, now: float, found: Sequence[bytes]
) -> Plan:
    """Decides on a ban to enrol, by the account's record and the marker of its reinstatement as found."""
    raw, packed = found[0], pack_record(record)
    known, lifted = read_record(raw), marked(found[1], now)
    if lifted is not None and lifted >= occurred_at:
        return Plan(Enrolled.SUPERSEDED.value)
    if known is not None and read_ban_quote(known.quote).facts.occurred_at > occurred_at:
        return Plan(Enrolled.SUPERSEDED.value)
    if raw == packed:
        return Plan(Enrolled.UNCHANGED.value)
    commands: list[tuple[Part, ...]] = [("SET", b"b" + digest.id, packed)]
    expires_at = read_frame(record.frame).expires_at
    if expires_at is not None:
        commands.append(("ZADD", _EXPIRES, repr(expires_at), digest.id))
    elif known is not None and read_frame(known.frame).expires_at is not None:
        commands.append(("ZREM", _EXPIRES, digest.id))
    if known is None:
        commands.append(("HINCRBY", *_COUNT, 1))
    return Plan((Enrolled.NEW if known is None else Enrolled.CHANGED).value, tuple(commands), raw)


def _each(rows: bytes, width: int) -> frozenset[bytes]:
    return frozenset(rows[at : at + width] for at in range(0, len(rows), width))


def _ban(account: str, facts: BanFacts, raw: bytes, now: float | None) -> Ban | None:
    frame = read_frame(raw)
    if now is not None and frame.expired(now):
        return None
    return Ban(account=account, facts=facts, fingerprints=tuple(unpack(record) for record in frame.records))
