"""Expunge: a reinstated account is forgotten, and what was said of it is taken back.

The fingerprint goes first, then the open alerts are read: an alert proposed before is seen here and
withdrawn; one proposed after finds no ban and is not published.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec.structs import replace

from agents.house import House
from agents.markers import Marker, read_marker
from agents.reading import itself, read_all
from agents.tombstones import tombstone
from schemas.accounts import AccountReinstated
from schemas.alerts import MirrorAlert
from schemas.wire import Decoded, decode_alert, decode_reinstated, encode
from store.base import OpenAlert
from streams.outcomes import Arrival, Emit, Outcome, Published


class Expunge:
    """Reinstatements make bans forgotten and withdraw their open alerts."""

    def __init__(self, house: House) -> None:
        """Takes the surroundings."""
        self._house = house

    async def __call__(self, arrivals: Sequence[Arrival]) -> list[Outcome]:
        """One outcome an arrival: the tombstone and the withdrawals, or a dead letter."""
        outcomes, lifted = read_all(arrivals, decode_reinstated, self._house, itself)
        if lifted:
            await self._lift(lifted, outcomes)
        return outcomes

    async def confirm(self, emits: Sequence[Emit]) -> None:
        """Forgets the alerts whose withdrawal the broker has confirmed."""
        gone = [read_marker(emit.marker) for emit in emits if emit.marker is not None]
        if gone:
            await self._house.ask(self._house.store.drop_alerts([(it.alert_id, it.banned) for it in gone]))

    async def _lift(self, lifted: Sequence[tuple[int, AccountReinstated]], outcomes: list[Outcome]) -> None:
        store, now = self._house.store, self._house.now()
        accounts = [event.key for _, event in lifted]
        await self._house.ask(store.expunge([(event.key, event.at) for _, event in lifted], now=now))
        standing = await self._house.ask(store.bans(accounts))
        open_alerts = await self._house.ask(store.open_alerts(accounts))
        for (place, event), ban, alerts in zip(lifted, standing, open_alerts, strict=True):
            if ban is None:  # else it was banned again later, and that ban stands
                outcomes[place] = Published(
                    (
                        tombstone(event.key, event.at, self._house.topics.banned),
                        *(self._withdrawal(alert) for alert in alerts),
                    )
                )

    def _withdrawal(self, alert: OpenAlert) -> Emit:
        """The alert as it stood, taken back under a higher revision."""
        read = decode_alert(alert.payload, now=math.inf)  # a worker whose clock is ahead may have written it
        if not isinstance(read, Decoded) or not isinstance(read.record, MirrorAlert):
            raise ValueError("an open alert in the store does not read back")
        record = replace(read.record, revision=alert.revision + 1, status="withdrawn")
        marker = Marker(
            alert.alert_id, "", alert.band, record.direction, record.queue or "", None, alert.banned
        )
        return Emit(self._house.alerts_topic, record.key.encode(), encode(record), str(marker))
