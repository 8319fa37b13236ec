"""Tends the store beside the agents: is it well, how full is it, is a new snapshot of counts due?"""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from agents.house import House
from store.errors import StoreError, StoreMismatch
from streams.clock import Clock

LOOK_SECONDS = 2.0  # what readiness says is at most this old
LOOKS_A_FREEZE = 30  # asking each minute whether a snapshot is due is soon enough for one an hour

log = structlog.get_logger("samehand.store")


@dataclass(slots=True)
class Tending:
    """The store's state as others read it: ``fault`` is why it is not well, or empty."""

    house: House
    clock: Clock
    fault: str = "not opened yet"
    looks: int = 0

    async def run(self) -> None:
        """Until cancelled. Raises ``StoreMismatch``: no waiting makes this code read that store."""
        while True:
            await self.look()
            await self.clock.sleep(LOOK_SECONDS)

    async def look(self) -> None:
        """One look; an outage is noted, not raised."""
        before = self.fault
        try:
            if self.looks == 0:
                await self.house.store.open()
            self.fault = await self.house.store.ready() or ""
            if not self.fault:
                await self._measure()
                self.looks += 1
        except StoreMismatch:
            raise
        except StoreError as fault:
            self.fault = str(fault)
        if self.fault != before:
            log.warning("store", fault=self.fault) if self.fault else log.info("store is well")

    async def _measure(self) -> None:
        figures = await self.house.store.figures()
        self.house.meters.fingerprints.set(figures.fingerprints)
        self.house.meters.remembered_accounts.set(figures.remembered)
        if self.looks % LOOKS_A_FREEZE == 0:
            await self.house.store.freeze(now=self.clock.now())
