"""Moves a store into another layout beside it, while workers go on with the first (docs/howto/keep.md).

The caller fills in the bans from their topic. This module copies what no topic brings again. Remembered
accounts are copied before the hand-over, and those changed since after it: their records as they are, listed
anew by their fingerprints. Alerts, silences, families, markers of reinstatements and deletions, waves and
what is owed are copied, key by key, once nobody writes to the first layout any more. Counts begin at zero.

A store of another version's layout or fold cannot be read, so nothing of it is copied. It is closed all the
same, and what the group acknowledged meanwhile is delivered again (:meth:`store.base.Store.behind`).
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from typing import Final

from store.common.key_digests import ID_BYTES
from store.common.records import read_record
from store.errors import StoreInUse
from store.redis.client import MOVED, together
from store.redis.layout import TAGS
from store.redis.shards import Shards
from store.redis.store import RedisStore

Hear = Callable[[int], None]

_AT_ONCE: Final = 256  # keys: some milliseconds of Redis, during which it serves nobody else
_TAGGED: Final = re.compile(rb"\{([0-9a-f]{2})\}:(.*)", re.DOTALL)
# Not copied by its key: bans, postings, generations, remembered accounts, and what belongs to a layout
# (epochs, expiring bans, counters, counted values).
_OTHERWISE: Final = re.compile(
    rb"[brsu].{8}|p.{4}|g.{6}|gn?|e|x|relay|bans|ta|probe:.*|[wonu]|[fhzy]\d+|w.{4}", re.DOTALL
)
_NOTED: Final = re.compile(rb"w.{4}", re.DOTALL)  # what new accounts noted of the last day, by bucket


class Resharding:
    """Copies one layout into another, step by step; each step may be repeated."""

    def __init__(self, source: RedisStore, target: RedisStore) -> None:
        """Takes two stores made with ``carrying``, neither of them opened yet."""
        self._source = source
        self._target = target
        self.copies = True
        """Whether this program can read the source; known once begun."""
        self._carried: dict[bytes, bytes] = {}  # by id, the records of remembered accounts that were copied

    async def begin(self) -> None:
        """Opens both stores, and marks the target as being filled, which keeps workers from it.

        Raises:
            StoreInUse: there is a store under the target's prefix, or the source was left for another one.
        """
        here, there = self._source.shards.layout, self._target.shards.layout
        facts = await self._target.store_meta.facts()
        filling = facts.get("filling")
        moved = (await self._source.store_meta.facts()).get(MOVED, "").split()[:1]
        if filling != here.prefix and (filling is not None or "epoch" in facts or MOVED in facts):
            done = (
                "the former one was handed over to it" if moved == [there.prefix] else "choose another prefix"
            )
            raise StoreInUse(f"there is a store under {there.prefix} already; {done}")
        mismatch = await self._source.store_meta.mismatch()
        if mismatch is None:
            await self._source.open()
        elif mismatch.kind in ("layout", "folds"):
            self.copies = False
        else:
            raise mismatch
        if moved and moved != [there.prefix]:
            raise StoreInUse(f"the store under {here.prefix} has already moved to {moved[0]}")
        if moved:
            self._source.adopt(MOVED)
        if filling is None:
            await self._target.store_meta.note(filling=here.prefix)
        await self._target.open()
        if not self._target.epoch:
            await self._target.begin_again(carried=True)

    async def asked(self) -> bool:
        """Returns whether a worker waits for the target, or the source is closed already."""
        return "asked" in await self._target.store_meta.facts() or self.closed

    async def owed(self) -> int:
        """How many withdrawals and summaries of the source wait to be published."""
        shards, facts = self._source.shards, await self._source.store_meta.facts()
        former = range(int(facts.get("shards", 0)))  # layouts up to 26: each shard owes by a hash
        asked = [("HLEN", f"{shards.layout.prefix}{{{shard}}}:owed") for shard in former]
        asked = asked or [("ZCARD", f"{shards.root(tag)}due") for tag in range(TAGS)]
        return sum(await together([shards.client.command(*each) for each in asked]))

    @property
    def closed(self) -> bool:
        """True if the source was closed, by this run or an earlier one."""
        return self._source.epoch == MOVED

    async def close_source(self) -> None:
        """Closes the source: from now on no worker can use it, and workers hold their events."""
        # The second word was the number of shards, which releases up to 0.2.0 read.
        await self._source.store_meta.note(moved=f"{self._target.shards.layout.prefix} 1")
        await self._source.store_meta.close()
        self._source.adopt(MOVED)

    async def finish(self) -> None:
        """Declares the target complete: workers that wait for it begin."""
        await self._target.store_meta.note_no_more("filling", "asked")

    async def carry_remembered(self, now: float, hear: Hear) -> int:
        """Copies remembered accounts not copied yet, and forgets copied ones that the source has forgotten.

        Returns how many accounts were copied; calls ``hear`` with that number meanwhile.
        """
        known, so_far, there = self._target.remembered_accounts, 0, set[bytes]()
        async for ids in self._ids(self._source.shards):
            for at in range(0, len(ids), _AT_ONCE):
                some = ids[at : at + _AT_ONCE]
                raws = await self._source.shards.of_accounts(b"s", some)
                read = {id_: raw for id_, raw in zip(some, raws, strict=True) if raw}
                there.update(read)
                fresh = {id_: raw for id_, raw in read.items() if self._carried.get(id_) != raw}
                await known.carry([record for raw in fresh.values() if (record := read_record(raw))], now)
                self._carried |= fresh
                so_far += len(fresh)
                hear(so_far)
        async for ids in self._ids(self._target.shards):
            await known.forget_ids([id_ for id_ in ids if id_ not in there], now)
        return so_far

    async def _ids(self, shards: Shards) -> AsyncIterator[list[bytes]]:
        prefix = shards.layout.prefix.encode()
        start = len(prefix) + len(b"{00}:s")
        async for names in shards.scanned(prefix + b"{??}:s" + b"?" * ID_BYTES):
            yield [name[start:] for name in names if len(name) == start + ID_BYTES]

    async def carry_rest(self, hear: Hear) -> int:
        """Copies what is kept of accounts and alerts, and what is owed; returns how many keys.

        Call it only once the source is closed: it does not see what changes meanwhile.
        """
        source, target, so_far = self._source.shards, self._target.shards, 0
        alike = source.layout.sizes.remembered == target.layout.sizes.remembered
        async for names in source.scanned(self._start + b"{*}:*"):
            named = [match for name in names if (match := _TAGGED.fullmatch(name, len(self._start)))]
            some = [
                (int(it[1], 16), it[2])
                for it in named
                if not _OTHERWISE.fullmatch(it[2]) or (alike and _NOTED.fullmatch(it[2]))
            ]
            for at in range(0, len(some), _AT_ONCE):
                await together([self._copy(tag, name) for tag, name in some[at : at + _AT_ONCE]])
                hear(so_far := so_far + len(some[at : at + _AT_ONCE]))
        return so_far

    async def _copy(self, tag: int, name: bytes) -> None:
        source, target = self._source.shards, self._target.shards
        key = source.root(tag).encode() + name
        lives, value = await together([source.client.command(verb, key) for verb in ("PTTL", "DUMP")])
        if value:
            copy = target.root(tag).encode() + name
            await target.client.command("RESTORE", copy, max(0, lives), value, "REPLACE")

    @property
    def _start(self) -> bytes:
        return self._source.shards.layout.prefix.encode()


async def drop_store(store: RedisStore) -> int:
    """Deletes a store that was left for another one, or was never handed over; returns how many keys.

    The `meta` key, which says so, is deleted last, so that an interrupted run can be repeated.

    Raises:
        StoreInUse: the store is in use, or there is none.
    """
    layout = store.shards.layout
    facts = await store.store_meta.facts()
    if MOVED not in facts and "filling" not in facts:
        said = "is not deleted: it has not moved to another prefix" if facts else "does not exist"
        raise StoreInUse(f"the store under {layout.prefix} {said}")
    client, dropped = store.shards.client, 0
    async for names in store.shards.scanned(layout.prefix.encode() + b"{*}:*"):
        by_tag: dict[bytes, list[bytes]] = {}
        for name in names:
            by_tag.setdefault(name.partition(b"}")[0], []).append(name)
        await together([client.command("UNLINK", *several) for several in by_tag.values()])
        dropped += len(names)
    await client.command("UNLINK", layout.meta)
    return dropped + 1
