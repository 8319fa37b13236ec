"""A count-min sketch: how often values were counted, in memory that does not grow with them.

Four rows of cells; a value's estimate is the least of its four cells. Collisions only add, so the estimate is
never below the true count: a value may look more common than it is, and so weigh less, but never rarer.
Updates are conservative (only the least cells grow), which keeps the error from collisions small.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from hashlib import blake2b
from typing import Any, Final

import numpy as np
import numpy.typing as npt

ROWS = 4
FILTER_PLACES = 3
_PLACE_BYTES = 5  # of a digest for each place in the filter: more bits than any filter needs
_SATURATED = np.iinfo(np.uint32).max


def home(kind: int, value: bytes, stratum: str, sketches: int) -> int:
    """The number of the one sketch, of several, that counts a value; so no cluster counts it in two."""
    if sketches == 1:
        return 0
    return int.from_bytes(_digest(b"home", kind, value, stratum, b"")[:4], "big") % sketches


def columns_of(kind: int, value: bytes, stratum: str, columns: int) -> tuple[int, int, int, int]:
    """The cell of each row in which a value is counted."""
    digest = _digest(b"cells", kind, value, stratum, b"")
    one, two, three, four = (int.from_bytes(digest[at : at + 4], "big") % columns for at in (0, 4, 8, 12))
    return one, two, three, four


def hashes_of_all(values: Sequence[tuple[int, bytes, str]]) -> npt.NDArray[np.uint32]:
    """A row of :data:`ROWS` hashes for each value; a hash modulo the number of columns gives the cell."""
    digests = b"".join([_digest(b"cells", *value, b"") for value in values])
    return np.frombuffer(digests, ">u4").reshape(-1, ROWS).astype(np.uint32)


def filter_places(sightings: Sequence[tuple[int, bytes, str, bytes]], bits: int) -> npt.NDArray[np.uint32]:
    """For each sighting a row of filter places; all set if the cluster has counted the value already."""
    digests = b"".join([_digest(b"filter", *sighting) for sighting in sightings])
    told = np.frombuffer(digests, np.uint8).reshape(-1, _DIGEST_BYTES)[:, : FILTER_PLACES * _PLACE_BYTES]
    numbers = told.reshape(-1, FILTER_PLACES, _PLACE_BYTES) @ _BIG_ENDIAN
    return (numbers % np.uint64(bits)).astype(np.uint32)


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

    def count(self, kind: int, value: bytes, stratum: str) -> int:
        """The estimate: the true count or more."""
        places = columns_of(kind, value, stratum, self._columns)
        return int(min(self._cells[row * self._columns + place] for row, place in enumerate(places)))

    def knows(self, cells: npt.NDArray[np.uint32]) -> npt.NDArray[np.bool_]:
        """For each value, given as a row of its cells, whether it was counted, as far as the sketch can tell.

        That is if all its four cells hold more than the median cell. A value that was never counted passes
        once in sixteen times, however full the sketch is.
        """
        rows = np.arange(ROWS, dtype=np.int64) * self._columns
        told: npt.NDArray[np.bool_] = self._cells[cells + rows].min(axis=1) > self._ordinary
        return told

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


_DIGEST_BYTES = 16
_BLANK = blake2b(digest_size=_DIGEST_BYTES, person=b"samehand-count")
_BIG_ENDIAN = np.array([1 << 8 * (_PLACE_BYTES - 1 - at) for at in range(_PLACE_BYTES)], np.uint64)
_LENGTHS: Final = [length.to_bytes(4, "big") for length in range(256)]
_HEADS: Final = {
    purpose: [_LENGTHS[len(purpose)] + purpose + _LENGTHS[1] + bytes((kind,)) for kind in range(256)]
    for purpose in (b"home", b"cells", b"filter")
}


def _digest(purpose: bytes, kind: int, value: bytes, stratum: str, cluster: bytes) -> bytes:
    """The digest of purpose, kind, value, stratum and cluster, each preceded by its length in four bytes."""
    within = stratum.encode()
    state = _BLANK.copy()
    state.update(_HEADS[purpose][kind] + _length(value) + value + _length(within) + within)
    state.update(_length(cluster) + cluster)
    return state.digest()


def _length(part: bytes) -> bytes:
    size = len(part)
    return _LENGTHS[size] if size < len(_LENGTHS) else size.to_bytes(4, "big")
