"""Chooses which of the accounts that share one value a look-up considers; both stores choose alike.

A value's accounts are kept in their order of arrival: of more than :func:`kept_at_most` the oldest half and
the newest. Of many remembered accounts that share a value which names a person or a machine, a look-up
considers the oldest, and of the later ones some of each cluster, so that accounts of one network or device
cannot hide all others. When accounts leave, others are considered in their place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from samehand.keys import Key, KeyKind, kind_of, posting_cap
from store.common.ranking import Ints
from store.limits import LISTED_LATER, NAMING_KINDS, WAITING_MAX, listed_at_most

CLUSTER_BYTES = 2  # two clusters are taken for one once in 65,536 times: they then share their places


def cluster_tag(keys: Sequence[Key], account: bytes) -> bytes:
    """The cluster of an account with these keys: its network prefix, else its device, else ``account``.

    The same as for counts (:func:`store.common.counted_values.counted`), cut to :data:`CLUSTER_BYTES`.
    """
    for kind in (KeyKind.PREFIX, KeyKind.DEVICE):
        for key in keys:
            if key[0] == kind:
                return key[-CLUSTER_BYTES:]
    return account[-CLUSTER_BYTES:]


def kept_at_most(kind: KeyKind) -> int:
    """How many accounts one value of a kind keeps."""
    if kind in NAMING_KINDS:
        return posting_cap(kind) + LISTED_LATER + WAITING_MAX
    return listed_at_most(kind)


def considered(kind: KeyKind, accounts: int, clusters: Sequence[int] | None) -> Ints:
    """The positions, in order of arrival, of those of a value's accounts that a look-up considers.

    ``clusters``: of each account, ``None`` for bans, of which a look-up reads the best alone.
    """
    kept = min(accounts, kept_at_most(kind))
    chosen = np.arange(kept)
    chosen[kept // 2 :] += accounts - kept
    first = posting_cap(kind)
    if clusters is None or kind not in NAMING_KINDS or kept <= first + LISTED_LATER:
        return chosen
    turns: list[tuple[int, int, int]] = []
    seen = Counter[int]()
    for at in reversed(chosen[first:].tolist()):
        turns.append((seen[clusters[at]], len(turns), at))
        seen[clusters[at]] += 1
    later = sorted(at for *_, at in sorted(turns)[:LISTED_LATER])
    return np.array([*chosen[:first].tolist(), *later], np.int64)


def not_considered(key: Key, accounts: int) -> int:
    """How many of a value's accounts no look-up considers."""
    return max(0, accounts - posting_cap(kind_of(key)) - LISTED_LATER)


def naming_keys(keys: Sequence[Key]) -> list[Key]:
    """The keys that name a person or a machine."""
    return [key for key in keys if kind_of(key) in NAMING_KINDS]


def by_kind(counts: Iterable[tuple[Key, int]]) -> dict[KeyKind, int]:
    """The sums above 0, by kind of key."""
    sums: dict[KeyKind, int] = {}
    for key, count in counts:
        if count:
            sums[kind_of(key)] = sums.get(kind_of(key), 0) + count
    return sums
