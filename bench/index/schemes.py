"""The schemes that compete: samehand's own keys, the exact skeleton, and MinHash bands as peers use them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeVar
from zlib import crc32

import numpy as np

from bench.index.postings import Making
from samehand.account import Account
from samehand.keys import Key, KeyKind, key_of
from samehand.names.handle_trait import HandleTrait
from samehand.names.name_trait import NameTrait
from samehand.signals.base import Signal
from samehand.signals.handle import HANDLE
from samehand.signals.name import NAME

_Trait = TypeVar("_Trait")

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
    return HANDLE.distil(Account(platform=platform, account_id="1", handle=handle), _no_keyer)


@lru_cache(maxsize=1)
def folded_name(platform: str, name: str) -> NameTrait | None:
    """The display name as samehand distils it."""
    return NAME.distil(Account(platform=platform, account_id="1", display_name=name), _no_keyer)


def _no_keyer(domain: str, value: bytes) -> bytes:
    return b""  # handles and names are not personal values


def _made(distilled: Callable[[str, str], _Trait | None], keys: Callable[[_Trait], Iterable[Key]]) -> Making:
    def making(platform: str, text: str) -> Sequence[Key] | None:
        trait = distilled(platform, text)
        return None if trait is None else list(dict.fromkeys(keys(trait)))

    return making


def _tried(signal: Signal[_Trait]) -> Callable[[_Trait], Iterable[Key]]:
    """As look-ups do: what the trait would list, and the signal's probes."""
    return lambda trait: (*signal.keys(trait), *signal.probes(trait))


def _skeleton(base: str) -> list[Key]:
    return [key_of(KeyKind.HANDLE_WORD, base.encode())]


def _bands(base: str) -> list[Key]:
    """Bands of two minima over the 3-grams of the padded skeleton, as a MinHash index lists them."""
    padded = f"^{base}$"
    grams = {padded[at : at + _GRAM] for at in range(max(1, len(padded) - _GRAM + 1))}
    hashes = np.array([crc32(gram.encode()) for gram in grams], np.uint64)
    minima = (hashes[:, None] * _SLOPES + _SHIFTS).min(axis=0)
    return [
        key_of(KeyKind.HANDLE_WORD, bytes((band,)) + minima[band * _ROWS : (band + 1) * _ROWS].tobytes())
        for band in range(_BANDS)
    ]


_handle_skeleton = _made(folded, lambda trait: _skeleton(trait.word.base))
_name_skeleton = _made(folded_name, lambda trait: _skeleton(trait.base))
_handle_minhash = _made(folded, lambda trait: _bands(trait.word.base))
_name_minhash = _made(folded_name, lambda trait: _bands(trait.base))

SCHEMES = {
    "handle": {
        "samehand": Scheme(_made(folded, HANDLE.keys), _made(folded, _tried(HANDLE))),
        "exact skeleton": Scheme(_handle_skeleton, _handle_skeleton),
        "minhash 3-gram 20x2": Scheme(_handle_minhash, _handle_minhash),
    },
    "display_name": {
        "samehand": Scheme(_made(folded_name, NAME.keys), _made(folded_name, _tried(NAME))),
        "exact skeleton": Scheme(_name_skeleton, _name_skeleton),
        "minhash 3-gram 20x2": Scheme(_name_minhash, _name_minhash),
    },
}
"""Field → name → scheme."""
