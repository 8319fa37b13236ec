"""Chooses which accounts a full posting lists of the many that share one value; both stores choose alike.

The accounts that filled the posting stay. Of later ones :data:`store.limits.LISTED_LATER` are listed too, and
the others wait. Places are counted by cluster, so that accounts of one network or device cannot crowd out all
others: the cluster with the most places gives one up, an account from the middle of its order of arrival. A
waiting account is listed when another one leaves.
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from samehand.keys import Key, KeyKind, kind_of
from store.limits import LISTED_LATER, NAMING_KINDS, WAITING_MAX

CLUSTER_BYTES = 2  # two clusters are taken for one once in 65,536 times: they then share their places
_HEAD = struct.Struct(">BI")


def cluster_tag(keys: Sequence[Key], account: bytes) -> bytes:
    """The cluster of an account with these keys: its network prefix, else its device, else ``account``.

    The same as for counts (:func:`store.common.counted_values.counted`), cut to :data:`CLUSTER_BYTES`.
    """
    for kind in (KeyKind.PREFIX, KeyKind.DEVICE):
        for key in keys:
            if key[0] == kind:
                return key[-CLUSTER_BYTES:]
    return account[-CLUSTER_BYTES:]


@dataclass(slots=True)
class Crowd:
    """Accounts that came to a full posting, with their clusters, in order.

    ``gone``: how many more were dropped because too many wait.
    """

    listed: dict[str, bytes] = field(default_factory=dict)
    waiting: dict[str, bytes] = field(default_factory=dict)
    gone: int = 0

    @property
    def not_listed(self) -> int:
        """How many accounts a look-up of the value does not find."""
        return len(self.waiting) + self.gone

    def come(self, account: str, cluster: bytes, posting: dict[str, None], cap: int, *, again: bool) -> bool:
        """Lists an account; returns whether some account has to wait, or is dropped, for it.

        ``again``: the account was written before, with the same keys.
        """
        full = len(self.waiting) >= WAITING_MAX
        if account in self.waiting or (again and full):
            return False
        self.listed[account] = cluster
        posting[account] = None
        if len(posting) <= cap + LISTED_LATER:
            return False
        # The account in the middle, by arrival, of those whose cluster has the most places.
        counts = Counter(self.listed.values())
        most = max(counts.values())
        crowd = [account for account, cluster in self.listed.items() if counts[cluster] == most]
        out = crowd[(len(crowd) - 1) // 2]
        del posting[out]
        cluster = self.listed.pop(out)
        if full:
            self.gone += 1
        else:
            self.waiting[out] = cluster
        return True

    def leave(self, account: str, posting: dict[str, None], cap: int) -> None:
        """Takes an account out, and lists waiting ones in its place, the latest first."""
        self.listed.pop(account, None)
        self.waiting.pop(account, None)
        while self.waiting and len(posting) < cap + LISTED_LATER:
            latest, cluster = self.waiting.popitem()
            self.listed[latest] = cluster
            posting[latest] = None


def not_listed(packed: bytes, place_bytes: int) -> int:
    """:attr:`Crowd.not_listed` of a crowd as Redis keeps it (common.lua)."""
    listed, gone = _HEAD.unpack_from(packed)
    entries = (len(packed) - _HEAD.size) // (place_bytes + CLUSTER_BYTES)
    return int(entries - listed + gone)


def naming_keys(keys: Sequence[Key]) -> list[Key]:
    """The keys of the kinds that have crowds: those that name a person or a machine."""
    return [key for key in keys if kind_of(key) in NAMING_KINDS]


def by_kind(counts: Iterable[tuple[Key, int]]) -> dict[KeyKind, int]:
    """The sums above 0, by kind of key."""
    sums: dict[KeyKind, int] = {}
    for key, count in counts:
        if count:
            sums[kind_of(key)] = sums.get(kind_of(key), 0) + count
    return sums
