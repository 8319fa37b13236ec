"""What an agent must know of an alert when the broker confirms it, as one line of text.

Delivery keeps the line and hands it back on confirmation, so that an agent keeps no state between a batch
and its confirmation. A redelivered event gives the same line.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote, unquote


class PendingAlert(NamedTuple):
    """An alert on its way: its pair, who claims it, and what the metrics count.

    ``banned`` comes last, since it may hold spaces.
    """

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

    def __str__(self) -> str:
        since = "-" if self.seconds_since_ban is None else repr(self.seconds_since_ban)
        claimant = quote(self.claimant, safe=":", errors="surrogatepass") or "-"
        found = (self.band, self.direction, self.queue or "-", since)
        return " ".join((self.alert_id, str(self.revision), claimant, *found, self.banned))


def read_marker(text: str) -> PendingAlert:
    """Reads :class:`PendingAlert`'s line. Raises ``ValueError`` for any other text."""
    alert_id, revision, claimant, band, direction, queue, since, banned = text.split(" ", 7)
    return PendingAlert(
        alert_id,
        int(revision),
        "" if claimant == "-" else unquote(claimant, errors="surrogatepass"),
        band,
        direction,
        "" if queue == "-" else queue,
        None if since == "-" else float(since),
        banned,
    )
