"""Bans in Redis: a record under the account's tag, and entries in the postings of its keys.

The record is written first, by a step that fails if it has changed; then the keys that are new are added to
postings, and those that have gone are dropped. A writer that dies in between has acknowledged nothing, and
the repeated event finishes the entries. One without a record, or with another moment, counts for nothing.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import Final

import msgspec
import numpy as np

from samehand.account import account_key
from samehand.fingerprint.distil import unpack
from samehand.keys import Key
from samehand.lineage import founder
from store.base import Ban, BanFacts, Candidate, Enrolled, Query
from store.common.key_digests import ID_BYTES, TAG_BYTES, Digest
from store.common.records import (
    BanQuote,
    StoredAccount,
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
from store.limits import SWEEP_AT_ONCE
from store.redis.candidates.lookup import SearchedIndex, look_up
from store.redis.client import Part, both, together
from store.redis.layout import TAGS
from store.redis.shards import Change, Plan, Shards, dropped, mark, marked
from store.rules.families import Families

_COMPACTED_AT_ONCE: Final = 1_024
_WALKED_AT_ONCE: Final = 32_768  # buckets of postings, some 20 MB
_READ_AT_ONCE: Final = 512
_INDEX: Final = b"p"
_EXPIRES: Final = "x"
_COUNT: Final = ("bans", "n")  # a hash under each tag, and its field
_OWING: Final = "owing"  # an account of which entries are still to be dropped
_REASONS: Final = msgspec.msgpack.Decoder(tuple[str, ...])


class Bans:
    """Enrols, reads and ends bans, and keeps their postings."""

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
        await self._end([(ban.account, ban.facts.occurred_at) for ban in over], now)
        words = iter(await self._enrol(standing, now))
        return [Enrolled.EXPIRED if is_over else next(words) for is_over in expired]

    async def _enrol(self, bans: Sequence[Ban], now: float) -> list[Enrolled]:
        addresses = self._shards.addresses
        digests = [addresses.account(ban.account) for ban in bans]
        records, changes = [], []
        for ban, digest in zip(bans, digests, strict=True):
            facts = ban.facts
            own = facts.descent == founder(ban.account)
            root = None if own else addresses.account(facts.descent.root_id).raw
            record = StoredAccount(
                frame_of(digest.tag, ban.fingerprints, facts.expires_at), ban_quote(facts, root)
            )
            records.append(record)
            decide = partial(_enrolment, digest, record, facts.occurred_at, now)
            changes.append(Change(digest, _reads(digest), decide))
        plans = await self._shards.swap(changes)
        keys = [keys_of_fingerprints(ban.fingerprints) for ban in bans]
        frames = [record.frame for record in records]
        named = self._rows(list(zip(digests, frames, keys, strict=True)))
        fresh = {Enrolled.NEW.value}
        known = {Enrolled.CHANGED.value, Enrolled.UNCHANGED.value}
        await self._list("add", [rows for rows, plan in zip(named, plans, strict=True) if plan.word in fresh])
        await self._list(
            "complete", [rows for rows, plan in zip(named, plans, strict=True) if plan.word in known]
        )
        former = [
            (digest, plan.former)
            for digest, plan in zip(digests, plans, strict=True)
            if plan.word in (Enrolled.CHANGED.value, _OWING)
        ]
        await self._drop(former)
        owing = [at for at, plan in enumerate(plans) if plan.word == _OWING]
        again = iter(await self._enrol([bans[at] for at in owing], now) if owing else ())
        return [next(again) if plan.word == _OWING else Enrolled(plan.word) for plan in plans]

    async def expunge(self, accounts: Sequence[tuple[str, float]], now: float) -> list[str]:
        """Removes bans, unless there is a later one; returns for each `removed`, `nothing` or `later`."""
        return await self._end(accounts, now, family=True)

    async def sweep(self, now: float, end_alerts: Callable[[Sequence[str]], Awaitable[None]]) -> int:
        """Removes expired bans, at most :data:`store.limits.SWEEP_AT_ONCE`; returns how many.

        Ends their alerts before, for this process may die, and after: another one's clock may be behind. Also
        compacts some postings.
        """
        await self._compact_next()
        client = self._shards.client
        bounds = ("-inf", repr(now), "LIMIT", 0, SWEEP_AT_ONCE)
        due: list[list[bytes]] = await together(
            [
                client.command("ZRANGEBYSCORE", self._shards.root(tag) + _EXPIRES, *bounds)
                for tag in self._shards.all
            ]
        )
        records = await self._records(list(chain.from_iterable(due))[:SWEEP_AT_ONCE])
        accounts = [
            read_ban_quote(record.quote).account
            for record in records
            if record is not None and read_frame(record.frame).expired(now)
        ]
        await end_alerts(accounts)
        words = await self._end([(account, math.inf) for account in accounts], now, marks=False)
        await end_alerts(accounts)
        return words.count("removed")

    async def _end(
        self, accounts: Sequence[tuple[str, float]], now: float, *, marks: bool = True, family: bool = False
    ) -> list[str]:
        digests = [self._shards.addresses.account(account) for account, _ in accounts]
        changes = [
            Change(digest, _reads(digest), partial(self._ending, digest, at, now, marks, family))
            for digest, (_, at) in zip(digests, accounts, strict=True)
        ]
        plans = await self._shards.swap(changes)
        words = [plan.word for plan in plans]
        await self._drop(
            [(digest, it.former) for digest, it in zip(digests, plans, strict=True) if it.former]
        )
        owing = [at for at, word in enumerate(words) if word == _OWING]
        if owing:
            again = await self._end([accounts[at] for at in owing], now, marks=marks, family=family)
            for at, word in zip(owing, again, strict=True):
                words[at] = word
        return words

    def _ending(
        self, digest: Digest, moment: float, now: float, marks: bool, family: bool, found: Sequence[bytes]
    ) -> Plan:
        """Decides on a ban to end, as found; one to be swept, without a marker, only if it has expired."""
        raw, marker, owing = found
        if owing:
            return Plan(_OWING, (), owing)
        record = read_record(raw)
        if record is not None and read_ban_quote(record.quote).facts.occurred_at > moment:
            return Plan("later")
        if not marks and (record is None or not read_frame(record.frame).expired(now)):
            return Plan("nothing")  # enrolled anew since it was found expired
        name = digest.raw.hex()
        gone = (f"i:{digest.tag.hex()}", *((f"j:{name}", f"k:{name}") if family else ()))
        commands: list[tuple[Part, ...]] = [("DEL", key) for key in gone]
        if marks:
            commands.append(mark(f"m:{name}", marker, moment, now, self._seconds))
        if record is None:
            return Plan("nothing", tuple(commands))
        commands += [("DEL", b"b" + digest.id), ("SET", b"r" + digest.id, raw), ("ZREM", _EXPIRES, digest.id)]
        return Plan("removed", (*commands, ("HINCRBY", *_COUNT, -1)), raw)

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

    async def _drop(self, former: Sequence[tuple[Digest, bytes]]) -> None:
        """Drops the entries that former records had and present ones have not.

        What is to be dropped stands at `r`, in case this writer dies. If somebody writes one of the accounts
        meanwhile, its new entries may have been dropped, and are completed.
        """
        if not former:
            return
        digests = [digest for digest, _ in former]
        before = await self._listed(digests)
        then = await self._named(digests, [raw for _, raw in former])
        width = self._width
        left = [_each(old, width) - _each(new, width) for old, new in zip(then, before, strict=True)]
        await self._list("drop", [row for rows in left for row in rows])
        after = await self._listed(digests)
        await self._list("complete", [new for new, old in zip(after, before, strict=True) if new != old])
        await self._shards.swap([dropped(digest, b"r", raw) for digest, raw in former])

    async def _listed(self, digests: Sequence[Digest]) -> list[bytes]:
        return await self._named(digests, await self._shards.of_accounts(b"b", [it.id for it in digests]))

    async def _named(self, digests: Sequence[Digest], raws: Sequence[bytes]) -> list[bytes]:
        """Where accounts with these records are listed, empty of one without."""
        records = [read_record(raw) for raw in raws]
        there = [(digest, it.frame) for digest, it in zip(digests, records, strict=True) if it is not None]
        rows = iter(self._rows([(digest, it, keys_of(read_frame(it).records)) for digest, it in there]))
        return [b"" if record is None else next(rows) for record in records]

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
            self._shards, queries, SearchedIndex(b"b", [_INDEX], self._spread, self.count), keep, now
        )

    async def count(self) -> int:
        """How many bans there are."""
        key, field = _COUNT
        roots = [self._shards.root(tag) for tag in self._shards.all]
        counts = await together([self._shards.client.command("HGET", root + key, field) for root in roots])
        return sum(int(count or 0) for count in counts)

    async def read(self, accounts: Sequence[str], now: float | None) -> list[Ban | None]:
        records, facts = await self._facts(
            [self._shards.addresses.account(account).id for account in accounts]
        )
        return [
            None if fact is None or record is None else _ban(account, fact, record.frame, now)
            for account, fact, record in zip(accounts, facts, records, strict=True)
        ]

    async def facts(self, refs: Sequence[str]) -> list[BanFacts | None]:
        _, facts = await self._facts([bytes.fromhex(ref) for ref in refs])
        return facts

    async def walk(self) -> AsyncIterator[list[Ban]]:
        """All bans, some at a time, in no order; one that is enrolled meanwhile may be missed.

        They are found in postings: a worker's user may not look at the names of all keys.
        """
        start, ids = self._spread.print_bytes, np.zeros(0, np.uint64)
        for first in range(0, self._spread.buckets, _WALKED_AT_ONCE):
            numbers = np.arange(first, min(self._spread.buckets, first + _WALKED_AT_ONCE))
            packed = b"".join(await self._shards.buckets(_INDEX, numbers)) or bytes(self._spread.width)
            entries = len(packed) // self._spread.width
            ids = np.union1d(ids, np.ndarray((entries,), ">u8", packed, start, (self._spread.width,)))
        for at in range(0, len(ids), _READ_AT_ONCE):
            some = [int(id_).to_bytes(ID_BYTES, "big") for id_ in ids[at : at + _READ_AT_ONCE]]
            records, facts = await self._facts(some)
            yield [
                ban
                for fact, record in zip(facts, records, strict=True)
                if fact is not None
                and record is not None
                and (ban := _ban(account_key(fact.platform, fact.account_id), fact, record.frame, None))
            ]

    async def _records(self, ids: Sequence[bytes]) -> list[StoredAccount | None]:
        return [read_record(raw) for raw in await self._shards.of_accounts(b"b", ids)]

    async def _facts(self, ids: Sequence[bytes]) -> tuple[list[StoredAccount | None], list[BanFacts | None]]:
        """The records of bans, and what they quote, founders and dismissed alerts included."""
        names = [f"{self._shards.root(id_[0])}i:{id_[:TAG_BYTES].hex()}" for id_ in ids]
        asking = [self._shards.client.command("HGETALL", name) for name in names]
        records, cleared = await both(self._records(ids), together(asking))
        facts = await self._resolved([read_ban_quote(record.quote) if record else None for record in records])
        for at, reasons in enumerate(cleared):
            packed = reasons.values() if isinstance(reasons, dict) else reasons[1::2]
            fact = facts[at]
            if packed and fact is not None:
                counted = Counter(chain.from_iterable(map(_REASONS.decode, packed)))
                facts[at] = replace(fact, cleared=counted)
        return records, facts

    async def _resolved(self, quotes: Sequence[BanQuote | None]) -> list[BanFacts | None]:
        roots = [Digest(quote.root) for quote in quotes if quote is not None and quote.root is not None]
        names = await self._families.founders(roots)
        return [
            None if quote is None else quote.resolved(names.get(quote.root) if quote.root else None)
            for quote in quotes
        ]


def _reads(digest: Digest) -> tuple[str | bytes, ...]:
    return b"b" + digest.id, "m:" + digest.raw.hex(), b"r" + digest.id


def _enrolment(
    digest: Digest, record: StoredAccount, occurred_at: float, now: float, found: Sequence[bytes]
) -> Plan:
    """Decides on a ban to enrol, by the account's record and the marker of its reinstatement as found."""
    raw, packed = found[0], pack_record(record)
    if found[2]:
        return Plan(_OWING, (), found[2])
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
    commands.append(("HINCRBY", *_COUNT, 1) if known is None else ("SET", b"r" + digest.id, raw))
    return Plan((Enrolled.NEW if known is None else Enrolled.CHANGED).value, tuple(commands), raw)


def _each(rows: bytes, width: int) -> frozenset[bytes]:
    return frozenset(rows[at : at + width] for at in range(0, len(rows), width))


def _ban(account: str, facts: BanFacts, raw: bytes, now: float | None) -> Ban | None:
    frame = read_frame(raw)
    if now is not None and frame.expired(now):
        return None
    return Ban(account=account, facts=facts, fingerprints=tuple(unpack(record) for record in frame.records))
