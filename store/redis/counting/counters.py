"""Counted frequencies in Redis: a growing sketch under the first tag, and frozen versions that are read.

A freeze sets the growing sketch aside (`o` becomes `z<version>`), adds it to the newest frozen one to make
the next version (`f<version>`, compressed), and then writes the version's number to `meta`. Every step can be
repeated: the next freeze completes what a crash left undone. Older versions are kept for as long as
:mod:`store.common.count_lag` needs them.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence, Set
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from samehand.frequency.rates import LATELY, SignUpRates
from samehand.keys import KeyKind
from store.base import Remembered
from store.common.count_lag import (
    HANDED_OUT,
    NOTHING,
    Version,
    accounts_in,
    arrives,
    halved,
    kept_beside,
    lately,
    latest_moment,
    matured,
)
from store.common.counted_values import CROWDS, Counted, counted
from store.common.doorkeeper import AT_THE_DOOR, Doorkeeper
from store.common.key_digests import Addresses
from store.common.sign_ups import PLATFORMS, Tally, rates_of, tallied
from store.limits import FILTER_FULL, HALF_LIFE_SECONDS, SNAPSHOT_SECONDS, STRATA
from store.redis.client import together
from store.redis.counting.count_min_sketch import Digests, Sketch
from store.redis.shards import Shards


@dataclass(frozen=True, slots=True)
class SketchSnapshot:
    """Counts as they were at a freeze; a :class:`samehand.frequency.rates.Frequencies`."""

    bans: int
    newest: Version
    matured: Version
    newest_sketch: Sketch | None
    matured_sketch: Sketch | None
    sign_ups: SignUpRates

    def accounts(self, stratum: str) -> int:
        """How many accounts were counted in a stratum; "" means in all strata, by the newest version."""
        return accounts_in(stratum, self.newest, self.matured)

    def count(self, kind: KeyKind, value: bytes, stratum: str) -> int:
        """How many clusters of accounts bear the value; collisions may add a few."""
        handed_out = kind in HANDED_OUT
        if stratum != LATELY:
            return _counted(self.newest_sketch if handed_out else self.matured_sketch, kind, value, stratum)
        if not handed_out:
            return 0
        now = _counted(self.newest_sketch, kind, value, "")
        before = _counted(self.matured_sketch, kind, value, "")
        return lately(now, before, (self.newest, self.matured))


def _counted(sketch: Sketch | None, kind: KeyKind, value: bytes, stratum: str) -> int:
    clusters = 0 if sketch is None else sketch.count(kind, value, stratum)
    return clusters + AT_THE_DOOR if clusters and kind in CROWDS else clusters


class _Frozen(msgspec.Struct, frozen=True):
    """The last freeze, as `meta` keeps it. ``gone``: numbers of the versions that it was about to delete."""

    bans: int = 0
    newest: Version = NOTHING
    kept: tuple[Version, ...] = ()
    gone: tuple[int, ...] = ()
    tallies: tuple[Tally, ...] = ()


_READ: Final = msgspec.json.Decoder(_Frozen)

_HOME: Final = 0  # the tag of all counts
_ACCOUNTS = 0  # used in the place of a kind of value, for accounts, which count themselves

# A freeze that makes a new version while the former is read deletes the former's sketch, and the read begins
# again. Two attempts are enough, since an interval lies between two freezes.
_READ_AT_MOST: Final = 2


@dataclass(frozen=True, slots=True)
class _Sightings:
    """What accounts count: first all their values, then the accounts themselves, with their strata."""

    digests: Digests
    clusters: list[bytes]
    personal: npt.NDArray[np.bool_]  # of each value, whether it is counted each time
    strata: list[str]
    arrived: list[str]  # the platform where each account signs up now, or ""

    @classmethod
    def of(cls, accounts: Sequence[Remembered], addresses: Addresses, newest: Version) -> _Sightings:
        """Lays out what accounts count beside the ``newest`` version."""
        values: list[Counted] = []
        seats: list[tuple[int, bytes, str]] = []
        for account in accounts:
            first = account.fingerprints[0]
            sighting = counted(first, addresses.account(account.account).raw)
            values += sighting.values
            seats.append((_ACCOUNTS, sighting.seat, first.stratum))
        return cls(
            Digests(chain(((value.kind, value.value, value.stratum) for value in values), seats)),
            [*(value.cluster for value in values), *(b"" for _ in seats)],
            np.array([value.kind not in CROWDS for value in values], np.bool_),
            [stratum for *_, stratum in seats],
            [it.platform if it.signs_up and arrives(it.seen_at, newest) else "" for it in accounts],
        )

    def packed(
        self, columns: int, bits: int, door: Doorkeeper, frozen: Sketch
    ) -> tuple[tuple[bytes | str, ...], npt.NDArray[np.uint32]]:
        """The arguments of `count.lua`, and what to note at the door.

        The arguments are how many accounts sign up by platform, all values as one, then each account's
        stratum and filter places. Of the values of crowds, only those seen before: by the frozen sketch, or
        by the doorkeeper.
        """
        hashes, places = self.digests.hashes, self.digests.filter_places(self.clusters, bits)
        values = len(self.personal)
        cells = hashes[:values] % np.uint32(columns)
        counts = self.personal | frozen.knows(cells)
        met = hashes[:values][~counts]
        counts[~counts] = door.lets_in(met, places[:values][~counts])
        taken = np.hstack((cells[counts], places[:values][counts])).astype(">u4").tobytes()
        arrived = Counter(platform for platform in self.arrived if platform)
        signed_up = " ".join(f"{platform} {n}" for platform, n in arrived.items())
        seats = [own.astype(">u4").tobytes() for own in places[values:]]
        accounts = [part for pair in zip(self.strata, seats, strict=True) for part in pair]
        return (signed_up, taken, *accounts), met


class Counters:
    """Counts values as accounts are remembered, freezes, and reads what was frozen."""

    def __init__(self, shards: Shards, interval_seconds: float, lag_seconds: float) -> None:
        """Takes the tags, the least time between two freezes, and the lag of the counts."""
        self._shards = shards
        self._interval = interval_seconds
        self._lag = lag_seconds
        self._columns = shards.layout.sizes.sketch_columns
        self._bits = shards.layout.sizes.filter_bits
        self._read = _Frozen()
        self._sign_ups = SignUpRates()
        self._looked_at: float | None = None
        self._sketches: dict[int, Sketch | None] = {}  # those read so far, by version
        self._counting = False
        self._door = Doorkeeper()
        self._nothing = Sketch(b"", self._columns)  # used before the first freeze

    async def count(self, accounts: Sequence[Remembered], now: float) -> None:
        """Counts accounts and their values, a value once for each cluster while the filter remembers it."""
        if not accounts:
            return
        if not self._counting:
            await self._shards.client.command("HSETNX", self._shards.layout.meta, "since", repr(now))
            self._counting = True
        latest = repr(max(latest_moment(account.seen_at) for account in accounts))
        sightings = _Sightings.of(accounts, self._shards.addresses, self._read.newest)
        frozen = self._sketches.get(self._read.newest.number) or self._nothing
        parts, met = sightings.packed(self._columns, self._bits, self._door, frozen)
        await self._shards.script("count", _HOME, latest, self._columns, STRATA, PLATFORMS, *parts)
        self._door.note(met)

    async def freeze(self, now: float, bans: int) -> bool:
        """Makes the next snapshot if an interval has passed since the last; one of several callers does.

        Returns whether this one did.
        """
        meta, client = self._shards.layout.meta, self._shards.client
        since, frozen, halved = await client.command("HMGET", meta, "since", "frozen", "halved")
        if since is None or now - float(since) < self._interval:
            return False
        last = _READ.decode(frozen) if frozen else _Frozen()
        version = last.newest.number + 1
        # The claim on this version expires by itself: if the winner dies, another caller makes the version.
        claim = await client.command("SET", f"{meta}:freeze:{version}", "1", "NX", "EX", 60)
        if claim is None:
            return False
        faded = float(halved or since)
        fading = now - faded >= HALF_LIFE_SECONDS
        counts, latest = await self._freeze_counts(version - 1, fading)
        strata, until = Counter(counts), max(last.newest.until, latest)
        newest = Version(version, until, strata, last.newest.halvings + fading)
        kept = kept_beside(last.kept, last.newest, newest, min(until, now), self._lag)
        gone = {known.number for known in (*last.kept, last.newest)} - {known.number for known in kept}
        tallies = tallied(last.tallies, until, strata)
        facts = msgspec.json.encode(_Frozen(bans, newest, kept, tuple(gone), tallies))
        await client.command(
            "HSET",
            meta,
            *("version", version, "frozen", facts, "since", repr(now)),
            *("halved", repr(now if fading else faded)),
        )
        # Deletes also what the freeze before left behind, if it died.
        await self._tidy(version, gone | {*last.gone})
        self._looked_at = None
        return True

    async def _freeze_counts(self, version: int, fading: bool) -> tuple[dict[str, int], float]:
        """Makes the next version; returns its strata, and a moment that no counted event exceeds."""
        root, client = self._shards.root(_HOME), self._shards.client
        for growing, aside in (("o", "z"), ("n", "y")):
            # RENAMENX: repeated after a crash, it must not overwrite what was set aside before.
            if await client.command("EXISTS", root + growing):
                await client.command("RENAMENX", root + growing, f"{root}{aside}{version + 1}")
        if fading or await client.command("BITCOUNT", root + "w") > FILTER_FULL * self._bits:
            await client.command("UNLINK", root + "w")
        before, since = await together(
            [self._frozen(f"{root}f{version}"), self._cells(f"{root}z{version + 1}")]
        )
        frozen = zlib.compress((before.halved() if fading else before).plus(since), level=1)
        await client.command("SET", f"{root}f{version + 1}", frozen)
        counts = Counter[str]()
        for name, fades in ((f"{root}y{version + 1}", False), (f"{root}h{version}", fading)):
            fields = await client.command("HGETALL", name)
            pairs = (
                fields.items() if isinstance(fields, dict) else zip(fields[::2], fields[1::2], strict=True)
            )
            strata = {field.decode(): int(count) for field, count in pairs}
            counts.update(halved(strata) if fades else strata)
        if counts:
            await client.command(
                "HSET", f"{root}h{version + 1}", *(part for pair in counts.items() for part in pair)
            )
        # Read last: counting meanwhile can only make the moment later, which is safe.
        return dict(counts), float(await client.command("GET", root + "u") or 0.0)

    async def _tidy(self, version: int, gone: Set[int]) -> None:
        root = self._shards.root(_HOME)
        old = [f"f{number}" for number in gone]
        for number in (version - 1, version):
            old += (f"h{number - 1}", f"z{number}", f"y{number}")
        await self._shards.client.command("UNLINK", *(root + name for name in old))

    def stale(self, now: float) -> bool:
        return self._looked_at is None or not 0 <= now - self._looked_at < SNAPSHOT_SECONDS

    async def look(self, now: float, enrolled: Callable[[], Awaitable[int]]) -> None:
        """Learns which versions there are; before the first, how many bans are enrolled."""
        version = int(await self._asked("version") or 0)
        if version == 0:
            self._read, self._sketches = _Frozen(bans=await enrolled()), {NOTHING.number: None}
            self._sign_ups = SignUpRates()
        elif version != self._read.newest.number:
            self._read = _READ.decode(await self._asked("frozen"))
            self._sign_ups = rates_of(self._read.tallies)
        self._looked_at = now

    async def snapshot(self, at: float, now: float, enrolled: Callable[[], Awaitable[int]]) -> SketchSnapshot:
        """The counts that apply to events of a moment; before the first freeze only the number of bans.

        As of the last :meth:`look`, unless that is stale. Each version is read from Redis once.
        """
        for attempt in range(_READ_AT_MOST):
            if attempt or self.stale(now):
                await self.look(now, enrolled)
            old = matured((*self._read.kept, self._read.newest), at, self._lag)
            if self._sketches.keys() >= {self._read.newest.number, old.number}:
                break
            await self._read_sketches(self._read.newest, old)
        read, sketches = self._read, self._sketches
        return SketchSnapshot(
            read.bans, read.newest, old, sketches[read.newest.number], sketches[old.number], self._sign_ups
        )

    async def _read_sketches(self, *versions: Version) -> None:
        """Reads versions not read yet, and drops those that are no longer kept."""
        kept = {known.number for known in (*self._read.kept, self._read.newest)}
        self._sketches = {number: known for number, known in self._sketches.items() if number in kept}
        for version in versions:
            if version.number not in self._sketches:
                key = f"{self._shards.root(_HOME)}f{version.number}"
                self._sketches[version.number] = None if version == NOTHING else await self._frozen(key)

    async def _asked(self, field: str) -> Any:
        return await self._shards.client.command("HGET", self._shards.layout.meta, field)

    async def _frozen(self, key: str) -> Sketch:
        raw = await self._shards.client.command("GET", key)
        return Sketch(zlib.decompress(raw) if raw else b"", self._columns)

    async def _cells(self, key: str) -> Sketch:
        return Sketch(await self._shards.client.command("GET", key) or b"", self._columns)
