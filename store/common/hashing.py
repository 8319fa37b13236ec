"""Hashes of many short values at once, under a secret.

A look-up hashes a hundred blocking keys; one call for each costs ten times as much as one matrix product for
the batch. The hash family is multilinear over 32-bit words (Lemire and Kaser, "Strongly universal string
hashing is fast", 2014): sums of words times secret 64-bit numbers, of which the upper halves are used. An
attacker who neither knows the secret nor sees a hash cannot make two values collide more often than by
chance, once in 2^32 for either half.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b, shake_256

import numpy as np
import numpy.typing as npt

Hashes = npt.NDArray[np.uint64]

_WORD = 4
_LENGTH_MAX = 64  # bytes; a longer value is digested first. Nine of ten keys are shorter than twenty.
_UPPER = np.uint64(0xFFFFFFFF00000000)
_HALF = np.uint64(32)


class Hasher:
    """Hashes under one secret (16 to 64 bytes)."""

    def __init__(self, secret: bytes) -> None:
        """Derives the numbers from the secret: two for the length, then two for each word."""
        self._secret = secret
        count = 1 + _LENGTH_MAX // _WORD
        drawn = np.frombuffer(shake_256(secret).digest(count * 16), "<u8").reshape(count, 2)
        self._of_length, self._of_words = drawn[0], drawn[1:]

    def __call__(self, values: Sequence[bytes]) -> Hashes:
        """The 64-bit hash of each value."""
        if not values:
            return np.zeros(0, np.uint64)
        lengths = np.fromiter(map(len, values), np.int64, len(values))
        if lengths.max() > _LENGTH_MAX:
            values = [
                value
                if len(value) <= _LENGTH_MAX
                else blake2b(value, key=self._secret, digest_size=_LENGTH_MAX, person=b"long").digest()
                for value in values
            ]
        count = -(-min(max(int(lengths.max()), 1), _LENGTH_MAX) // _WORD)
        words = np.array(values, f"S{count * _WORD}").view("<u4").reshape(len(values), count)
        sums = words.astype(np.uint64) @ self._of_words[:count]
        sums += lengths.astype(np.uint64)[:, None] * self._of_length
        hashes: Hashes = (sums[:, 0] & _UPPER) | (sums[:, 1] >> _HALF)
        return hashes


def first_bytes(values: Sequence[bytes]) -> npt.NDArray[np.uint8]:
    """The first byte of each value; for a blocking key that is the number of its kind."""
    return np.array(values, "S1").view(np.uint8)
