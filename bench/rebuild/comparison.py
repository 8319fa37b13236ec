"""Whether two stores are logically equal: fingerprints, postings, and what they answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple

from bench.rebuild.teller import NOW
from bench.recall import KEEP
from bench.store.listing import Read, differences, read_up_to
from bench.store.server import Server
from store.base import Candidate, Query
from store.common.records import keys_of_fingerprints
from store.redis import RedisStore
from store.redis.layout import Layout

_ASKED_AT_ONCE = 32


class Filled(NamedTuple):
    """A store and the server that it lies in."""

    store: RedisStore
    server: Server


@dataclass(frozen=True, slots=True)
class Compared:
    """How many fingerprints, postings and queries there are, and how many differ.

    ``silent`` postings list more accounts in both stores than any look-up reads, so that which these are
    changes no answer: of those, ``silent_differing`` list others. All other postings must be the same.
    """

    fingerprints: int
    fingerprints_differing: int
    postings: int
    postings_differing: int
    silent: int
    silent_differing: int
    queries: int
    queries_differing: int

    @property
    def same(self) -> bool:
        """Whether the stores are logically equal."""
        return not (self.fingerprints_differing or self.postings_differing or self.queries_differing)


async def compared(old: Filled, new: Filled, layout: Layout, asked: Sequence[Query]) -> Compared:
    """Compares two stores of one shard and one layout."""
    before, reads = await _walked(old.store, layout)
    after, _ = await _walked(new.store, None)
    found = differences(old.server, new.server, layout, read_up_to(reads))
    answers = await _both(old.store, new.store, asked)
    return Compared(
        fingerprints=len(before),
        fingerprints_differing=len(before ^ after),
        postings=found.postings,
        postings_differing=found.differing,
        silent=found.silent,
        silent_differing=found.silent_differing,
        queries=len(answers),
        queries_differing=sum(ours != theirs for ours, theirs in answers),
    )


async def _walked(store: RedisStore, layout: Layout | None) -> tuple[set[bytes], list[Read]]:
    """A digest of each ban with all its facts; and how its keys are read, if a layout is given."""
    digests: set[bytes] = set()
    found: list[Read] = []
    async for batch in store.walk():
        digests |= {blake2b(repr(ban).encode(), digest_size=16).digest() for ban in batch}
        if layout and batch:
            keys = [key for ban in batch for key in keys_of_fingerprints(ban.fingerprints)]
            found.append(Read.of(layout, keys))
    return digests, found


Answer = tuple[tuple[str, float], ...]


async def _both(old: RedisStore, new: RedisStore, queries: Sequence[Query]) -> list[tuple[Answer, Answer]]:
    """What each store answers to each query, by the accounts' tags: slots are a store's own."""
    answers: list[tuple[Answer, Answer]] = []
    for at in range(0, len(queries), _ASKED_AT_ONCE):
        some = queries[at : at + _ASKED_AT_ONCE]
        ours = await old.bans_like(some, now=NOW, keep=KEEP)
        theirs = await new.bans_like(some, now=NOW, keep=KEEP)
        answers += [(tuple(map(_told, a)), tuple(map(_told, b))) for a, b in zip(ours, theirs, strict=True)]
    return answers


def _told(candidate: Candidate) -> tuple[str, float]:
    return candidate.ref.rpartition(".")[2], candidate.rank
