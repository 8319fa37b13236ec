"""The numbers that the desk works by, as the operator set them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Policy:
    """Shares in [0, 1], lengths in seconds.

    key             of the draws: with it one can predict which alerts are shown blind
    blind_share     of alerts, shown without score, band, weights or an order that tells
    second_share    of decided alerts, read by a second person
    undo_seconds    that a verdict waits before it is sent
    claim_seconds   that a read stays in somebody's hands without a sign of life
    goal_seconds    by rank, within which an alert is to be decided
    skip_seconds    that a skipped read is not shown again to who skipped it
    """

    key: bytes = field(repr=False)
    blind_share: float = 0.15
    second_share: float = 0.05
    undo_seconds: float = 10.0
    claim_seconds: float = 120.0
    goal_seconds: tuple[float, float] = (3600.0, 86_400.0)
    skip_seconds: float = 1800.0

    def due_at(self, rank: int, waits_since: float) -> float:
        """By when a read is to be decided, in Unix seconds."""
        return waits_since + self.goal_seconds[min(rank, len(self.goal_seconds) - 1)]
