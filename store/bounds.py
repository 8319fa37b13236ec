"""What operators set of a store, whatever it is made of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What operators set. ``remembered_bytes`` bounds what is remembered, ``freeze_seconds`` is the least
    time between two snapshots of counts, ``lag_seconds`` what lies between an account and its counting
    (:mod:`store.common.count_lag`), ``shards`` the parts that accounts fall into.
    """

    shards: int = 1
    retention_seconds: float = 30 * 86_400.0
    remembered_bytes: int = 1 << 30
    freeze_seconds: float = 3_600.0
    lag_seconds: float = 86_400.0
