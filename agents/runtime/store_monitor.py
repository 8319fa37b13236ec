"""Watches the store while agents run: its health and size, and when a snapshot of counts is due.

It notes the store's epoch outside the store, which may lose it. A store that was emptied while workers ran is
well again once another epoch is noted, which `samehand rebuild` does when it has finished.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import structlog

from agents.common.context import AgentContext
from agents.common.metric_labels import kind_name
from store.errors import StoreEmptied, StoreError, StoreMismatch
from streams.clock import Clock
from streams.errors import BrokerUnavailable

LOOK_SECONDS = 2.0  # what readiness says is at most this old
LOOKS_A_CHORE = 30  # each minute: a snapshot is due once an hour, and nobody finds an expired ban anyway

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
    looks: int = 0

    async def run(self) -> None:
        """Runs until cancelled. Raises ``StoreMismatch``, which waiting cannot cure."""
        while True:
            await self.look()
            await self.clock.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """Looks once; an outage is kept in ``fault``, not raised."""
        before = self.fault
        try:
            if self.looks == 0:
                await self.context.store.open()
            self.fault = await self.context.store.ready() or ""
            if self.fault:
                await self.context.store.open()  # raises the reason
            else:
                await self._measure()
                self.looks += 1
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
        if self.looks % LOOKS_A_CHORE == 0:
            await self.context.store.freeze(now=self.clock.now())
            await self.context.store.sweep(now=self.clock.now())

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
