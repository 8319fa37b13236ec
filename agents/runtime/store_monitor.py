"""Watches the store while agents run: its health and size, and whose fault it is that its answers come late.

It also has a snapshot of counts taken and expired bans swept out when that is due.

It notes the store's epoch outside the store, which may lose it. A store that was emptied while workers ran is
well again once another epoch is noted, which `samehand rebuild` does when it has finished.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import structlog

from agents.common.context import AgentContext
from agents.common.metric_labels import kind_name
from store.errors import StoreEmptied, StoreError, StoreMismatch
from store.limits import SWEEP_SECONDS
from store.redis.deadline import LATE
from streams.clock import Clock
from streams.errors import BrokerUnavailable

LOOK_SECONDS = 2.0  # what readiness says is at most this old

log = structlog.get_logger("samehand.store")


class Epochs(Protocol):
    """Keeps a store's epoch outside of it. Both raise ``BrokerUnavailable``."""

    async def known(self) -> str:
        """The epoch noted last, "" for none."""

    async def note(self, epoch: str) -> None: ...


@dataclass(slots=True)
class StoreMonitor:
    """Watches the store, and keeps its state for others: ``fault`` is why it is not well, or empty.

    ``epoch`` is the one that is noted in ``epochs``.
    """

    context: AgentContext
    clock: Clock
    epochs: Epochs
    epoch: str = ""
    fault: str = "not opened yet"
    opened: bool = False
    sweep_at: float = 0.0
    late: dict[str, float] = field(default_factory=LATE.copy)
    starved: bool = False

    async def run(self) -> None:
        """Runs until cancelled. Raises ``StoreMismatch``, which waiting cannot cure."""
        while True:
            await self.look()
            await self.clock.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Looks once; an outage is kept in ``fault``, not raised."""
        before = self.fault
        try:
            if not self.opened:
                await self.context.store.open()
            self.fault = await self.context.store.ready() or ""
            if self.fault:
                await self.context.store.open()  # raises the reason
            else:
                await self._measure()
                self.opened = True
        except StoreMismatch:
            raise
        except StoreEmptied as fault:
            self.fault = str(fault)
            await self._rebuilt()
        except StoreError as fault:
            self.fault = str(fault)
        except BrokerUnavailable as fault:
            log.warning("the store's epoch is not recorded yet", fault=str(fault))
        if self.fault != before:
            if self.fault:
                log.warning("the store is not ready", fault=self.fault)
            else:
                log.info("the store is ready")
        self._tell_late()

    def _tell_late(self) -> None:
        late = {cause: seconds - self.late[cause] for cause, seconds in LATE.items()}
        self.late = LATE.copy()
        for cause, seconds in late.items():
            self.context.metrics.store_late_seconds.labels(cause).inc(seconds)
        if late["worker"] and not self.starved:
            log.warning("the worker lacks processor time, not Redis", late_seconds=round(late["worker"], 3))
        self.starved = bool(late["worker"])

    async def _measure(self) -> None:
        figures = await self.context.store.figures()
        metrics = self.context.metrics
        metrics.fingerprints.set(figures.fingerprints)
        metrics.remembered_accounts.set(figures.remembered)
        metrics.remembered_bytes.set(figures.remembered_bytes)
        metrics.remembered_evicted.set(figures.remembered_evicted)
        for (index, kind), count in figures.turned_away.items():
            metrics.postings_full.labels(index, kind_name(kind)).set(count)
        since = figures.oldest_unjudged_at
        metrics.alerts_unjudged.set(figures.unjudged)
        metrics.alerts_unjudged_oldest_seconds.set(0 if since is None else max(0.0, self.clock.now() - since))
        metrics.store_memory_bytes.set(figures.memory_bytes or 0)
        metrics.store_memory_limit_bytes.set(figures.memory_limit_bytes or 0)
        if figures.epoch and figures.epoch != self.epoch:
            await self.epochs.note(figures.epoch)
            self.epoch = figures.epoch
        if self.clock.ticks() >= self.sweep_at:
            await self.context.store.freeze(now=self.clock.now())
            if not await self.context.store.sweep(now=self.clock.now()):  # else there may be more
                self.sweep_at = self.clock.ticks() + SWEEP_SECONDS

    async def _rebuilt(self) -> None:
        """Adopts a store that was emptied and has been rebuilt since; does nothing until then."""
        try:
            known = await self.epochs.known()
        except BrokerUnavailable as fault:
            log.warning("cannot read whether the store was rebuilt", fault=str(fault))
            return
        if known and known != self.epoch:
            self.context.store.adopt(known)
            self.epoch = known
