"""What a store is, and whether it still stands: layout, epoch, and a probe that writes."""

from __future__ import annotations

import secrets

from store.errors import StoreEmptied, StoreMismatch
from store.redis.layout import Layout
from store.redis.link import Link, together

_EMPTIED = "the store was emptied since the first enrolment: run `samehand rebuild`"


class Standing:
    """The `meta` key and the epochs of the shards."""

    def __init__(self, link: Link, layout: Layout) -> None:
        """Takes the connection and what the store should be."""
        self._link = link
        self._layout = layout

    async def check(self, known_epoch: str) -> str:
        """Writes down the layout where there is none, and answers the epoch ("" before the first enrolment).

        Raises:
            StoreMismatch: the store was laid out otherwise.
            StoreEmptied: an epoch is known, and the store has another or none.
        """
        for name, value in self._layout.facts().items():
            await self._link.command("HSETNX", self._layout.meta, name, value)
        found = await self._facts()
        differences = self._layout.differences(found)
        if differences:
            raise StoreMismatch(f"the store is laid out otherwise: {'; '.join(differences)}")
        epoch = found.get(b"epoch", b"").decode()
        if known_epoch and epoch != known_epoch:
            raise StoreEmptied(_EMPTIED)
        if epoch and b"begun" not in found:
            await self._begin_shards(epoch)
        elif epoch:
            await self._compare(epoch)
        return epoch

    async def begin(self) -> str:
        """The epoch, which the first enrolment begins; one of several callers names it."""
        await self._link.command("HSETNX", self._layout.meta, "epoch", secrets.token_hex(8))
        found = await self._facts()
        epoch = found[b"epoch"].decode()
        if b"begun" not in found:
            await self._begin_shards(epoch)
        return epoch

    async def again(self) -> None:
        """Begins an epoch anew over whatever is left, for a rebuild that follows at once."""
        epoch = secrets.token_hex(8)
        await self._link.command("HSET", self._layout.meta, "epoch", epoch)
        await together([self._link.command("SET", self._key(shard), epoch) for shard in self._shards])
        await self._link.command("HSET", self._layout.meta, "begun", "1")

    async def probe(self, epoch: str) -> None:
        """Writes and reads on every shard (PING answers while the disk is full), and compares the epoch."""
        stamp = secrets.token_hex(4)
        await together([self._write_and_read(shard, stamp) for shard in self._shards])
        if epoch:
            found = await self._facts()
            if found.get(b"epoch", b"").decode() != epoch:
                raise StoreEmptied(_EMPTIED)
            await self._compare(epoch)

    async def note_folds(self, versions: set[int]) -> None:
        """Notes under which fold versions fingerprints were enrolled."""
        for version in versions:
            await self._link.command("HSETNX", self._layout.meta, f"fold{version}", "1")

    async def folds(self) -> tuple[int, ...]:
        """Those versions."""
        return tuple(sorted(int(name[4:]) for name in await self._facts() if name.startswith(b"fold")))

    @property
    def _shards(self) -> range:
        return range(self._layout.sizes.shards)

    def _key(self, shard: int) -> str:
        return self._layout.root(shard) + "e"

    async def _begin_shards(self, epoch: str) -> None:
        await together([self._link.command("SET", self._key(shard), epoch, "NX") for shard in self._shards])
        await self._link.command("HSET", self._layout.meta, "begun", "1")

    async def _compare(self, epoch: str) -> None:
        found = await together([self._link.command("GET", self._key(shard)) for shard in self._shards])
        if any(one != epoch.encode() for one in found):
            raise StoreEmptied(_EMPTIED)

    async def _write_and_read(self, shard: int, stamp: str) -> None:
        key = self._layout.root(shard) + "probe:" + stamp
        await self._link.command("SET", key, stamp, "EX", 10)
        await self._link.command("GETDEL", key)

    async def _facts(self) -> dict[bytes, bytes]:
        raw = await self._link.command("HGETALL", self._layout.meta)
        if isinstance(raw, dict):
            return raw
        return dict(zip(raw[::2], raw[1::2], strict=True))
