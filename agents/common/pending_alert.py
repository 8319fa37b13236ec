"""What an agent must know of an alert when the broker confirms it.

It travels as the marker of the alert's `Emit`, so that an agent keeps no state between a batch and its
confirmation.
"""

from __future__ import annotations

from typing import NamedTuple


class PendingAlert(NamedTuple):
    """An alert on its way: its pair, who claims it, and what the metrics count."""

    alert_id: str
    revision: int
    claimant: str
    band: str
    direction: str
    queue: str
    seconds_since_ban: float | None
    banned: str

    @property
    def event_id(self) -> str | None:
        """The platform's own id of the event that claims it; ``None`` for look-back, which claims by ban."""
        found, _, event_id = self.claimant.partition(":")
        return event_id if found in ("forward", "update") else None
