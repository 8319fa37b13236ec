"""What every agent is given: the store, keyers of the peppers, weights, clocks and the alert policy."""

from __future__ import annotations

import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, TypeVar

from agents.common.weighing import Weighing
from samehand.fingerprint.distil import Keyer
from samehand.pictures.stock import NO_STOCK, StockPictures
from schemas.basis_rights import ALL_RIGHTS, RightsTable
from store.base import Store
from store.errors import StoreEmptied, StoreUnavailable
from streams.errors import Transient
from streams.kafka.topics import Names
from streams.supervision.poison_guard import waiting
from streams.telemetry.metrics import Metrics
from streams.tracing import stage

T = TypeVar("T")

OPERATIONS = tuple(
    name for name, member in vars(Store).items() if not name.startswith("_") and callable(member)
)
"""The operations of a store: the labels of `samehand_store_seconds`."""

STAGES = {"bans_like": "look-up", "remembered_like": "look-up", "remember_then_look": "look-up"}
"""Operations whose stage has a name of its own in a trace."""


@dataclass(frozen=True, slots=True)
class AlertPolicy:
    """Settings of alerting that operators choose. Counts are caps, since a person reads every alert.

    ``alerts_an_event``: clusters of alike bans (:mod:`samehand.clusters`), each alerted on by its strongest
    member; more than three for one new account confuse more than they explain.
    ``alerts_a_ban``: clusters of accounts that look-back alerts on; a ban that resembles hundreds of unlike
    accounts is a matter for one summary.
    ``alerts_a_cluster``: open alerts on accounts of one cluster, over all alike bans: a person who has read
    a hundred alike accounts knows what the others are.
    ``candidates_below``: how many of an event's best pairs below the bands are returned too, with band
    ``none``: for offline evaluation, never in a worker.
    ``dated``: whether events say when they occurred. Rows of an old list do not, and the date that is filled
    in for them must not be taken for that of a sign-up.
    ``late_ban_seconds``: a ban whose record Kafka stamped at least so long after it took effect comes from a
    list or a batch job; only the day of its moment is trusted.
    ``stock``: stock pictures, which identify nobody.
    ``quote_bio``: whether self-descriptions are kept, redacted, and quoted as names are.
    ``sample_share``: the share of new accounts (0 to 1) whose pairs below the bands are sampled for blind
    review.
    ``basis_rights``: which bans may alert and be quoted, by authority and programme.
    ``logged``: whether each alert is logged; a command over files publishes none, and prints its answer
    instead.
    """

    allowlist: frozenset[str] = frozenset()
    across_platforms: bool = True
    shadow: bool = False
    alerts_an_event: int = 3
    alerts_a_ban: int = 50
    alerts_a_cluster: int = 100
    candidates_an_event: int = 64
    candidates_a_ban: int = 256
    candidates_below: int = 0
    dated: bool = True
    late_ban_seconds: float = 86_400.0
    stock: StockPictures = NO_STOCK
    quote_bio: bool = False
    sample_share: float = 0.0
    logged: bool = True
    basis_rights: RightsTable = ALL_RIGHTS


@dataclass(frozen=True, slots=True)
class AgentContext:
    """What an agent needs of its process, built once by :mod:`agents.runtime.worker`."""

    store: Store
    keyers: tuple[tuple[int, Keyer], ...]  # (pepper id, its keyer): two while a rotation lasts
    weighing: Weighing
    topics: Names
    metrics: Metrics
    now: Callable[[], float]  # Unix seconds
    ticks: Callable[[], float] = time.perf_counter  # monotonic seconds
    alert_policy: AlertPolicy = field(default_factory=AlertPolicy)
    sign_ups_a_day: Callable[[], int | None] = lambda: None  # if known; else as counted

    @property
    def alerts_topic(self) -> str:
        """Where alerts go: in shadow mode, where nobody acts on them."""
        return self.topics.shadow if self.alert_policy.shadow else self.topics.alerts

    async def call_store(self, answer: Coroutine[Any, Any, T]) -> T:
        """Awaits a call of the store, and records how long it took.

        Raises:
            Transient: the store is away, or was emptied and is not rebuilt yet; delivery tries again later.
        """
        began, operation = self.ticks(), getattr(answer, "__name__", "unknown")
        try:
            with stage(STAGES.get(operation, operation)), waiting():
                return await answer
        except (StoreUnavailable, StoreEmptied) as outage:
            raise Transient(str(outage)) from outage
        finally:
            self.metrics.store_seconds.labels(operation).observe(self.ticks() - began)
