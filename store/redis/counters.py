"""Counted frequencies in Redis: a sketch a shard that grows, and a frozen one that is read.

A freeze sets the growing sketch aside (`o` becomes `z<version>`), adds it to the frozen one as the next
version (`f<version>`), and then turns the version in `meta`. Every step can be repeated: whoever freezes
next completes what a crash left.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import msgspec
import numpy as np

from samehand.keys import KeyKind
from store.base import Remembered
from store.counting import Counted, counted
from store.limits import FILTER_FULL, HALF_LIFE_SECONDS, STRATA
from store.redis.link import together
from store.redis.shards import Shards
from store.sketch import Sketch, columns_of_all, filter_places, home


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Counts as they were at a freeze; a :class:`samehand.frequency.Frequencies`."""

    bans: int
    strata: dict[str, int]
    columns: int
    sketches: tuple[Sketch, ...]

    def accounts(self, stratum: str) -> int:
        """How many accounts were counted in a stratum; in all of them where it is empty."""
        return self.strata.get(stratum, 0)

    def count(self, kind: KeyKind, value: bytes, stratum: str) -> int:
        """How many clusters of accounts bear the value, or a few more."""
        if not self.sketches:
            return 0
        return self.sketches[home(kind, value, stratum, len(self.sketches))].count(kind, value, stratum)


_ACCOUNTS = 0  # stands where a kind of value does: an account counts itself


@dataclass(slots=True)
class _Part:
    """What one shard is to count: values, and accounts by the seats that they take, with their strata."""

    values: list[Counted] = field(default_factory=list)
    seats: list[tuple[int, bytes, str, bytes]] = field(default_factory=list)

    def packed(self, columns: int, bits: int) -> tuple[bytes | str, ...]:
        """As `count.lua` reads it: values in one, then stratum and filter places of accounts in turn."""
        cells = columns_of_all([(one.kind, one.value, one.stratum) for one in self.values], columns)
        seen = filter_places(self.values, bits)
        taken = filter_places(self.seats, bits).astype(">u4").tobytes()
        width = len(taken) // max(1, len(self.seats))
        accounts = [
            (stratum, taken[at * width : (at + 1) * width]) for at, (*_, stratum, _) in enumerate(self.seats)
        ]
        return (
            np.hstack((cells, seen)).astype(">u4").tobytes(),
            *(part for account in accounts for part in account),
        )


class Counters:
    """Counts values as accounts are remembered, freezes, and reads what was frozen."""

    def __init__(self, shards: Shards, interval_seconds: float) -> None:
        """Takes the shards, and the least time between two freezes."""
        self._shards = shards
        self._interval = interval_seconds
        # Each value has its shard, so that all shards together are as exact as one would be alone.
        self._columns = max(1, shards.layout.sizes.sketch_columns // shards.layout.sizes.shards)
        self._bits = max(1, shards.layout.sizes.filter_bits // shards.layout.sizes.shards)
        self._read: tuple[int, Snapshot] | None = None
        self._counting = False

    async def count(self, accounts: Sequence[Remembered], now: float) -> None:
        """Counts accounts and their values, each value once a cluster while the filter knows it."""
        if not accounts:
            return
        if not self._counting:
            await self._shards.link.command("HSETNX", self._shards.layout.meta, "since", repr(now))
            self._counting = True
        parts = self._laid_out(accounts)
        await together(
            [
                self._shards.script(
                    "count", shard, repr(now), self._columns, STRATA, *part.packed(self._columns, self._bits)
                )
                for shard, part in zip(self._shards.all, parts, strict=True)
                if part.values or part.seats
            ]
        )

    def _laid_out(self, accounts: Sequence[Remembered]) -> list[_Part]:
        """What accounts count, by the shards that count it: each value has one."""
        parts = [_Part() for _ in self._shards.all]
        for account in accounts:
            first = account.fingerprints[0]
            sighting = counted(first, self._shards.addresses.account(account.account).raw)
            for one in sighting.values:
                parts[home(one.kind, one.value, one.stratum, len(parts))].values.append(one)
            itself = _ACCOUNTS, sighting.seat, first.stratum
            parts[home(*itself, len(parts))].seats.append((*itself, b""))
        return parts

    async def freeze(self, now: float, bans: int) -> bool:
        """Makes the next snapshot if an interval has passed since the last; one of several callers does."""
        meta = self._shards.layout.meta
        raw = await self._shards.link.command("HMGET", meta, "since", "version", "halved")
        since, version, halved = raw[0], int(raw[1] or 0), float(raw[2] or raw[0] or 0)
        if since is None or now - float(since) < self._interval:
            return False
        # A claim on this version that ends by itself: a winner that dies leaves the turn to the next.
        claim = await self._shards.link.command("SET", f"{meta}:freeze:{version + 1}", "1", "NX", "EX", 60)
        if claim is None:
            return False
        fading = now - halved >= HALF_LIFE_SECONDS
        strata = await together([self._freeze_shard(shard, version, fading) for shard in self._shards.all])
        total = Counter[str]()
        for one in strata:
            total.update(one)
        facts = msgspec.json.encode({"bans": bans, "strata": dict(total)})
        await self._shards.link.command(
            "HSET",
            meta,
            *("version", version + 1, "frozen", facts, "since", repr(now)),
            *("halved", repr(now if fading else halved)),
        )
        await together([self._tidy(shard, version) for shard in self._shards.all])
        return True

    async def _freeze_shard(self, shard: int, version: int, fading: bool) -> dict[str, int]:
        root, link = self._shards.root(shard), self._shards.link
        for growing, aside in (("o", "z"), ("n", "y")):
            # Not again after a crash in between: what was set aside would be lost.
            if await link.command("EXISTS", root + growing):
                await link.command("RENAMENX", root + growing, f"{root}{aside}{version + 1}")
        if fading or await link.command("BITCOUNT", root + "w") > FILTER_FULL * self._bits:
            await link.command("UNLINK", root + "w")
        before, since = await together(
            [self._cells(f"{root}f{version}"), self._cells(f"{root}z{version + 1}")]
        )
        frozen = (before.halved() if fading else before).plus(since)
        await link.command("SET", f"{root}f{version + 1}", frozen)
        counts = Counter[str]()
        for name, share in ((f"{root}y{version + 1}", 1), (f"{root}h{version}", 2 if fading else 1)):
            fields = await link.command("HGETALL", name)
            pairs = (
                fields.items() if isinstance(fields, dict) else zip(fields[::2], fields[1::2], strict=True)
            )
            counts.update({field.decode(): int(count) // share for field, count in pairs})
        if counts:
            await link.command(
                "HSET", f"{root}h{version + 1}", *(part for pair in counts.items() for part in pair)
            )
        return dict(counts)

    async def _tidy(self, shard: int, version: int) -> None:
        root = self._shards.root(shard)
        old = (f"f{version}", f"h{version}", f"z{version + 1}", f"y{version + 1}")
        await self._shards.link.command("UNLINK", *(root + name for name in old))

    async def snapshot(self, enrolled: Callable[[], Awaitable[int]]) -> Snapshot:
        """The last snapshot, read once a version; before the first, nothing counted but the bans."""
        raw, frozen = await self._shards.link.command("HMGET", self._shards.layout.meta, "version", "frozen")
        version = int(raw or 0)
        if version == 0:
            return Snapshot(await enrolled(), {}, self._columns, ())
        if self._read is None or self._read[0] != version:
            facts = msgspec.json.decode(frozen)
            cells = [self._cells(f"{self._shards.root(shard)}f{version}") for shard in self._shards.all]
            sketches = tuple(await together(cells))
            self._read = version, Snapshot(facts["bans"], facts["strata"], self._columns, sketches)
        return self._read[1]

    async def _cells(self, key: str) -> Sketch:
        return Sketch(await self._shards.link.command("GET", key) or b"", self._columns)
