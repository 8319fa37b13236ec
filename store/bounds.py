"""The settings that every store has."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What operators set.

    ``retention_seconds``, ``remembered_bytes``: how
    long accounts are remembered, and how many bytes they may take. ``freeze_seconds``: the least time between
    two snapshots of counts. ``lag_seconds``: how long after its event an account has no effect on counts
    (:mod:`store.common.count_lag`). ``dedup_seconds``: how long a reinstatement is known, and the revision
    of an alert that is not; open and withdrawn alerts are known for as long as their ban.
    """

    retention_seconds: float = 30 * 86_400.0
    remembered_bytes: int = 1 << 30
    freeze_seconds: float = 3_600.0
    lag_seconds: float = 86_400.0
    # Longer than accounts are remembered by a working week, so that a record delivered again within Kafka's
    # own retention is still recognised.
    dedup_seconds: float = 35 * 86_400.0
