"""When bans took effect, as the scripts count it in Redis (lua/calendar.lua): read when it has changed."""

from __future__ import annotations

from dataclasses import dataclass

from samehand.scoring.calendar import NO_CALENDARS, Calendars
from store.common.calendar import Bucket, calendars
from store.limits import CALENDAR_SECONDS
from store.redis.link import together
from store.redis.shards import Shards


@dataclass(frozen=True, slots=True)
class _Shard:
    """What one shard said, under which epoch and version."""

    epoch: str
    version: bytes | None
    today: int
    counts: dict[Bucket, int]


class BanCalendars:
    """The calendars of a store, read at most once in :data:`store.limits.CALENDAR_SECONDS`."""

    def __init__(self, shards: Shards) -> None:
        """Takes the shards."""
        self._shards = shards
        self._known: list[_Shard] = []
        self._read_at: float | None = None
        self._calendars = NO_CALENDARS

    async def read(self, now: float) -> Calendars:
        """The calendars as of so many seconds before ``now`` at most."""
        if self._read_at is not None and 0 <= now - self._read_at < CALENDAR_SECONDS:
            return self._calendars
        versions = await together(
            [self._shards.link.command("HGET", self._key(shard), "v") for shard in self._shards.all]
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
            self._calendars = calendars((one.today, one.counts) for one in self._known)
        self._read_at = now
        return self._calendars

    def _key(self, shard: int) -> str:
        return self._shards.root(shard) + "b:t"

    async def _shard(self, shard: int, epoch: str) -> _Shard:
        fields: dict[bytes, bytes] = await self._shards.link.command("HGETALL", self._key(shard))
        policies: dict[int, str | None] = {
            int(number): name[1:].decode() for name, number in fields.items() if name[:1] == b"p"
        }
        counts: dict[Bucket, int] = {}
        for name, count in fields.items():
            if name[:1].isdigit():
                policy, what, number = _bucket(name)
                counts[policies.get(policy), what, number] = int(count)
        return _Shard(epoch, fields.get(b"v"), int(fields.get(b"day", 0)), counts)


def _bucket(name: bytes) -> tuple[int, str, int]:
    for what in "mhdu":
        policy, found, number = name.decode().partition(what)
        if found:
            return int(policy), what, int(number)
    raise ValueError(f"{name!r} is no bucket of a calendar")
