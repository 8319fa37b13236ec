"""Counts published alerts without a verdict, and since when the oldest has waited, for operators.

Each home has a sorted set of them, by the moment of publication. An alert leaves it when it is judged or
withdrawn, or when nobody has judged it for as long as pairs are known; if some of it is lost, no alert is.
"""

from __future__ import annotations

from collections.abc import Sequence

from store.limits import AWAITING_MAX
from store.rules.ban_alerts import UNJUDGED
from store.rules.keyspace import Keyspace, command, named, write


class UnjudgedAlerts:
    """The unjudged alerts of all homes."""

    def __init__(self, keys: Keyspace, seconds: int) -> None:
        """``seconds``: how long an alert is counted."""
        self._keys = keys
        self._seconds = seconds

    async def judged(self, alert_ids: Sequence[str]) -> None:
        alerts = [self._keys.addresses.alert(alert_id).raw for alert_id in alert_ids]
        where = await self._keys.ask([named(self._keys, "GET", "l", alert) for alert in alerts])
        known = [(banned, banned + alert) for banned, alert in zip(where, alerts, strict=True) if banned]
        home = self._keys.home
        await write(self._keys, [command(home(ban), "ZREM", UNJUDGED, pair) for ban, pair in known])

    async def figures(self) -> tuple[int, float | None]:
        """How many wait, and when (Unix seconds) the oldest of them was published."""
        homes = self._keys.homes
        counts = await self._keys.ask([command(home, "ZCARD", UNJUDGED) for home in homes])
        firsts = await self._keys.ask(
            [command(home, "ZRANGE", UNJUDGED, 0, 0, "WITHSCORES") for home in homes]
        )
        return sum(counts), min((float(first[1]) for first in firsts if first), default=None)

    async def trim(self, now: float) -> None:
        """Drops alerts that nobody has judged for that long, and the oldest ones beyond the cap."""
        most = max(1, AWAITING_MAX // len(self._keys.homes))
        await write(
            self._keys,
            [
                each
                for home in self._keys.homes
                for each in (
                    command(home, "ZREMRANGEBYSCORE", UNJUDGED, "-inf", repr(now - self._seconds)),
                    command(home, "ZREMRANGEBYRANK", UNJUDGED, 0, -most - 1),
                )
            ],
        )
