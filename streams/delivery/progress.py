"""Where one delivery stands, for health, watchdog and metrics to read."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

Partition = tuple[str, int]


class Stage(StrEnum):
    """States of an event, as `docs/adr/0003-delivery.md` draws them."""

    IDLE = "idle"
    DECIDING = "deciding"
    PUBLISHING = "publishing"
    MARKING = "marking"
    HOLDING = "holding"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(slots=True)
class Progress:
    """Facts about one delivery. Written by it alone, in the event loop's thread."""

    name: str
    topic: str
    stage: Stage = Stage.IDLE
    moved_at: float = 0.0
    """Monotonic seconds of the last sign of life: a batch taken, a stage reached, a retry made."""
    acknowledged: int = 0
    """Records with an outcome that is durable."""
    in_flight: int = 0
    retries: int = 0
    """Failed tries of the present outage; 0 when there is none."""
    stopped_because: str = ""
    next_offsets: dict[Partition, int] = field(default_factory=dict)
    """Per partition, the offset after the last acknowledged record."""
    in_hand: dict[Partition, float] = field(default_factory=dict)
    """Per partition, Kafka's timestamp of the oldest record of the batch in hand, Unix seconds."""
    last_timestamps: dict[Partition, float] = field(default_factory=dict)
    """Per partition, Kafka's timestamp of the last acknowledged record, Unix seconds."""

    def move(self, stage: Stage, ticks: float) -> None:
        self.stage = stage
        self.moved_at = ticks

    @property
    def waits_on_purpose(self) -> bool:
        """True if standing still is right: an outage is being waited out, or an operator has to decide."""
        return self.stage in (Stage.HOLDING, Stage.STOPPED)
