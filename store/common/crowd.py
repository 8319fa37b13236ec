"""Who of the many that share one value are listed, once its posting is full: what two stores reckon alike.

Whoever came first stays. Of those who come later :data:`store.limits.LISTED_LATER` are listed as well, the
others wait. Places are counted by cluster, so that nobody is crowded out by accounts of somebody else's
network or device: the cluster with most places gives one up, its oldest and its newest last. Whoever waits is
listed once somebody leaves.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from samehand.keys import Key, KeyKind, kind_of
from store.limits import LISTED_LATER, NAMING_KINDS, WAITING_MAX

CLUSTER_BYTES = 2  # one of 65,536 clusters is taken for another: they share their places then
_HEAD = struct.Struct(">BI")


def cluster_tag(keys: Sequence[Key], account: bytes) -> bytes:
    """What tells the cluster of an account with such keys: its network, else its device, else ``account``.

    As counts have it (:func:`store.common.counted_values.cluster_of`), cut to :data:`CLUSTER_BYTES`.
    """
    for kind in (KeyKind.PREFIX, KeyKind.DEVICE):
        for key in keys:
            if key[0] == kind:
                return key[-CLUSTER_BYTES:]
    return account[-CLUSTER_BYTES:]


@dataclass(slots=True)
class Crowd:
    """Who came to a full posting: account and cluster, in order. ``gone``: how many more could not wait."""

    listed: dict[str, bytes] = field(default_factory=dict)
    waiting: dict[str, bytes] = field(default_factory=dict)
    gone: int = 0

    @property
    def not_listed(self) -> int:
        """How many are not found by the value."""
        return len(self.waiting) + self.gone

    def come(self, account: str, cluster: bytes, posting: dict[str, None], cap: int, *, again: bool) -> bool:
        """Lists somebody; whether somebody waits or goes for it. ``again``: they have come here before."""
        full = len(self.waiting) >= WAITING_MAX
        if account in self.waiting or (again and full):
            return False
        self.listed[account] = cluster
        posting[account] = None
        if len(posting) <= cap + LISTED_LATER:
            return False
        out = _crowded_out(self.listed)
        del posting[out]
        cluster = self.listed.pop(out)
        if full:
            self.gone += 1
        else:
            self.waiting[out] = cluster
        return True

    def leave(self, account: str, posting: dict[str, None], cap: int) -> None:
        """Takes somebody out, and lists whoever waits in their place, the latest first."""
        self.listed.pop(account, None)
        self.waiting.pop(account, None)
        while self.waiting and len(posting) < cap + LISTED_LATER:
            latest, cluster = self.waiting.popitem()
            self.listed[latest] = cluster
            posting[latest] = None


def _crowded_out(listed: Mapping[str, bytes]) -> str:
    """The middle, in order of arrival, of those whose cluster has most places."""
    counts = Counter(listed.values())
    most = max(counts.values())
    crowd = [account for account, cluster in listed.items() if counts[cluster] == most]
    return crowd[(len(crowd) - 1) // 2]


def not_listed(packed: bytes, place_bytes: int) -> int:
    """The same of a crowd as Redis keeps it (common.lua)."""
    listed, gone = _HEAD.unpack_from(packed)
    entries = (len(packed) - _HEAD.size) // (place_bytes + CLUSTER_BYTES)
    return int(entries - listed + gone)


def naming_keys(keys: Sequence[Key]) -> list[Key]:
    """Those keys of whose values it is known who is not listed."""
    return [key for key in keys if kind_of(key) in NAMING_KINDS]


def by_kind(counts: Iterable[tuple[Key, int]]) -> dict[KeyKind, int]:
    """The sums above 0, by kind of key."""
    sums: dict[KeyKind, int] = {}
    for key, count in counts:
        if count:
            sums[kind_of(key)] = sums.get(kind_of(key), 0) + count
    return sums
