"""Moves a store into another layout beside it, while workers go on with the first (docs/resharding.md).

The caller fills in the bans from their topic. This module copies what no topic brings again. Remembered
accounts are copied before the hand-over, and those changed since after it. Alerts, silences, families,
markers of reinstatements and deletions, and what is owed are copied once nobody writes to the first layout
any more. Counts begin at zero.

A store of another version's layout or fold cannot be read, so nothing of it is copied. It is closed all the
same, and what the group acknowledged meanwhile is delivered again (:meth:`store.base.Store.behind`).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Final

from store.base import Remembered
from store.common.key_digests import DIGEST_BYTES, Digest
from store.common.records import read_remembered
from store.errors import StoreInUse
from store.redis.client import RedisClient, together
from store.redis.layout import SLOT_BYTES
from store.redis.shards import Shards
from store.redis.store import RedisStore
from store.redis.store_meta import MOVED

Hear = Callable[[int], None]

# Keys per command: some milliseconds of Redis, during which it serves nobody else.
_AT_ONCE: Final = 256
_SCANNED_AT_ONCE: Final = 2_000

# The keys that are named by a digest, whose shard each is in; that of a pair (`s`) comes before its alert's.
_NAMED: Final = re.compile(
    rb"\{(\d+)\}:((?:[mdjkocanlqh]|ac|hs|s(?=:.{64}$)):([0-9a-f]{32})(?:[0-9a-f]{32})?)", re.DOTALL
)
_REMEMBERED: Final = re.compile(rb"\{(\d+)\}:g(?:l|\d+:.*)?", re.DOTALL)
_ANY: Final = re.compile(rb"\{(\d+)\}:.*", re.DOTALL)
_WAVES: Final = re.compile(rb"\{0\}:(v[:moxs].*)", re.DOTALL)
_NOTED: Final = re.compile(rb"\{0\}:(w.{4})", re.DOTALL)  # bucket, in four bytes
_NOBODY: Final = Digest(b"")


class Resharding:
    """Copies one layout into another, step by step; each step may be repeated."""

    def __init__(self, source: RedisStore, target: RedisStore) -> None:
        """Takes two stores made with ``carrying``, neither of them opened yet."""
        self._source = source
        self._target = target
        self.copies = True
        """Whether this program can read the source; known once begun."""
        # What was copied, by generation and shard: packed slots, and the digests of their accounts.
        self._carried: dict[tuple[int, int], tuple[bytearray, bytearray]] = {}

    async def begin(self) -> None:
        """Opens both stores, and marks the target as being filled, which keeps workers from it.

        Raises:
            StoreInUse: there is a store under the target's prefix, or the source was left for another one.
        """
        here, there = self._source.shards.layout, self._target.shards.layout
        facts = await self._target.store_meta.facts()
        filling = facts.get("filling")
        left_for = [there.prefix, str(there.sizes.shards)]
        moved = (await self._source.store_meta.facts()).get(MOVED, "").split()
        if filling != here.prefix and (filling is not None or "epoch" in facts or MOVED in facts):
            done = "the former one was handed over to it" if moved == left_for else "choose another prefix"
            raise StoreInUse(f"there is a store under {there.prefix} already; {done}")
        mismatch = await self._source.store_meta.mismatch()
        if mismatch is None:
            await self._source.open()
        elif mismatch.kind in ("layout", "folds"):
            self.copies = False
        else:
            raise mismatch
        if moved and moved != left_for:
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
        facts, shards = await self._source.store_meta.facts(), self._source.shards
        counts = [
            await shards.client.command("ZCARD", shards.root(shard) + "due")
            for shard in range(int(facts.get("shards", len(shards.all))))
        ]
        return sum(counts)

    @property
    def closed(self) -> bool:
        """True if the source was closed, by this run or an earlier one."""
        return self._source.epoch == MOVED

    async def close_source(self) -> None:
        """Closes the source: from now on no worker can use it, and workers hold their events."""
        layout = self._target.shards.layout
        await self._source.store_meta.note(moved=f"{layout.prefix} {layout.sizes.shards}")
        await self._source.store_meta.close()
        self._source.adopt(MOVED)

    async def finish(self) -> None:
        """Declares the target complete: workers that wait for it begin."""
        await self._target.store_meta.note_no_more("filling", "asked")

    async def carry_remembered(self, now: float, hear: Hear) -> int:
        """Copies remembered accounts not copied yet, and forgets copied ones that the source has forgotten.

        Returns how many accounts were copied; calls ``hear`` with that number meanwhile.
        """
        known = self._target.remembered_accounts
        if not self._carried:  # the source may have forgotten what an earlier run copied
            await drop(self._target.shards, _REMEMBERED)
        await known.forget_digests([digest async for digest in self._gone()], now)
        began, so_far = dict[int, float](), 0
        for number, moment in (await self._source.remembered_accounts.generations()).items():
            began[number] = moment
            for shard in self._source.shards.all:
                carried = self._carried.setdefault((number, shard), (bytearray(), bytearray()))
                async for slots, digests, some in self._remembered(number, shard, carried[0]):
                    await known.carry(some, began, now)
                    carried[0].extend(slots)  # only once written: a repeat goes on behind these
                    carried[1].extend(digests)
                    so_far += len(some)
                    hear(so_far)
        return so_far

    async def _remembered(
        self, number: int, shard: int, carried: bytearray
    ) -> AsyncIterator[tuple[bytes, bytes, list[Remembered]]]:
        """Yields accounts of a generation in a shard that were not copied yet, a few at a time.

        Each time their packed slots, their packed digests, and the accounts.
        """
        first, following = -1, 1 + int.from_bytes(carried[-SLOT_BYTES:], "big") if carried else 0
        while first < following:
            first = following
            following, walked = await self._source.remembered_accounts.walk(number, shard, first)
            some = [(slot, read_remembered(frame, quote)) for slot, frame, quote in walked]
            read = [(slot, account) for slot, account in some if account is not None]
            if read:
                slots = b"".join(slot.to_bytes(SLOT_BYTES, "big") for slot, _ in read)
                accounts = [account for _, account in read]
                digests = [self._source.shards.addresses.account(account.account).raw for account in accounts]
                yield slots, b"".join(digests), accounts

    async def _gone(self) -> AsyncIterator[Digest]:
        """The copied accounts that the source has forgotten since, or keeps in another place."""
        living = await self._source.remembered_accounts.generations()
        for (number, shard), (slots, digests) in self._carried.items():
            if number not in living:
                continue  # evicted as a whole, as in the target
            width = _AT_ONCE * SLOT_BYTES
            for at in range(0, len(slots), width):
                some = bytes(slots[at : at + width])
                free = await self._source.remembered_accounts.free(number, shard, some)
                left = {free[place : place + SLOT_BYTES] for place in range(0, len(free), SLOT_BYTES)}
                for place in range(0, len(some), SLOT_BYTES):
                    if some[place : place + SLOT_BYTES] in left:
                        which = (at + place) // SLOT_BYTES * DIGEST_BYTES
                        yield Digest(bytes(digests[which : which + DIGEST_BYTES]))

    async def carry_rest(self, hear: Hear) -> int:
        """Copies the keys named by accounts and alerts, and what is owed; returns how many keys.

        Call it only once the source is closed: it does not see what changes meanwhile.
        """
        so_far = 0
        async for names in _scanned(self._source.shards, b"*:" + b"?" * (2 * DIGEST_BYTES) + b"*"):
            start = len(self._source.shards.layout.prefix.encode())
            matches = [match for name in names if (match := _NAMED.fullmatch(name, start))]
            for at in range(0, len(matches), _AT_ONCE):
                some = [
                    (int(match[1]), match[2], Digest(bytes.fromhex(match[3].decode())))
                    for match in matches[at : at + _AT_ONCE]
                ]
                await self._copy(some, [(self._target.shards.of(digest),) for _, _, digest in some])
                so_far += len(some)
                hear(so_far)
        await self._carry_moments("due", "NX")
        await self._carry_moments("unjudged", "NX")
        await self._carry_moments("until")
        source, target = self._source.shards, self._target.shards
        for held, moment in (await _scored(source.client, source.root(0) + "held")).items():
            await target.client.command("ZADD", target.root(0) + "held", "NX", moment, held)
        return so_far + await self._carry_waves()

    async def _copy(self, some: Sequence[tuple[int, bytes, Digest]], homes: Sequence[Iterable[int]]) -> None:
        by_shard: dict[int, list[int]] = defaultdict(list)
        for place, (shard, _, _) in enumerate(some):
            by_shard[shard].append(place)
        writes: dict[int, list[bytes | str | int]] = defaultdict(list)
        for shard, places in by_shard.items():
            dumped = await self._source.shards.script("dump", shard, *(some[place][1] for place in places))
            for turn, place in enumerate(places):
                lives, value = dumped[2 * turn : 2 * turn + 2]
                for home in homes[place] if value else ():
                    writes[home] += (some[place][1], lives, value)
        await together(
            [self._target.shards.script("restore", home, *parts) for home, parts in writes.items()]
        )

    async def _carry_waves(self) -> int:
        """Copies waves, and what new accounts noted of the last day. Returns how many keys.

        In a store of another size the noted values have other places: accounts note anew.
        """
        source, target = self._source.shards.layout, self._target.shards.layout
        copied, at, kinds = 0, len(source.prefix.encode()), [(b"v*", _WAVES)]
        if source.sizes.remembered == target.sizes.remembered:
            kinds.append((b"w*", _NOTED))
        for pattern, kind in kinds:
            async for names in _scanned(self._source.shards, pattern):
                keys = [match[1] for name in names if (match := kind.fullmatch(name, at))]
                await self._copy([(0, key, _NOBODY) for key in keys], [(0,)] * len(keys))
                copied += len(keys)
        return copied

    async def _carry_moments(self, name: str, *options: str) -> None:
        """Copies a sorted set whose members begin with the digest by which their shard is chosen."""
        source, target = self._source.shards, self._target.shards
        for root in map(source.root, source.all):
            known = list((await _scored(source.client, root + name)).items())
            for at in range(0, len(known), _AT_ONCE):
                by_shard = defaultdict[int, list[str | bytes]](list)
                for member, moment in known[at : at + _AT_ONCE]:
                    by_shard[target.of(Digest(member[:DIGEST_BYTES]))] += (moment, member)
                for shard, several in by_shard.items():
                    await target.client.command("ZADD", target.root(shard) + name, *options, *several)


async def _scored(client: RedisClient, key: str) -> dict[bytes, str]:
    """The members of a sorted set, with their scores as Redis takes them."""
    reply = await client.command("ZRANGE", key, 0, -1, "WITHSCORES")
    pairs = (
        reply if reply and isinstance(reply[0], list | tuple) else zip(reply[::2], reply[1::2], strict=True)
    )
    return {member: repr(float(score)) for member, score in pairs}


async def _scanned(shards: Shards, pattern: bytes) -> AsyncIterator[list[bytes]]:
    """Yields, some at a time, names of a store's keys that match ``pattern`` after prefix and shard."""
    start = shards.layout.prefix.encode() + b"{*}:"
    for master in await shards.client.masters():
        cursor = 0
        while True:
            cursor, names = await shards.client.scan(master, cursor, start + pattern, _SCANNED_AT_ONCE)
            yield names
            if cursor == 0:
                break


async def drop(shards: Shards, which: re.Pattern[bytes] = _ANY) -> int:
    """Unlinks the keys of all shards whose names match ``which`` after the prefix; returns how many."""
    at, dropped = len(shards.layout.prefix.encode()), 0
    async for names in _scanned(shards, b"*"):
        by_shard: dict[bytes, list[bytes]] = defaultdict(list)
        for name in names:
            if match := which.fullmatch(name, at):
                by_shard[match[1]].append(name)
        await together([shards.client.command("UNLINK", *several) for several in by_shard.values()])
        dropped += sum(map(len, by_shard.values()))
    return dropped


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
    dropped = await drop(store.shards)
    await store.shards.client.command("UNLINK", layout.meta)
    return dropped + 1
