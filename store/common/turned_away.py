"""Whom full postings turned away: what two stores reckon alike."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from samehand.keys import Key, KeyKind, kind_of
from store.limits import NAMING_KINDS


def naming_keys(keys: Sequence[Key]) -> list[Key]:
    """Those keys by whose values it is noted whom a full posting turned away."""
    return [key for key in keys if kind_of(key) in NAMING_KINDS]


def by_kind(counts: Iterable[tuple[Key, int]]) -> dict[KeyKind, int]:
    """The sums above 0, by kind of key."""
    sums: dict[KeyKind, int] = {}
    for key, count in counts:
        if count:
            sums[kind_of(key)] = sums.get(kind_of(key), 0) + count
    return sums
