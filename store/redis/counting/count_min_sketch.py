"""A count-min sketch: how often values were counted, in memory that does not grow with them.

Four rows of cells; a value's estimate is the least of its four cells. Collisions only add, so the estimate is
never below the true count: a value may look more common than it is, and so weigh less, but never rarer.
Updates are conservative (only the least cells grow), which keeps the error from collisions small.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property, lru_cache
from hashlib import blake2b
from struct import Struct
from typing import Any, Final

import numpy as np
import numpy.typing as npt

ROWS = 4
FILTER_PLACES = 3
_SATURATED = np.iinfo(np.uint32).max

# Digests that a process keeps, some 300 bytes each: the values of a batch, which are counted first and asked
# for afterwards, and names and networks that come again. 500 events have some 13,000 values.
_KEPT_MAX: Final = 1 << 14
# A digest is the hashes of the four cells, then eight bytes that tell values apart.
_CELLS: Final = Struct(">4I8x")
_DIGEST_BYTES: Final = 24
_WORDS: Final = _DIGEST_BYTES // 8
_BLANK: Final = blake2b(digest_size=_DIGEST_BYTES, person=b"samehand-count")
_LENGTHS: Final = [length.to_bytes(4, "big") for length in range(256)]
_CLUSTER: Final = 0xFF  # in the place of a kind: no value has it


def columns_of(kind: int, value: bytes, stratum: str, columns: int) -> tuple[int, int, int, int]:
    """The cell of each row in which a value is counted."""
    one, two, three, four = _CELLS.unpack(_digest(kind, value, stratum))
    return one % columns, two % columns, three % columns, four % columns


class Digests:
    """The digests of several values, each made once: their cells and filter places follow from it."""

    def __init__(self, values: Iterable[tuple[int, bytes, str]]) -> None:
        """Takes kind, value and stratum of each."""
        self._raw = b"".join([_digest(*value) for value in values])
        self._told_apart = _told_apart(self._raw)

    @property
    def hashes(self) -> npt.NDArray[np.uint32]:
        """A row of :data:`ROWS` hashes for each value; modulo the number of columns they give the cells."""
        words = np.frombuffer(self._raw, ">u4").reshape(-1, 2 * _WORDS)
        return words[:, :ROWS].astype(np.uint32)

    def filter_places(self, clusters: Iterable[bytes], bits: int) -> npt.NDArray[np.uint32]:
        """A row of filter places for each value and its cluster; all set if the value was counted for it.

        The places follow from what tells the value and the cluster apart (double hashing: Kirsch,
        Mitzenmacher 2008).
        """
        others = _told_apart(b"".join([_digest(_CLUSTER, cluster, "") for cluster in clusters]))
        start, step = _mixed(self._told_apart ^ others), _mixed(self._told_apart ^ ~others) | np.uint64(1)
        places = start[:, None] + step[:, None] * np.arange(FILTER_PLACES, dtype=np.uint64)
        return (places % np.uint64(bits)).astype(np.uint32)


def _told_apart(digests: bytes) -> npt.NDArray[np.uint64]:
    return np.frombuffer(digests, ">u8").reshape(-1, _WORDS)[:, -1].astype(np.uint64)


def _mixed(words: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Each word with every bit depending on all of it: splitmix64 (Steele, Lea, Flood 2014)."""
    words = (words ^ words >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    words = (words ^ words >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    mixed: npt.NDArray[np.uint64] = words ^ words >> np.uint64(31)
    return mixed


class Sketch:
    """A sketch that was read: four rows of cells, one after another, stored as big-endian 32-bit counts."""

    def __init__(self, raw: bytes, columns: int) -> None:
        """Takes the stored bytes; missing cells at the end are zero."""
        cells = np.zeros(ROWS * columns, np.uint32)
        stored = np.frombuffer(raw[: len(raw) // 4 * 4], ">u4")[: len(cells)]
        cells[: len(stored)] = stored
        # Each cell in as few bytes as the largest needs, since a worker holds several versions.
        self._cells: npt.NDArray[np.unsignedinteger[Any]] = cells.astype(np.min_scalar_type(int(cells.max())))
        self._columns = columns
        # numpy takes five times as long to give a single cell.
        self._each = memoryview(self._cells.data)

    def count(self, kind: int, value: bytes, stratum: str) -> int:
        """The estimate: the true count or more."""
        columns, cells = self._columns, self._each
        one, two, three, four = _CELLS.unpack(_digest(kind, value, stratum))
        least: int = min(
            cells[one % columns],
            cells[columns + two % columns],
            cells[2 * columns + three % columns],
            cells[3 * columns + four % columns],
        )
        return least

    def knows(self, cells: npt.NDArray[np.uint32]) -> npt.NDArray[np.bool_]:
        """For each value, given as a row of its cells, whether it was counted, as far as the sketch can tell.

        That is if all its four cells hold more than the median cell. A value that was never counted passes
        once in sixteen times, however full the sketch is.
        """
        rows = np.arange(ROWS, dtype=np.int64) * self._columns
        above: npt.NDArray[np.bool_] = self._cells[cells + rows].min(axis=1) > self._ordinary
        return above

    @cached_property
    def _ordinary(self) -> int:
        return int(np.median(self._cells[: self._columns]))

    def halved(self) -> Sketch:
        """Half of every count, rounded down."""
        return Sketch((self._cells // 2).astype(">u4").tobytes(), self._columns)

    def plus(self, other: Sketch) -> bytes:
        """The sum of both, as stored bytes; cells saturate."""
        total = self._cells.astype(np.uint64) + other._cells
        cells: bytes = np.minimum(total, _SATURATED).astype(">u4").tobytes()
        return cells


@lru_cache(maxsize=_KEPT_MAX)
def _digest(kind: int, value: bytes, stratum: str) -> bytes:
    """The one digest of a value, from which its cells and its places in the filter follow."""
    state = _BLANK.copy()
    size = len(value)
    state.update(
        bytes((kind,))
        + (_LENGTHS[size] if size < len(_LENGTHS) else size.to_bytes(4, "big"))
        + value
        + stratum.encode()
    )
    return state.digest()
