"""A count-min sketch: how often values were counted, in memory that does not grow with them.

Four rows of cells; a value's count is the least of its four. Collisions only ever add, so an estimate is
never below the truth: a value may look more common than it is, never rarer, and weighs less for it.
Updates are conservative (only the least cells grow), which keeps what collisions add small.
"""

from __future__ import annotations

from hashlib import blake2b

import numpy as np
import numpy.typing as npt

ROWS = 4
FILTER_PLACES = 3
_SATURATED = np.iinfo(np.uint32).max


def home(kind: int, value: bytes, stratum: str, sketches: int) -> int:
    """Which of several sketches counts a value: one, so that no cluster counts it in two."""
    return int.from_bytes(_digest(b"home", kind, value, stratum, b"")[:4], "big") % sketches


def columns_of(kind: int, value: bytes, stratum: str, columns: int) -> tuple[int, int, int, int]:
    """The cell of each row in which a value is counted."""
    digest = _digest(b"cells", kind, value, stratum, b"")
    one, two, three, four = (int.from_bytes(digest[at : at + 4], "big") % columns for at in (0, 4, 8, 12))
    return one, two, three, four


def filter_places(kind: int, value: bytes, stratum: str, cluster: bytes, bits: int) -> tuple[int, int, int]:
    """The places of a filter that say whether a cluster has counted a value."""
    digest = _digest(b"filter", kind, value, stratum, cluster)
    one, two, three = (int.from_bytes(digest[at : at + 5], "big") % bits for at in (0, 5, 10))
    return one, two, three


class Sketch:
    """Cells as they were read: four rows, one after another, of big-endian 32-bit counts."""

    def __init__(self, raw: bytes, columns: int) -> None:
        """Takes what a store keeps; missing cells at the end are zero."""
        cells = np.zeros(ROWS * columns, np.uint32)
        stored = np.frombuffer(raw[: len(raw) // 4 * 4], ">u4")[: len(cells)]
        cells[: len(stored)] = stored
        self._cells: npt.NDArray[np.uint32] = cells
        self._columns = columns

    def count(self, kind: int, value: bytes, stratum: str) -> int:
        """The estimate: the truth or more."""
        places = columns_of(kind, value, stratum, self._columns)
        return int(min(self._cells[row * self._columns + place] for row, place in enumerate(places)))

    def halved(self) -> Sketch:
        """Half of every count, rounded down."""
        return Sketch((self._cells // 2).astype(">u4").tobytes(), self._columns)

    def plus(self, other: Sketch) -> bytes:
        """Both together, as they are stored; a cell that is full stays so."""
        total = self._cells.astype(np.uint64) + other._cells
        cells: bytes = np.minimum(total, _SATURATED).astype(">u4").tobytes()
        return cells


def _digest(purpose: bytes, kind: int, value: bytes, stratum: str, cluster: bytes) -> bytes:
    state = blake2b(digest_size=16, person=b"samehand-count")
    for part in (purpose, bytes((kind,)), value, stratum.encode(), cluster):
        state.update(len(part).to_bytes(4, "big") + part)
    return state.digest()
