"""Reads the calendar of bans, which the scripts keep in Redis (lua/calendar.lua), when it has changed."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Final

import numpy as np

from samehand.frequency.ban_calendar import NO_CALENDARS, Buckets, Calendars
from store.common.calendar import BUCKET_ROWS, Counted, calendars
from store.limits import SNAPSHOT_SECONDS
from store.redis.client import together
from store.redis.shards import Shards

# The number of a policy, the kind of bucket, the number of a row.
_ROW: Final = re.compile(rb"([0-9]{1,12})([mhdu])([0-9]{1,12})")


@dataclass(frozen=True, slots=True)
class _Shard:
    """The calendar of one shard, and the epoch and version under which it was read."""

    epoch: str
    version: bytes | None
    today: int
    since: int
    counted: Counted


class BanCalendars:
    """The calendars of a store, read at most once in :data:`store.limits.SNAPSHOT_SECONDS`."""

    def __init__(self, shards: Shards) -> None:
        self._shards = shards
        self._known: list[_Shard] = []
        self._read_at: float | None = None
        self._calendars = NO_CALENDARS

    async def read(self, now: float) -> Calendars:
        """The calendars, at most :data:`store.limits.SNAPSHOT_SECONDS` older than ``now``."""
        if self._read_at is not None and 0 <= now - self._read_at < SNAPSHOT_SECONDS:
            return self._calendars
        versions = await together(
            [self._shards.client.command("HGET", self._key(shard), "v") for shard in self._shards.all]
        )
        epoch, known = self._shards.epoch, dict(enumerate(self._known))
        changed = [
            shard
            for shard, version in enumerate(versions)
            if shard not in known or (known[shard].epoch, known[shard].version) != (epoch, version)
        ]
        read = await together([self._shard(shard, epoch) for shard in changed])
        if changed:
            known.update(zip(changed, read, strict=True))
            self._known = [known[shard] for shard in self._shards.all]
            self._calendars = calendars(
                (of_shard.today, of_shard.since, of_shard.counted) for of_shard in self._known
            )
        self._read_at = now
        return self._calendars

    def _key(self, shard: int) -> str:
        return self._shards.root(shard) + "b:t"

    async def _shard(self, shard: int, epoch: str) -> _Shard:
        fields: dict[bytes, bytes] = await self._shards.client.command("HGETALL", self._key(shard))
        policies: dict[bytes, str | None] = {
            number: name[1:].decode() for name, number in fields.items() if name[:1] == b"p"
        }
        rows: dict[tuple[str | None, str], list[tuple[int, bytes]]] = defaultdict(list)
        for name, row in fields.items():
            if match := _ROW.fullmatch(name):
                policy, what, number = match.groups()
                rows[policies.get(policy), what.decode()].append((int(number), row))
        counted = {(policy, what): _unpacked(what, several) for (policy, what), several in rows.items()}
        today, since = (int(fields.get(name, 0)) for name in (b"day", b"since"))
        return _Shard(epoch, fields.get(b"v"), today, since, counted)


def _unpacked(what: str, rows: list[tuple[int, bytes]]) -> Buckets:
    rows.sort()
    together = BUCKET_ROWS[what].together
    counts = np.frombuffer(b"".join(row for _, row in rows), ">u4").astype(np.int64)
    firsts = np.array([number for number, _ in rows], np.int64) * together
    numbers = np.add.outer(firsts, np.arange(together, dtype=np.int64)).ravel()
    some = np.flatnonzero(counts)
    return numbers[some], counts[some]
