"""What a store is, and whether it still stands: layout, epoch, history, and a probe that writes."""

from __future__ import annotations

import secrets

from samehand.normalize.text.fold import FOLD_VERSION
from store.errors import StoreEmptied, StoreMismatch
from store.redis.client import Link, together
from store.redis.layout import Layout

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
            StoreMismatch: the store was laid out otherwise, or holds fingerprints that we do not read.
            StoreEmptied: an epoch is known, and the store or a shard of it has another or none.
        """
        found = await self._laid_out()
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
        """Begins an epoch anew over whatever is left, for a rebuild that follows at once.

        Raises ``StoreMismatch`` as :meth:`check` does.
        """
        await self._laid_out()
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
        return _folds(await self._facts())

    async def note_rebuilt(self) -> None:
        """Notes that every ban has been enrolled under this program's fold version."""
        former = [f"fold{version}" for version in await self.folds() if version != FOLD_VERSION]
        if former:
            await self._link.command("HDEL", self._layout.meta, *former)

    @property
    def _shards(self) -> range:
        return range(self._layout.sizes.shards)

    def _key(self, shard: int) -> str:
        return self._layout.root(shard) + "e"

    async def _laid_out(self) -> dict[bytes, bytes]:
        """What the store says of itself, once it is sure to be laid out and folded as we are."""
        for name, value in self._layout.facts().items():
            await self._link.command("HSETNX", self._layout.meta, name, value)
        found = await self._facts()
        self._layout.check(found)
        foreign = set(_folds(found)) - {FOLD_VERSION, FOLD_VERSION - 1}
        if foreign:
            listed = ", ".join(map(str, sorted(foreign)))
            raise StoreMismatch(
                f"the store holds fold version {listed}, which this program does not read", "folds"
            )
        return found

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


def _folds(facts: dict[bytes, bytes]) -> tuple[int, ...]:
    return tuple(sorted(int(name[4:]) for name in facts if name.startswith(b"fold")))
