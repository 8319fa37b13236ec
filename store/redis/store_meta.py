"""Checks a store's layout and epoch, keeps its `meta` key, and probes whether it can be written."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from samehand.normalize.text.fold import FOLD_VERSION
from store.errors import StoreEmptied, StoreMismatch, StoreMoving
from store.redis.client import EMPTIED, EPOCH_KEY, MOVED, RedisClient, together
from store.redis.layout import TAGS, Layout

UNFILLED = "unfilled"
"""As the epoch that is known: none is, although bans were acknowledged, with another store that is."""

NEVER_FILLED = (
    "the store was never filled, or not to its end, although bans were acknowledged: run `samehand rebuild`"
)

NOT_LAID_OUT = (
    "no worker has opened a store here: are SAMEHAND_REDIS_URL and SAMEHAND_STORE_PREFIX those of workers?"
)

_LACKING = "unfilled"
"""Set from when a worker misses bans, or a rebuild begins, until one has finished. Gates know it from here:
they may not ask Kafka for what the group acknowledged."""

_BEHIND = "behind:"  # and a topic: `partition:offset` of each, from which records are to be delivered again


class StoreMeta:
    """The `meta` key and the epochs of the tags."""

    def __init__(
        self,
        client: RedisClient,
        layout: Layout,
        *,
        carrying: bool = False,
        working: bool = False,
        read_only: bool = False,
    ) -> None:
        """Takes the connection and the expected layout.

        ``carrying``: the caller moves one layout into another, and opens both even while they refuse others.
        ``working``: the caller is a worker; if the layout is still being filled, it asks for the hand-over.
        ``read_only``: writes nothing, not even where there is no store yet.
        """
        self._client = client
        self._layout = layout
        self._carrying = carrying
        self._working = working
        self._read_only = read_only

    async def check(self, known_epoch: str) -> str:
        """Writes the layout where there is none, and returns the epoch ("" before the first enrolment).

        Raises:
            StoreMismatch: the store has another layout, or holds fingerprints that this program cannot read.
            StoreEmptied: an epoch is known, but the store or one of its tags has another one or none. Or it
                is ``UNFILLED``, and no enrolment began the store's: a rebuild is to come, or goes on.
            StoreMoving: it is being filled from another layout, or was left for one.

        To a process that only reads, a store that waits for a rebuild or its end is emptied.
        """
        facts = await self._laid_out()
        if not self._carrying:
            await self._check_filling(facts)
        elif MOVED.encode() in facts:
            return MOVED
        epoch = facts.get(b"epoch", b"").decode()
        if self._read_only and _LACKING.encode() in facts:
            raise StoreEmptied(NEVER_FILLED)
        if known_epoch and not epoch and not self._read_only:
            await self.note(**{_LACKING: "1"})
        if known_epoch == UNFILLED:
            if not epoch or facts.get(b"refilled", b"").decode() == epoch:
                raise StoreEmptied(NEVER_FILLED)
        elif known_epoch and epoch != known_epoch:
            raise StoreEmptied(EMPTIED)
        if epoch and b"begun" not in facts and not self._read_only:
            await self._begin_tags(epoch)
        elif epoch:
            await self._compare(epoch)
        return epoch

    async def _check_filling(self, facts: Mapping[bytes, bytes]) -> None:
        """Raises ``StoreMoving`` while the store is filled; meanwhile all other requests raise too."""
        if b"filling" not in facts:
            self._client.moving = ""
            return
        self._client.moving = (
            f"the store is being filled from the one under {facts[b'filling'].decode()}, and refuses "
            "requests until that is done; if `samehand rebuild --into` no longer runs, run it again"
        )
        if self._working:
            await self._client.ask("HSETNX", self._layout.meta, "asked", "1")
        raise StoreMoving(self._client.moving)

    async def facts(self) -> dict[str, str]:
        """The facts in the store's `meta` key; empty where there is no store."""
        return {name.decode(): value.decode() for name, value in (await self._facts()).items()}

    async def note(self, **facts: str) -> None:
        """Adds facts to the `meta` key."""
        await self._client.command(
            "HSET", self._layout.meta, *(part for fact in facts.items() for part in fact)
        )

    async def note_no_more(self, *names: str) -> None:
        """Removes facts from the `meta` key."""
        await self._client.command("HDEL", self._layout.meta, *names)

    async def note_behind(self, positions: Mapping[str, Mapping[int, int]]) -> None:
        """Notes for each topic from which offsets acknowledged records are missing, unless that is noted.

        A run that was broken off noted an earlier position, which is the true one.
        """
        for topic, by_partition in positions.items():
            packed = " ".join(f"{partition}:{offset}" for partition, offset in by_partition.items())
            await self._client.command("HSETNX", self._layout.meta, _BEHIND + topic, packed)

    async def behind(self) -> dict[str, dict[int, int]]:
        """What :meth:`note_behind` noted and nobody caught up with yet."""
        return {
            name.removeprefix(_BEHIND): {
                int(partition): int(offset)
                for partition, _, offset in (position.partition(":") for position in packed.split())
            }
            for name, packed in (await self.facts()).items()
            if name.startswith(_BEHIND)
        }

    async def caught_up(self, topic: str) -> None:
        await self.note_no_more(_BEHIND + topic)

    async def mismatch(self) -> StoreMismatch | None:
        """Why this program cannot read the store, ``None`` where it can or there is none. Writes nothing."""
        try:
            self._check_readable(await self._facts())
        except StoreMismatch as fault:
            return fault
        return None

    async def close(self) -> None:
        """Closes every tag to all but who carries it over: scripts of workers fail from then on.

        Works on any layout since 0.1.0: up to 26 each had `meta`, `shards` there, and an epoch a shard.
        """
        shards = (await self.facts()).get("shards")
        roots = (
            [f"{self._layout.prefix}{{{shard}}}:" for shard in range(int(shards))] if shards else self._roots
        )
        await together([self._client.command("SET", root + EPOCH_KEY, MOVED) for root in roots])

    async def begin(self) -> str:
        """Begins the epoch with the first enrolment, and returns it; all concurrent callers get the same."""
        await self._client.command("HSETNX", self._layout.meta, "epoch", secrets.token_hex(8))
        facts = await self._facts()
        epoch = facts[b"epoch"].decode()
        if b"begun" not in facts:
            await self.note_no_more(_LACKING)  # every ban is enrolled from the first on
            await self._begin_tags(epoch)
        return epoch

    async def new_epoch(self, *, carried: bool = False) -> None:
        """Begins a new epoch over whatever data is left; a rebuild must follow at once.

        Raises ``StoreMismatch`` as :meth:`check` does.
        """
        await self._laid_out()
        epoch = secrets.token_hex(8)
        refilled = () if carried else ("refilled", epoch)
        await self._client.command("HSET", self._layout.meta, _LACKING, "1", "epoch", epoch, *refilled)
        await together([self._client.command("SET", root + EPOCH_KEY, epoch) for root in self._roots])
        await self._client.command("HSET", self._layout.meta, "begun", "1")

    async def probe(self, epoch: str) -> None:
        """Writes and reads, in a Cluster on each tag (PING succeeds with a full disk); compares epochs."""
        stamp = secrets.token_hex(4)
        if not self._read_only:
            roots = self._roots if self._client.is_cluster else self._roots[:1]
            keys = [root + "probe:" + stamp for root in roots]
            await together([self._client.command("SET", key, stamp, "EX", 10) for key in keys])
            await together([self._client.command("GETDEL", key) for key in keys])
        if epoch:
            facts = await self._facts()
            if facts.get(b"epoch", b"").decode() != epoch:
                raise StoreEmptied(EMPTIED)
            await self._compare(epoch)
        elif self._read_only and not await self._facts():
            raise StoreEmptied(NOT_LAID_OUT)

    async def note_folds(self, versions: set[int]) -> None:
        """Notes the fold versions of enrolled fingerprints."""
        for version in versions:
            await self._client.command("HSETNX", self._layout.meta, f"fold{version}", "1")

    async def folds(self) -> tuple[int, ...]:
        """The noted fold versions, sorted."""
        return _folds(await self._facts())

    async def note_rebuilt(self) -> None:
        """Notes that every ban is enrolled, under this program's fold version."""
        await self.note_no_more(_LACKING)
        former = [f"fold{version}" for version in await self.folds() if version != FOLD_VERSION]
        if former:
            await self._client.command("HDEL", self._layout.meta, *former)

    @property
    def _roots(self) -> list[str]:
        return [self._layout.root(tag) for tag in range(TAGS)]

    async def _laid_out(self) -> dict[bytes, bytes]:
        """The facts of the `meta` key, after a check that layout and fold versions are this program's."""
        if not self._read_only:
            for name, value in self._layout.facts().items():
                await self._client.ask("HSETNX", self._layout.meta, name, value)
        facts = await self._facts()
        if self._read_only and not facts:
            return facts  # there is no store yet: nothing to read, and nothing that differs
        if not self._carrying and MOVED.encode() in facts:
            # First: whatever version made it, it says where to go; all other requests raise too.
            prefix = facts[MOVED.encode()].decode().split()[0]
            self._client.moving = (
                f"the store has moved to another layout: set SAMEHAND_STORE_PREFIX={prefix} and restart"
            )
            raise StoreMoving(self._client.moving)
        self._check_readable(facts)
        return facts

    def _check_readable(self, facts: Mapping[bytes, bytes]) -> None:
        """Raises ``StoreMismatch`` unless layout and fold versions are this program's."""
        self._layout.check(facts)
        foreign = set(_folds(facts)) - {FOLD_VERSION, FOLD_VERSION - 1}
        if foreign:
            listed = ", ".join(map(str, sorted(foreign)))
            raise StoreMismatch(
                f"the store holds fingerprints of fold version {listed}; this program reads versions "
                f"{FOLD_VERSION - 1} and {FOLD_VERSION}",
                "folds",
            )

    async def _begin_tags(self, epoch: str) -> None:
        await together([self._client.command("SET", root + EPOCH_KEY, epoch, "NX") for root in self._roots])
        await self._client.command("HSET", self._layout.meta, "begun", "1")

    async def _compare(self, epoch: str) -> None:
        keys = [root + EPOCH_KEY for root in self._roots]
        if self._client.is_cluster:
            epochs = await together([self._client.command("GET", key) for key in keys])
        else:
            epochs = await self._client.command("MGET", *keys)
        if any(held != epoch.encode() for held in epochs):
            raise StoreEmptied(EMPTIED)

    async def _facts(self) -> dict[bytes, bytes]:
        raw = await self._client.ask("HGETALL", self._layout.meta)
        if isinstance(raw, dict):
            return raw
        return dict(zip(raw[::2], raw[1::2], strict=True))


def _folds(facts: Mapping[bytes, bytes]) -> tuple[int, ...]:
    return tuple(sorted(int(name[4:]) for name in facts if name.startswith(b"fold")))
