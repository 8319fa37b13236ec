"""Decides which values of crowds are counted: those seen before (docs/adr/0014-counting.md).

Most names, texts, pictures and addresses are shown once and never again; counting those was a third of the
cost of counting. So a process does not count the first sighting of a value, but notes it in a filter (the
doorkeeper of TinyLFU, Einziger, Friedman and Manes 2017). It counts the second one, and readers of the count
add the bearer of the first. One first sighting in :data:`store.limits.OPENERS` is counted all the same: so a
value becomes known even if it is so rare, or spread over so many workers or restarts, that no process ever
sees it twice.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from store.limits import DOOR_BITS, DOOR_VALUES, OPENERS

AT_THE_DOOR: Final = 1
"""How many bearers of a value are seen before the first is counted, where one process sees them all."""

_PLACES: Final = 3


class Doorkeeper:
    """The values that a process has seen, in two filters: when the newer is full, the older is dropped."""

    def __init__(self) -> None:
        self._newer = np.zeros(1 << DOOR_BITS - 3, np.uint8)
        self._older = np.zeros_like(self._newer)
        self._met = 0

    def lets_in(
        self, hashes: npt.NDArray[np.uint32], sightings: npt.NDArray[np.uint32]
    ) -> npt.NDArray[np.bool_]:
        """Returns which of several sightings to count.

        ``hashes`` has a row for the value of each sighting, ``sightings`` a row for its value and cluster.
        """
        byte, bit = _spots(hashes)
        lately = (self._newer[byte] & bit).all(axis=1)
        before = (self._older[byte] & bit).all(axis=1)
        again = np.ones(len(hashes), np.bool_)  # a repeat within this call
        again[_firsts(hashes)] = False
        opens = sightings.sum(axis=1) % OPENERS == 0
        let_in: npt.NDArray[np.bool_] = lately | before | again | opens
        return let_in

    def note(self, hashes: npt.NDArray[np.uint32]) -> None:
        """Notes values as seen, once what was let in is counted: else a repeat would let itself in."""
        if self._met > DOOR_VALUES:
            self._newer, self._older, self._met = np.zeros_like(self._newer), self._newer, 0
        byte, bit = _spots(hashes[_firsts(hashes)])
        self._met += int((~(self._newer[byte] & bit).all(axis=1)).sum())
        np.bitwise_or.at(self._newer, byte, bit)


def _spots(hashes: npt.NDArray[np.uint32]) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint8]]:
    places = hashes[:, :_PLACES] >> np.uint32(32 - DOOR_BITS)
    return places >> np.uint32(3), np.uint8(1) << (places & np.uint32(7)).astype(np.uint8)


def _firsts(hashes: npt.NDArray[np.uint32]) -> npt.NDArray[np.intp]:
    """Where each value comes for the first time."""
    return np.unique(hashes[:, :2].copy().view(np.uint64), return_index=True)[1]
