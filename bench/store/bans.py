"""Bans as a bench enrols them: handles of the cached population, or whole simulated accounts."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from agents.common.distil import ban_of, fingerprints_of, quoted_of
from bench.index.population import BannedNames
from bench.running.crowd import BANNED_AT, account_id
from bench.store.server import Server
from samehand.account import Account
from samehand.lineage import founder
from schemas.accounts import Account as WireAccount
from simulate.population.people import TRAITS, Population
from simulate.sampling import seeded
from simulate.timeline.records import banned
from store.base import Ban, BanFacts
from store.pepper.pepper import Pepper, Peppers
from store.redis import RedisEndpoint, RedisStore, Sizes

IDENTITY = b"a bench has no secrets of its own"
KEYERS = Peppers(IDENTITY, (Pepper(1, b"nor a pepper that anybody else uses"),)).keyers
_DAY = 86_400.0
_PREFIX = "samehand:"
_BATCH = 512
_COUNTED = 100_000  # accounts that are remembered where what they show is counted


def by_handle(number: int, held: BannedNames, *, at: float = BANNED_AT) -> Ban:
    """A ban of which the handle alone is known."""
    account = Account(platform=held.platform, account_id=account_id(number), handle=held.handle)
    facts = BanFacts(
        platform=held.platform,
        account_id=account.account_id,
        occurred_at=at,
        banned_at=at,
        policy="spam",
        basis_authority="platform",
        basis_reference=None,
        queue="integrity",
        expires_at=None,
        descent=founder(account.key),
        quoted=quoted_of(WireAccount(account_id=account.account_id, handle=held.handle)),
    )
    return Ban(account=account.key, facts=facts, fingerprints=fingerprints_of(account, KEYERS, at=at))


def whole(
    bans: int, *, avatar: bool, everything: bool, quote_bio: bool = False, seed: int = 7
) -> Iterator[Ban]:
    """Bans of whole accounts: every field at its share of the simulated population, or each of them there."""
    rng, people = seeded(seed, "bench memory"), Population(seed, bans)
    for number in range(bans):
        person = people.person(rng)
        if everything:
            person = people.equipped(rng, person, frozenset(TRAITS))
        if not avatar:
            person = replace(person, avatar=None)
        yield ban_of(banned(person, BANNED_AT + number % _DAY, "spam"), KEYERS, quote_bio=quote_bio)


@dataclass(frozen=True, slots=True)
class Ingest:
    """How an enrolment went. ``seconds`` is wall time; client and server seconds are of their processors."""

    bans: int
    seconds: float
    client_seconds: float
    server_seconds: float

    @property
    def rate(self) -> float:
        """Bans a second of processor time, the client's and the server's together."""
        return self.bans / (self.client_seconds + self.server_seconds)

    @property
    def client_microseconds(self) -> float:
        """A ban's part of the client's time."""
        return self.client_seconds / self.bans * 1e6

    @property
    def server_microseconds(self) -> float:
        """A ban's part of the server's time."""
        return self.server_seconds / self.bans * 1e6


def a_store(server: Server, bans: int, *, counting: bool = False) -> RedisStore:
    """A store laid out for so many bans; with ``counting`` its counts have a worker's room."""
    endpoint = RedisEndpoint(url=server.administrator_url, deadline_seconds=30)
    sizes = Sizes(bans=bans, remembered=_COUNTED) if counting else _sizes(bans)
    return RedisStore(endpoint, prefix=_PREFIX, identity=IDENTITY, sizes=sizes)


def _sizes(bans: int) -> Sizes:
    return Sizes(bans=bans, remembered=1_000, sketch_columns=1 << 10, filter_bits=1 << 16)


async def enrol(
    store: RedisStore, server: Server, bans: Iterator[Ban], *, now: float = BANNED_AT + _DAY
) -> Ingest:
    """Enrols bans in batches; making their fingerprints is part of it, as it is of a worker's job."""
    started, own, theirs, done = time.monotonic(), time.process_time(), server.cpu_seconds(), 0
    batch: list[Ban] = []
    for ban in bans:
        batch.append(ban)
        if len(batch) == _BATCH:
            done += await _enrol(store, batch, now)
            batch = []
    done += await _enrol(store, batch, now)
    return Ingest(done, time.monotonic() - started, time.process_time() - own, server.cpu_seconds() - theirs)


async def _enrol(store: RedisStore, batch: Sequence[Ban], now: float) -> int:
    await store.enrol(batch, now=now)
    return len(batch)
