"""When bans took effect, as Redis keeps it (`b:m` and `b:n`, ban_write.lua), and what a process knows of it.

A look-up needs the moment of whomever it finds before it reads a record: four bytes a slot, of which hardly
any has changed since the last look-up. A process keeps what it read, and each look-up learns which bans were
enrolled since. Who knows nothing, or fell behind what is noted of these, reads all of it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from store.common.ranking import Floats, Ints
from store.redis.layout import SLOT_BYTES
from store.redis.postings import sources_and_slots

MOMENT_BYTES = 4
_ENTRY = MOMENT_BYTES + SLOT_BYTES


class Moments:
    """The moments of one shard's bans, by their slots, once so many bans had been enrolled."""

    __slots__ = ("_moments", "enrolled", "last")

    def __init__(self, packed: bytes = b"", enrolled: int = 0, last: bytes = b"") -> None:
        """Takes `b:m`, read when ``enrolled`` bans had been, or later; ``last`` is the entry of the last."""
        self._moments = np.frombuffer(packed, ">u4").astype(np.uint32)
        self.enrolled = enrolled
        self.last = last

    def learn(self, before: int, entries: bytes) -> None:
        """Takes in the bans enrolled after the first ``before``, some of which may be known by now.

        What was read is never older than what is said to be known, and of one slot the last entry holds.
        """
        new = entries[(self.enrolled - before) * _ENTRY :]
        if not new:
            return
        columns = np.frombuffer(new, np.uint8).reshape(-1, _ENTRY)
        slots = np.zeros((len(columns), 4), np.uint8)
        slots[:, 1:] = columns[:, MOMENT_BYTES:]
        where = slots.view(">u4").ravel().astype(np.int64)
        lacking = int(where.max()) + 1 - len(self._moments)
        if lacking > 0:
            # By an eighth more than is needed: one after the other would be copied with each look-up.
            room = np.zeros(lacking + len(self._moments) // 8, np.uint32)
            self._moments = np.concatenate([self._moments, room])
        self._moments[where] = np.ascontiguousarray(columns[:, :MOMENT_BYTES]).view(">u4").ravel()
        self.enrolled += len(columns)
        self.last = new[-_ENTRY:]

    def of(self, slots: Ints) -> Floats:
        """The moments (Unix seconds) of the bans at some slots; not a number where there is none."""
        found = np.full(len(slots), np.nan)
        there = np.flatnonzero(slots < len(self._moments))
        moments = self._moments[slots[there]]
        found[there] = np.where(moments, moments, np.nan)
        return found


def moments_of(sources: Sequence[Moments], places: Ints) -> Floats:
    """The same of places in several indexes; of no index nothing is known."""
    found = np.full(len(places), np.nan)
    where, slots = sources_and_slots(places)
    for source, moments in enumerate(sources):
        rows = np.flatnonzero(where == source) if len(sources) > 1 else slice(None)
        found[rows] = moments.of(slots[rows])
    return found
