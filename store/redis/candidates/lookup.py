"""Looks up candidates: the postings of a batch's keys, then the records of the best."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from samehand.keys import Key
from samehand.scoring.key_table import STEPS_A_NAT
from store.base import Candidate, Query
from store.common.ranking import STEPS_A_BIT, Bools, Floats, Ints, Tables
from store.common.records import StoredAccount, frame_heads, frame_records, read_record
from store.redis.candidates.postings import Claims, Listings, Matches, Probes, Weigh, merged
from store.redis.client import together
from store.redis.layout import Spread
from store.redis.shards import Shards


@dataclass(frozen=True, slots=True)
class SearchedIndex:
    """What is looked up: the kind of its records' keys, its buckets (one index for each generation), and how
    many accounts it holds, which is asked only for queries without a table.
    """

    records: bytes
    buckets: Sequence[bytes]
    spread: Spread
    total: Callable[[], Awaitable[int]]

    @property
    def of_bans(self) -> bool:
        """True if entries hold the moment of a ban."""
        return self.records == b"b"


async def look_up(
    shards: Shards, queries: Sequence[Query], index: SearchedIndex, keep: int, now: float
) -> list[list[Candidate]]:
    """The candidates of each query, at most ``keep``, best first, ties by the account's digest."""
    answers: list[list[Candidate]] = [[] for _ in queries]
    probes = Probes.of([query.keys for query in queries], shards.addresses.keys, index.spread)
    if not probes.keys or not index.buckets:
        return answers
    # Each bucket is fetched once, since its bytes are the cost: at 20,000 bans every fourth key of 64
    # accounts falls into the bucket of another key (at a million one in sixty).
    numbers, which = np.unique(probes.buckets, return_inverse=True)
    found = []
    for blobs in await together([shards.buckets(name, numbers) for name in index.buckets]):
        matches = Matches.of([blobs[at] for at in which.tolist()], probes, index.spread)
        found.append(matches.considered(probes, of_bans=index.of_bans))
    listings = Listings.of(probes, merged(found))
    tables = [query.table for query in queries if query.table is not None]
    if tables:
        several = Tables.of(tables)
        moments = listings.moments if index.of_bans else np.full(len(listings.ids), np.nan)
        weigh: Weigh = partial(_within_reach, several, moments)
        a_unit = STEPS_A_NAT
    else:
        weigh, a_unit = listings.rarity(probes, await index.total()), STEPS_A_BIT
    ids = b"".join(shards.addresses.account(query.account).id for query in queries)
    claimed = listings.claims(probes, keep, np.frombuffer(ids, ">u8").astype(np.uint64), weigh)
    choice = _Choice(shards, index, listings, now)
    bearers = listings.bearers(probes, len(queries))
    best = await choice.of(claimed, len(queries), keep)
    for number, own in enumerate(best.each(len(queries))):
        answers[number] = [
            ReadCandidate(choice.records[account], listings.ids[account], steps / a_unit, bearers[number])
            for account, steps in zip(best.account[own].tolist(), best.steps[own].tolist(), strict=True)
        ]
    return answers


def _within_reach(
    tables: Tables, moments: Floats, query: Ints, account: Ints, row: Ints, question: Ints
) -> tuple[Ints, Bools]:
    return tables.sums(query, row, question, lambda rows: moments[account[rows]])


class ReadCandidate(Candidate):
    """A candidate as read from Redis: parses its frame, and formats its ``ref``, on first use."""

    __slots__ = ("_frame", "_id")

    def __init__(
        self, record: StoredAccount, id_: np.uint64, rank: float, bearers: Mapping[Key, int]
    ) -> None:
        """Takes what was read, and the account's id."""
        self.rank = rank
        self.bearers = bearers
        self._fingerprints = None
        self._frame = record.frame
        self._id = id_

    @property
    def ref(self) -> str:
        """The account's id in hex digits."""
        return f"{int(self._id):016x}"

    @property
    def records(self) -> tuple[bytes, ...]:
        """Packed fingerprints, one for each pepper."""
        return frame_records(self._frame)


@dataclass(slots=True)
class _Choice:
    """Reads the records of the best claims, and more if some had expired, gone, or been written anew."""

    shards: Shards
    index: SearchedIndex
    listings: Listings
    now: float
    records: dict[int, StoredAccount] = field(default_factory=dict)  # of the accounts in force, by number

    async def of(self, claimed: Claims, queries: int, keep: int) -> Claims:
        """The best claims of each query that stand, at most ``keep``."""
        asked = np.zeros(len(self.listings.ids), np.bool_)
        stands = np.zeros(len(self.listings.ids), np.bool_)
        reach = np.full(queries, keep, np.int64)
        while True:
            best = claimed.best(reach)
            fresh = np.unique(best.account[~asked[best.account]])
            if not len(fresh):
                break
            asked[fresh] = True
            stands[fresh] = await self._read(fresh)
            # Where claims fell away, claims that were cut take their places. Twice as many as fell are nearly
            # always enough.
            fell = np.bincount(best.query[~stands[best.account]], minlength=queries)
            reach = np.maximum(reach, keep + 2 * fell)
        return (
            claimed.at(stands[claimed.account]).best(np.full(queries, keep, np.int64))
            if len(claimed.query)
            else claimed
        )

    async def _read(self, accounts: Ints) -> np.ndarray:
        """Reads the records of accounts; returns for each whether it is in force and as its entry says."""
        ids = self.listings.ids[accounts]
        table = ids.astype(">u8").view(np.uint8).reshape(len(ids), -1)
        raws = await self.shards.values(self.index.records, table[:, 0].astype(np.int64), table)
        read = [read_record(raw) for raw in raws]
        heads = frame_heads([record.frame if record else b"" for record in read], self.now)
        stands = heads.in_force
        if self.index.of_bans:
            stands &= heads.moments == self.listings.beside[accounts]
        for at, record in zip(
            accounts[stands].tolist(), (read[i] for i in np.flatnonzero(stands)), strict=True
        ):
            if record is not None:
                self.records[at] = record
        return stands
