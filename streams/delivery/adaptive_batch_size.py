"""How many records are decided at once: fewer after a step that failed, and more again while steps succeed.

A store that answers slowly, or a process that gets little of the processor, may never decide a whole batch
within the store's deadlines: repeated whole, it would fail for ever. Halving finds the size that gets
through, and growing by a constant seldom tries too much again (additive increase, multiplicative decrease:
Chiu and Jain 1989, as TCP does). An outage halves too, which costs some smaller batches once it is over.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from streams.supervision.flight_recorder import Slot

STEPS: Final = 16
"""Successes from one record back to the limit, so that a size that still fails is seldom tried."""


@dataclass(slots=True)
class BatchSize:
    """``records`` is the present size, from 1 to ``records_max``.

    It is kept in the flight recorder, so that a process that starts again after a batch that was too slow, or
    that ended it, does not begin with as many.
    """

    records_max: int
    slot: Slot
    records: int = field(init=False)

    def __post_init__(self) -> None:
        self.records = min(self.slot.records_max, self.records_max) or self.records_max

    def failed(self, tried: int) -> None:
        """A step with so many records failed."""
        self._be(max(1, min(self.records, tried) // 2))

    def succeeded(self) -> None:
        self._be(min(self.records_max, self.records + max(1, self.records_max // STEPS)))

    def _be(self, records: int) -> None:
        self.records = records
        self.slot.records_max = records if records < self.records_max else 0
