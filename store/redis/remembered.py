"""Remembered accounts in Redis: a record each, which expires by itself, and entries in postings.

Written as bans are (:mod:`store.redis.bans`). An account is listed in the generation in which it was written
last, and its entries go with that generation.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from math import ceil
from typing import Any, Final

import numpy as np

from samehand.keys import Key, KeyKind
from samehand.showings import Showings
from store.base import Candidate, Query, Remembered, RememberedFacts
from store.common.crowd import by_kind, cluster_tag, naming_keys, not_considered
from store.common.key_digests import DIGEST_BYTES, ID_BYTES, Digest
from store.common.records import (
    StoredAccount,
    frame_of,
    keys_of,
    keys_of_account,
    pack_record,
    read_frame,
    read_record,
    read_remembered,
    read_remembered_quote,
    remembered_bytes,
    remembered_quote,
    with_former,
)
from store.limits import DELETION_MARKER_SECONDS, GENERATIONS, REMEMBERED_AT_ONCE
from store.redis.candidates.lookup import SearchedIndex, look_up
from store.redis.candidates.postings import Matches, Probes
from store.redis.client import Answer, Part, both, together
from store.redis.counting.counters import Counters
from store.redis.generations import Book, Generations, index_of
from store.redis.shards import Change, Plan, Shards, dropped, mark, marked

# Accounts whose remembering failed and was not repeated yet: room for the batches of some dozens of
# partitions. Any more belong to partitions that other workers took over; these are not counted, as after a
# kill.
_UNCOUNTED_MAX: Final = 64 * REMEMBERED_AT_ONCE
_OWING: Final = "owing"  # an account of which entries are still to be dropped


class RememberedAccounts:
    """Keeps accounts for the bans that come later, until their time is over."""

    def __init__(
        self, shards: Shards, counters: Counters, *, retention_seconds: float, budget_bytes: int
    ) -> None:
        """Takes the tags, the counters of values, and the bounds."""
        self._shards = shards
        self._counters = counters
        self._spread = shards.layout.remembered
        self._retention = retention_seconds
        self.generations = Generations(shards, retention_seconds=retention_seconds, budget_bytes=budget_bytes)
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
            book = await self.generations.opened(now)
            until = [now + self._retention] * len(accounts)
            writings, grown = await self._written(accounts, until, now)
            # A repeat after a failure finds the account written, and counts it; the filter prevents double
            # counts.
            counting = [
                account
                for account, writing in zip(accounts, writings, strict=True)
                if writing.word == "kept" or (writing.word == "same" and account.account in self._uncounted)
            ]

            async def count() -> None:
                nonlocal uncounted
                await self._counters.count(counting, now)
                uncounted = []
                self._uncounted.difference_update(names)

            answer, _ = await both(then(), together([self.generations.note(grown, now), count()]))
            if self.generations.evicted(book):  # this worker was idle for long
                _, grown = await self._written(accounts, until, now)
                await self.generations.note(grown, now)
        except BaseException:
            if len(self._uncounted) > _UNCOUNTED_MAX:
                self._uncounted.clear()
            self._uncounted.update(uncounted)
            raise
        return [writing.shown for writing in writings], answer

    async def _written(
        self, accounts: Sequence[Remembered], until: Sequence[float], now: float
    ) -> tuple[list[_Writing], dict[int, tuple[int, int]]]:
        """Writes accounts that are remembered until then; also returns how generations have grown."""
        addresses, book = self._shards.addresses, await self.generations.opened(now)
        digests = [addresses.account(account.account) for account in accounts]
        keys = [keys_of_account(account) for account in accounts]
        listed = self._rows(digests, keys)
        writings = [
            _Writing(account, digest, rows, book, ends)
            for account, digest, rows, ends in zip(accounts, digests, listed, until, strict=True)
        ]
        plans = await self._shards.swap(
            [Change(it.digest, it.reads, partial(it.decide, now, self._key_seconds)) for it in writings]
        )
        fresh: list[bytes] = []
        missing: dict[int, list[bytes]] = {}
        former: list[tuple[Digest, bytes]] = []
        grown = _Growth()
        for writing, plan in zip(writings, plans, strict=True):
            record, before = writing.record, read_record(plan.former)
            if plan.word == "same" and before is not None:
                missing.setdefault(before.generation, []).append(writing.rows)
            if record is None or not plan.commands:
                continue
            grown.add(record, len(writing.rows) // self._width, 1)
            if before is None:
                fresh.append(writing.rows)
                continue
            grown.add(before, len(self._rows_of(writing.digest, before)) // self._width, -1)
            missing.setdefault(record.generation, []).append(writing.rows)
            former.append((writing.digest, plan.former))
        await self._list("add", book.last, fresh)
        for number, rows in missing.items():
            await self._list("complete", number, rows)
        owing = [at for at, plan in enumerate(plans) if plan.word == _OWING]
        await self._drop([*former, *((writings[at].digest, plans[at].former) for at in owing)])
        if owing:
            some = [accounts[at] for at in owing], [until[at] for at in owing]
            again, more = await self._written(*some, now)
            for at, writing in zip(owing, again, strict=True):
                writings[at] = writing
            grown.merge(more)
        return writings, grown.by_generation

    @property
    def _key_seconds(self) -> int:
        """How long Redis keeps a record: as the record says itself, and a while for clocks that differ."""
        return ceil(self._retention * (1 + 1 / GENERATIONS))

    async def forget(
        self, accounts: Sequence[tuple[str, float]], now: float, *, for_good: bool = False
    ) -> list[str]:
        """Forgets accounts unless seen later; ``for_good``: in any case, and leaves no marker.

        Returns for each `removed`, `ended` (it was to be removed), `nothing` or `later`.
        """
        digests = [self._shards.addresses.account(account) for account, _ in accounts]
        return await self._forget(digests, [at for _, at in accounts], now, for_good=for_good)

    async def _forget(
        self, digests: Sequence[Digest], moments: Sequence[float], now: float, *, for_good: bool
    ) -> list[str]:
        decide = partial(_forgetting, await self.generations.read(), now, for_good)
        changes = [
            Change(
                digest, (b"s" + digest.id, _deletion(digest), b"u" + digest.id), partial(decide, digest, at)
            )
            for digest, at in zip(digests, moments, strict=True)
        ]
        plans = await self._shards.swap(changes)
        words = [plan.word for plan in plans]
        owing = [at for at, word in enumerate(words) if word == _OWING]
        gone = [at for at, word in enumerate(words) if word in ("removed", "ended")]
        await self._drop([(digests[at], plans[at].former) for at in (*owing, *gone)])
        if owing:
            some = [digests[at] for at in owing], [moments[at] for at in owing]
            for at, word in zip(owing, await self._forget(*some, now, for_good=for_good), strict=True):
                words[at] = word
        grown = _Growth()
        for at in gone:
            if (record := read_record(plans[at].former)) is not None:
                grown.add(record, len(self._rows_of(digests[at], record)) // self._width, -1)
        await self.generations.note(grown.by_generation, now)
        return words

    # reading
    async def read(self, accounts: Sequence[str], now: float) -> list[Remembered | None]:
        return await self.read_digests([self._shards.addresses.account(account) for account in accounts], now)

    async def read_digests(self, digests: Sequence[Digest], now: float) -> list[Remembered | None]:
        """The same, by their digests."""
        records = await self._records(digests, now)
        return [read_remembered(it.frame, it.quote) if it else None for it in records]

    async def showings(self, accounts: Sequence[Remembered], now: float) -> list[Showings]:
        digests = [self._shards.addresses.account(account.account) for account in accounts]
        records = await self._records(digests, now)
        return [
            account.shown if record is None else _following(account, record).shown
            for account, record in zip(accounts, records, strict=True)
        ]

    async def _records(self, digests: Sequence[Digest], now: float) -> list[StoredAccount | None]:
        ids = [digest.id for digest in digests]
        raws, book = await both(self._shards.of_accounts(b"s", ids), self.generations.read())
        return [_in_force(read_record(raw), book, now) for raw in raws]

    async def like(self, queries: Sequence[Query], now: float, keep: int) -> list[list[Candidate]]:
        """Remembered accounts that share keys, best first."""
        names = [index_of(number) for number in await self.generations.living(now)]
        return await look_up(
            self._shards, queries, SearchedIndex(b"s", names, self._spread, self._count), keep, now
        )

    async def _count(self) -> int:
        return (await self.generations.figures())[0]

    async def facts(self, refs: Sequence[str]) -> list[RememberedFacts | None]:
        raws = await self._shards.of_accounts(b"s", [bytes.fromhex(ref) for ref in refs])
        return [read_remembered_quote(it.quote) if (it := read_record(raw)) else None for raw in raws]

    async def figures(self) -> tuple[int, int, int]:
        """How many accounts there are, their estimated bytes, and how many were evicted."""
        return await self.generations.figures()

    async def turned_away(self, queries: Sequence[Query], now: float) -> list[dict[KeyKind, int]]:
        names = [index_of(number) for number in await self.generations.living(now)]
        asked = [naming_keys(query.keys) for query in queries]
        probes = Probes.of(asked, self._shards.addresses.keys, self._spread)
        left = dict.fromkeys(probes.keys, 0)
        for blobs in await together([self._shards.buckets(name, probes.buckets) for name in names]):
            found = Matches.of(blobs, probes, self._spread)
            counts = np.bincount(found.probe, minlength=len(probes.keys))
            for key, count, lost in zip(probes.keys, counts.tolist(), found.lost.tolist(), strict=True):
                left[key] += not_considered(key, count) + lost
        return [by_kind((key, left.get(key, 0)) for key in keys) for keys in asked]

    # postings
    @property
    def _width(self) -> int:
        return 7 + self._spread.width

    def _rows(self, digests: Sequence[Digest], keys: Sequence[Sequence[Key]]) -> list[bytes]:
        """Where accounts are listed, packed for postings.lua."""
        if not digests:
            return []
        rows = self._shards.layout.rows(keys, self._spread)
        several = zip(digests, keys, strict=True)
        return self._spread.named([digest.id + cluster_tag(own, digest.tag) for digest, own in several], rows)

    def _rows_of(self, digest: Digest, record: StoredAccount) -> bytes:
        (rows,) = self._rows([digest], [keys_of(read_frame(record.frame).records)])
        return rows

    async def _list(self, verb: str, generation: int, rows: Sequence[bytes]) -> None:
        index, seconds = index_of(generation), self.generations.key_seconds
        await self._shards.postings(verb, index, self._spread, rows, seconds)

    async def _drop(self, former: Sequence[tuple[Digest, bytes]]) -> None:
        """Drops the entries that former records had and present ones have not, as of bans.

        They are noted at `u` meanwhile.
        """
        if not former:
            return
        digests = [digest for digest, _ in former]
        before = await self._listed(digests)
        gone: dict[int, list[bytes]] = {}
        for (digest, raw), (generation, rows) in zip(former, before, strict=True):
            if (record := read_record(raw)) is not None:
                stays = _each(rows, self._width) if generation == record.generation else ()
                own = set(_each(self._rows_of(digest, record), self._width)).difference(stays)
                gone.setdefault(record.generation, []).extend(own)
        for generation, several in gone.items():
            await self._list("drop", generation, several)
        for (generation, rows), old in zip(await self._listed(digests), before, strict=True):
            if (generation, rows) != old:
                await self._list("complete", generation, [rows])
        await self._shards.swap([dropped(digest, b"u", raw) for digest, raw in former])

    async def _listed(self, digests: Sequence[Digest]) -> list[tuple[int, bytes]]:
        """In which generation accounts are listed now, and where."""
        records = map(read_record, await self._shards.of_accounts(b"s", [digest.id for digest in digests]))
        return [
            (0, b"") if record is None else (record.generation, self._rows_of(digest, record))
            for digest, record in zip(digests, records, strict=True)
        ]

    # from another layout
    async def carry(self, records: Sequence[StoredAccount], now: float) -> None:
        """Copies accounts of another layout, to be remembered as long as there; counts nothing."""
        accounts, until = [], []
        for record in records:
            account, ends = read_remembered(record.frame, record.quote), read_frame(record.frame).expires_at
            if account is not None and ends is not None:
                accounts.append(account)
                until.append(ends)
        for at in range(0, len(accounts), REMEMBERED_AT_ONCE):
            some = slice(at, at + REMEMBERED_AT_ONCE)
            _, grown = await self._written(accounts[some], until[some], now)
            await self.generations.note(grown, now)

    async def forget_ids(self, ids: Sequence[bytes], now: float) -> None:
        """Forgets accounts that the other layout has forgotten."""
        for at in range(0, len(ids), REMEMBERED_AT_ONCE):
            some = [Digest(id_ + bytes(DIGEST_BYTES - ID_BYTES)) for id_ in ids[at : at + REMEMBERED_AT_ONCE]]
            await self._forget(some, [now] * len(some), now, for_good=True)


class _Writing:
    """An account that is written: decides on what is found of it."""

    def __init__(self, account: Remembered, digest: Digest, rows: bytes, book: Book, until: float) -> None:
        self.account = account
        self.digest = digest
        self.rows = rows
        self.record: StoredAccount | None = None
        self.word = ""
        self.shown = account.shown
        self.reads = (b"s" + digest.id, _deletion(digest), b"b" + digest.id, b"u" + digest.id)
        self._book = book
        self._frame = frame_of(digest.tag, account.fingerprints, until)

    def decide(self, now: float, seconds: int, found: Sequence[bytes]) -> Plan:
        raw, marker, ban, owing = found
        self.record, self.shown = None, self.account.shown
        if owing:
            return self._told(_OWING, owing)
        deleted, former = marked(marker, now), read_record(raw)
        known = _in_force(former, self._book, now)
        if deleted is not None and deleted >= self.account.seen_at:
            return self._told("deleted", raw)
        account = self.account if known is None else _following(self.account, known)
        self.shown = account.shown
        quote = remembered_quote(account)
        if known is not None:
            same = read_frame(known.frame).records == read_frame(self._frame).records
            if same and known.quote == quote:
                return self._told("same", raw)
            if read_remembered_quote(known.quote).seen_at > account.seen_at:
                return self._told("older", raw)
        self.record = StoredAccount(self._frame, quote, self._book.last & 0xFFFF)
        banned = read_record(ban)
        word = "banned" if banned is not None and not read_frame(banned.frame).expired(now) else "kept"
        commands = [_kept(b"s" + self.digest.id, pack_record(self.record), seconds)]
        if raw:
            commands.append(_kept(b"u" + self.digest.id, raw, seconds))
        return self._told(word, raw, *commands)

    def _told(self, word: str, raw: bytes, *commands: tuple[Part, ...]) -> Plan:
        self.word = word
        return Plan(word, commands, raw)


def _kept(key: bytes, value: bytes, seconds: int) -> tuple[Part, ...]:
    return "SET", key, value, "EX", seconds


class _Growth:
    """By how many bytes and accounts generations grow."""

    def __init__(self) -> None:
        self.by_generation: dict[int, tuple[int, int]] = {}

    def add(self, record: StoredAccount, keys: int, accounts: int) -> None:
        size, known = self.by_generation.get(record.generation, (0, 0))
        own = remembered_bytes(record.frame, record.quote, keys)
        self.by_generation[record.generation] = size + accounts * own, known + accounts

    def merge(self, other: Mapping[int, tuple[int, int]]) -> None:
        for number, (size, accounts) in other.items():
            known = self.by_generation.get(number, (0, 0))
            self.by_generation[number] = known[0] + size, known[1] + accounts


def _following(account: Remembered, record: StoredAccount) -> Remembered:
    """An account with what its former state showed, unless that is a later one."""
    if read_remembered_quote(record.quote).seen_at > account.seen_at:
        return account
    return with_former(account, record.frame, record.quote)


def _forgetting(
    book: Book, now: float, for_good: bool, digest: Digest, moment: float, found: Sequence[bytes]
) -> Plan:
    """Decides on an account to forget, by its record and the marker of its deletion as found."""
    raw, marker, owing = found
    if owing:
        return Plan(_OWING, (), owing)
    record = read_record(raw)
    known = _in_force(record, book, now)
    commands: list[tuple[Part, ...]] = []
    if not for_good:
        commands.append(mark(_deletion(digest), marker, moment, now, DELETION_MARKER_SECONDS))
        if known is not None and read_remembered_quote(known.quote).seen_at > moment:
            return Plan("later", tuple(commands), raw)
    if record is not None:
        commands += [("DEL", b"s" + digest.id), _kept(b"u" + digest.id, raw, DELETION_MARKER_SECONDS)]
    return Plan("removed" if known else "ended" if record else "nothing", tuple(commands), raw)


def _deletion(digest: Digest) -> str:
    return "d:" + digest.raw.hex()


def _in_force(record: StoredAccount | None, book: Book, now: float) -> StoredAccount | None:
    there = record is not None and book.holds(record) and not read_frame(record.frame).expired(now)
    return record if there else None


def _each(rows: bytes, width: int) -> list[bytes]:
    return [rows[at : at + width] for at in range(0, len(rows), width)]


async def _nothing() -> None:
    """What :meth:`RememberedAccounts.remember` does beside counting."""
