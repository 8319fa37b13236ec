"""Which values of crowds are counted at all: those that come again (docs/adr/0041-doorkeeper.md).

Most names, texts, pictures and addresses are shown once and never again, and to count them was a third of
what counting cost. So a process lets the first sighting of a value pass and remembers it in a filter (the
doorkeeper of TinyLFU, Einziger, Friedman and Manes 2017). The second is counted, and whoever reads a count
adds the one who was met at the door. One first sighting in :data:`store.limits.OPENERS` is counted all the
same: a value that comes so seldom, at so many workers or between so many restarts that no process ever meets
it twice, becomes known by these.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from store.limits import DOOR_BITS, DOOR_VALUES, OPENERS

AT_THE_DOOR: Final = 1
"""How many bearers of a value were met before one was counted, where one process met them all."""

_PLACES: Final = 3


class Doorkeeper:
    """The values that a process met, in two filters: with the newer one full the older is forgotten."""

    def __init__(self) -> None:
        """Has met nobody."""
        self._newer = np.zeros(1 << DOOR_BITS - 3, np.uint8)
        self._older = np.zeros_like(self._newer)
        self._met = 0

    def lets_in(
        self, hashes: npt.NDArray[np.uint32], sightings: npt.NDArray[np.uint32]
    ) -> npt.NDArray[np.bool_]:
        """Which of several sightings are to be counted. From now on all of their values were met.

        Takes a line of hashes for the value of each, and a line for its value and cluster.
        """
        if self._met > DOOR_VALUES:
            self._newer, self._older, self._met = np.zeros_like(self._newer), self._newer, 0
        places = hashes[:, :_PLACES] >> np.uint32(32 - DOOR_BITS)
        byte, bit = places >> np.uint32(3), np.uint8(1) << (places & np.uint32(7)).astype(np.uint8)
        lately = (self._newer[byte] & bit).all(axis=1)
        before = (self._older[byte] & bit).all(axis=1)
        again = np.ones(len(hashes), np.bool_)  # within these sightings
        again[np.unique(hashes[:, :2].copy().view(np.uint64), return_index=True)[1]] = False
        np.bitwise_or.at(self._newer, byte, bit)
        self._met += int((~lately & ~again).sum())
        opens = sightings.sum(axis=1) % OPENERS == 0
        let_in: npt.NDArray[np.bool_] = lately | before | again | opens
        return let_in
