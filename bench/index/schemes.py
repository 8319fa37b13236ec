"""The schemes that compete: samehand's own keys, the exact skeleton, and MinHash bands as peers use them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple
from zlib import crc32

import numpy as np

from bench.index.postings import Making
from samehand.account import Account
from samehand.keys import Key, KeyKind
from samehand.signals.handle import HANDLE, HandleTrait

_BANDS, _ROWS, _GRAM = 20, 2, 3
_RNG = np.random.default_rng(1)
# Odd factors modulo 2 ** 64 permute the hashes; what wraps around is what makes the orders differ.
_SLOPES = _RNG.integers(1, 1 << 63, _BANDS * _ROWS, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
_SHIFTS = _RNG.integers(0, 1 << 63, _BANDS * _ROWS, dtype=np.uint64)


class Scheme(NamedTuple):
    """How bans are listed, and what a query tries."""

    listed: Making
    tried: Making


@lru_cache(maxsize=1)
def folded(platform: str, handle: str) -> HandleTrait | None:
    """The handle as samehand distils it."""
    account = Account(platform=platform, account_id="1", handle=handle)
    return HANDLE.distil(account, lambda domain, value: b"")


def _listed(platform: str, handle: str) -> Sequence[Key] | None:
    trait = folded(platform, handle)
    return None if trait is None else list(dict.fromkeys(HANDLE.keys(trait)))


def _tried(platform: str, handle: str) -> Sequence[Key] | None:
    trait = folded(platform, handle)
    return None if trait is None else list(dict.fromkeys(HANDLE.probes(trait)))


def _skeleton(platform: str, handle: str) -> Sequence[Key] | None:
    trait = folded(platform, handle)
    return None if trait is None else [Key(KeyKind.HANDLE_WORD, trait.word.base.encode())]


def _minhash(platform: str, handle: str) -> Sequence[Key] | None:
    """Bands of two minima over the 3-grams of the padded skeleton, as a MinHash index lists them."""
    trait = folded(platform, handle)
    return None if trait is None else _bands(trait.word.base)


def _bands(base: str) -> list[Key]:
    padded = f"^{base}$"
    grams = {padded[at : at + _GRAM] for at in range(max(1, len(padded) - _GRAM + 1))}
    hashes = np.array([crc32(gram.encode()) for gram in grams], np.uint64)
    minima = (hashes[:, None] * _SLOPES + _SHIFTS).min(axis=0)
    return [
        Key(KeyKind.HANDLE_WORD, bytes((band,)) + minima[band * _ROWS : (band + 1) * _ROWS].tobytes())
        for band in range(_BANDS)
    ]


SCHEMES = {
    "samehand": Scheme(_listed, _tried),
    "exact skeleton": Scheme(_skeleton, _skeleton),
    "minhash 3-gram 20x2": Scheme(_minhash, _minhash),
}
