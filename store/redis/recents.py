"""When the bans enrolled last occurred, as Redis keeps it (`b:n`, ban_write.lua), and what a process knows.

A look-up needs all of it, 57 KB, of which hardly anything has changed since the last one: a process keeps
what it read, and asks for what came after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from store.ranking import Bools, Floats, Ints
from store.redis.hits import place_of, sources_and_slots
from store.redis.layout import SLOT_BYTES

_HEAD: Final = 5  # the horizon, and whether any ban has no moment
_HORIZON: Final = 4
_ENTRY: Final = 4 + SLOT_BYTES


@dataclass(frozen=True, slots=True)
class Recents:
    """When the bans enrolled last occurred: sorted places and moments; of each index the horizon, and whether
    it holds bans without a moment (:class:`store.recent.Recent`).
    """

    places: Ints
    moments: Floats
    horizons: Floats
    undated: Bools

    @classmethod
    def of(cls, packed: Sequence[bytes]) -> Recents:
        """As Redis keeps it of each source; nothing is known where that is empty."""
        held, moments = [np.zeros(0, np.int64)], [np.zeros(0)]
        horizons, undated = [], []
        for source, blob in enumerate(packed):
            horizons.append(int.from_bytes(blob[:_HORIZON], "big"))
            undated.append(blob[_HORIZON:_HEAD] == b"\1")
            entries = np.frombuffer(blob[_HEAD:], np.uint8).reshape(-1, _ENTRY)
            moments.append(np.ascontiguousarray(entries[:, :4]).view(">u4").ravel().astype(np.float64))
            slots = np.zeros((len(entries), 4), np.uint8)
            slots[:, 1:] = entries[:, 4:]
            held.append(slots.view(">u4").ravel().astype(np.int64) | place_of(source, 0))
        where, when = np.concatenate(held), np.concatenate(moments)
        order = np.lexsort((when, where))
        return cls(where[order], when[order], np.array(horizons, np.float64), np.array(undated, np.bool_))

    def newest(self, place: Ints) -> tuple[Floats, Bools]:
        """The latest moment that the bans at some places can have, and whether they may have none."""
        sources, _ = sources_and_slots(place)
        latest = self.horizons[sources]
        last = np.searchsorted(self.places, place, "right") - 1
        known = np.flatnonzero(last >= 0)
        known = known[self.places[last[known]] == place[known]]
        latest[known] = np.maximum(latest[known], self.moments[last[known]])
        return latest, self.undated[sources]


class KnownRecents:
    """What was read last of each shard. Nothing is known at first."""

    def __init__(self, shards: int) -> None:
        """For so many shards."""
        self._packed = [b""] * shards
        self._read_of: list[bytes] = []
        self._read = Recents.of([])

    def known(self, shard: int) -> Known:
        """What a question says that the process knows."""
        return Known(self._packed[shard])

    def learn(self, shard: int, packed: bytes) -> None:
        """Notes what a shard keeps. Of two look-ups at a time either may be the last to note it."""
        self._packed[shard] = packed

    def read(self, packed: list[bytes]) -> Recents:
        """Reads it as look-ups ask for it, anew where it has changed."""
        if packed != self._read_of:
            self._read_of, self._read = packed, Recents.of(packed)
        return self._read


@dataclass(frozen=True, slots=True)
class Known:
    """What a look-up asks with: it holds while the horizon and the last entry known stand where they stood.

    What gives way raises the horizon, and another store, or one that lost its last writes, has other entries.
    """

    packed: bytes

    @property
    def length(self) -> int:
        """So many bytes of it; 0 where not one entry is known."""
        return len(self.packed) if len(self.packed) > _HEAD else 0

    @property
    def mark(self) -> bytes:
        """By which Redis tells that these still stand."""
        return self.packed[:_HORIZON] + self.packed[-_ENTRY:]

    def with_rest(self, kept: int, rest: bytes) -> bytes:
        """All of it: the answer is the head, and what stands behind so many bytes."""
        if not kept:
            return rest
        if kept == len(self.packed) and rest == self.packed[:_HEAD]:
            return self.packed
        return rest[:_HEAD] + self.packed[_HEAD:kept] + rest[_HEAD:]
