"""How postings are chosen, and candidates ranked and cut: the same in every store."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from samehand.keys import KeyKind, falls_silent, posting_cap

Ints = npt.NDArray[np.int64]
Kinds = npt.NDArray[np.uint8]
Bools = npt.NDArray[np.bool_]
Tags = npt.NDArray[np.uint32]

# Rarity is summed in whole 1/1024 bits: integer sums are the same in whatever order keys come, so that
# two stores never cut a tie differently for the last digit of a float.
STEPS_A_BIT = 1024

# Entries that a look-up reads of a handle's keys, again of a name's, and again of a picture's: 512, and 8 for
# each candidate that it may keep. A posting that comes later is long, and finds strangers (measured at a
# million bans, tuning edits: reading all brings half as many candidates again to twice as many, and after the
# cut it costs .03 of the recall where many names are alike, nothing where they are not).
READ_AT_LEAST = 512
READ_A_KEPT = 8

_HANDLE, _NAME, _PICTURE, _UNBOUNDED = range(4)


def rarity_steps(total: int, length: int) -> int:
    """log2(N / posting length) in 1/1024 bits, never negative; ``length`` is at least 1."""
    return max(0, round(math.log2(max(total, 1) / length) * STEPS_A_BIT))


def allotment(kind: int) -> int:
    """From whose entries a kind's postings are read: the handle's, the name's, the picture's, or all of them.

    The same handle and personal values always count; their caps bound them. A picture that is given is looked
    up in ten views of thirteen blocks, and each block of a popular one lists sixty accounts.
    """
    if kind == KeyKind.AVATAR_BLOCK:
        return _PICTURE
    if kind >= KeyKind.EMAIL or kind == KeyKind.HANDLE_FULL:
        return _UNBOUNDED
    return _HANDLE if kind < KeyKind.NAME_TOKENS else _NAME


_CAPS = {int(kind): posting_cap(kind) for kind in KeyKind if falls_silent(kind)}
# By the number of a kind, whether it is in use or not.
_ALLOTMENTS: Ints = np.array([allotment(kind) for kind in range(256)], np.int64)
SILENT_ABOVE: Ints = np.array([_CAPS.get(kind, np.iinfo(np.int64).max) for kind in range(256)], np.int64)
"""By the number of a kind: how many accounts its longest posting lists that is read at all."""


def read_at_all(query: Ints, kinds: Kinds, lengths: Ints, keep: int) -> Bools:
    """Which postings are read, one place a question (a query's key, in the query's order).

    ``kinds`` are the first bytes of keys; ``lengths`` count the accounts of all indexes that are asked.
    None of a value that fell silent (:func:`samehand.keys.falls_silent`). Of the others, for each query and
    allotment the shortest, equals as they come, as long as their entries together are no more than
    :data:`READ_AT_LEAST`, or :data:`READ_A_KEPT` times ``keep``.
    """
    allotments = _ALLOTMENTS[kinds]
    purse = query * _UNBOUNDED + allotments
    bounded = np.flatnonzero((allotments < _UNBOUNDED) & (lengths <= SILENT_ABOVE[kinds]))
    order = bounded[np.lexsort((lengths[bounded], purse[bounded]))]
    spent = np.cumsum(lengths[order])
    first = np.flatnonzero(np.diff(purse[order], prepend=-1))
    before = np.repeat((spent - lengths[order])[first], np.diff(first, append=len(order)))
    chosen: Bools = allotments == _UNBOUNDED
    chosen[order] = spent - before <= max(READ_AT_LEAST, READ_A_KEPT * keep)
    return chosen
