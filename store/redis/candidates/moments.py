"""A process's copy of the moments of all bans, which Redis keeps at `b:m` and `b:n` (ban_write.lua).

A look-up needs the moment of each candidate's ban before it reads the record. Moments have four bytes per
slot, and hardly any changes between two look-ups. So a process keeps a copy, and each look-up brings the bans
enrolled since. A process without a copy, or one too far behind what Redis notes of these, reads all moments.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from store.common.ranking import Floats, Ints
from store.redis.candidates.postings import sources_and_slots
from store.redis.layout import SLOT_BYTES

MOMENT_BYTES = 4
_ENTRY = MOMENT_BYTES + SLOT_BYTES


class Moments:
    """The moments of one shard's bans, by slot, as of the first ``enrolled`` enrolments."""

    __slots__ = ("_moments", "enrolled", "last")

    def __init__(self, packed: bytes = b"", enrolled: int = 0, last: bytes = b"") -> None:
        """Takes `b:m` as read after ``enrolled`` enrolments or more; ``last``: the last one's entry."""
        self._moments = np.frombuffer(packed, ">u4").astype(np.uint32)
        self.enrolled = enrolled
        self.last = last

    def learn(self, before: int, entries: bytes) -> None:
        """Adds the bans enrolled after the first ``before``, some of which may be known by now.

        `b:m` may be newer than ``enrolled`` says. Applying an entry twice does no harm: of several entries
        for one slot the last one holds.
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
            # An eighth more than needed, so that not every look-up has to copy all of it for one more ban.
            room = np.zeros(lacking + len(self._moments) // 8, np.uint32)
            self._moments = np.concatenate([self._moments, room])
        self._moments[where] = np.ascontiguousarray(columns[:, :MOMENT_BYTES]).view(">u4").ravel()
        self.enrolled += len(columns)
        self.last = new[-_ENTRY:]

    def of(self, slots: Ints) -> Floats:
        """The moments (Unix seconds) of the bans at some slots; NaN where there is none."""
        banned_at = np.full(len(slots), np.nan)
        there = np.flatnonzero(slots < len(self._moments))
        moments = self._moments[slots[there]]
        banned_at[there] = np.where(moments, moments, np.nan)
        return banned_at


def moments_of(sources: Sequence[Moments], places: Ints) -> Floats:
    """The moments of the bans at places in several indexes; NaN for an index without moments."""
    banned_at = np.full(len(places), np.nan)
    where, slots = sources_and_slots(places)
    for source, moments in enumerate(sources):
        rows = np.flatnonzero(where == source) if len(sources) > 1 else slice(None)
        banned_at[rows] = moments.of(slots[rows])
    return banned_at
