"""The postings of samehand's own keys in memory: how bans are listed, and what a query tries."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from samehand.account import Account
from samehand.keys import Key, KeyKind
from samehand.names.handle_trait import HandleTrait
from samehand.names.name_trait import NameTrait
from samehand.signals.base import Signal
from samehand.signals.handle import HANDLE
from samehand.signals.name import NAME
from store.common.hashing import first_bytes
from store.common.key_digests import Addresses
from store.common.ranking import Ints, read_at_all
from store.limits import listed_at_most

Floats = npt.NDArray[np.float64]

_CAPS: Ints = np.zeros(256, np.int64)
_CAPS[list(KeyKind)] = [listed_at_most(kind) for kind in KeyKind]


class Answers(NamedTuple):
    """For each query (``bounds``) the accounts found, and the rarity summed for each."""

    bounds: Ints
    accounts: Ints
    bits: Floats


class Postings:
    """Which accounts are listed under which key, the earlier enrolled first; a full posting takes no more."""

    def __init__(self, listed: Iterable[Sequence[Key]]) -> None:
        """Enrols accounts in turn; their numbers are their places."""
        self._hash = Addresses(b"bench").keys
        hashes, counts, kinds = array("Q"), array("q"), array("B")
        for keys in listed:
            hashes.frombytes(self._hash(keys).tobytes())
            counts.append(len(keys))
            kinds.extend(key[0] for key in keys)
        self.keys_each: Ints = np.frombuffer(counts, np.int64)
        self.accounts = len(counts)
        self._raw: npt.NDArray[np.uint64] = np.frombuffer(hashes, np.uint64)
        self._caps: Ints = _CAPS[np.frombuffer(kinds, np.uint8)]
        self._order = order = np.argsort(self._raw, kind="stable")
        self._listed = np.repeat(np.arange(self.accounts, dtype=np.int32), self.keys_each)[order]
        self._values, self._starts, self._lengths = np.unique(
            self._raw[order], return_index=True, return_counts=True
        )

    @property
    def entries(self) -> int:
        """How many entries its postings hold, none beyond its cap."""
        return int(np.minimum(self._lengths, self._caps[self._order[self._starts]]).sum())

    def answers(self, queries: Sequence[Sequence[Key]], keep: int) -> Answers:
        """The accounts that share a key that was read, and log2(N / length) summed over such keys."""
        asked = [key for keys in queries for key in keys]
        values = self._hash(asked)
        kinds = first_bytes(asked)
        query = np.repeat(np.arange(len(queries), dtype=np.int64), [len(keys) for keys in queries])
        at = np.minimum(np.searchsorted(self._values, values), len(self._values) - 1)
        known = self._values[at] == values
        lengths = np.where(known, np.minimum(self._lengths[at], _CAPS[kinds]), 0)
        read = known & read_at_all(query, kinds, lengths, keep)
        at, query, lengths = at[read], query[read], lengths[read]
        ends = np.cumsum(lengths)
        within = np.arange(int(lengths.sum()), dtype=np.int64) - np.repeat(ends - lengths, lengths)
        found = self._listed[np.repeat(self._starts[at], lengths) + within].astype(np.int64)
        pairs = np.repeat(query, lengths) << 32 | found
        order = np.argsort(pairs, kind="stable")
        pairs = pairs[order]
        bits = np.repeat(np.log2(self.accounts / lengths), lengths)[order]
        first = np.flatnonzero(np.concatenate(([True], pairs[1:] != pairs[:-1])))
        pairs = pairs[first]
        bounds = np.searchsorted(pairs >> 32, np.arange(len(queries) + 1))
        return Answers(bounds, pairs & 0xFFFFFFFF, np.add.reduceat(bits, first))


def places(answers: Answers, targets: Sequence[int]) -> list[float | None]:
    """How many accounts stand before each query's target and half of those that equal it; else ``None``."""
    return [_place(answers, query, target) for query, target in enumerate(targets)]


def _place(answers: Answers, query: int, target: int) -> float | None:
    part = slice(int(answers.bounds[query]), int(answers.bounds[query + 1]))
    found = np.flatnonzero(answers.accounts[part] == target)
    if not len(found):
        return None
    bits = answers.bits[part]
    own = bits[found[0]]
    better, equal = np.sum(bits > own + 1e-9), np.sum(np.abs(bits - own) <= 1e-9)
    return float(better + (equal - 1) / 2)


Making = Callable[[str, str], Sequence[Key] | None]
"""From platform and handle to keys; ``None`` where the handle says nothing."""


_Trait = TypeVar("_Trait")


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


SCHEMES = {
    "handle": Scheme(_made(folded, HANDLE.keys), _made(folded, _tried(HANDLE))),
    "display_name": Scheme(_made(folded_name, NAME.keys), _made(folded_name, _tried(NAME))),
}
"""Field → scheme."""
