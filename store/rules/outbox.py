"""Hands out what is owed to consumers until the broker has confirmed it: withdrawals above all, the oldest
first.

The step that ends an alert notes its debt in the pair itself, so whatever process dies in between, the next
one that asks publishes it. One holder at a time is told; another takes over once that one has not asked for
a while. A summary that was published for a change a moment ago waits, and keeps nothing behind it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from schemas.alerts import WithdrawnReason
from store.base import ConfirmedEntry, Owed, SummaryCounts
from store.common.key_digests import DIGEST_BYTES
from store.limits import OPEN_ALERTS_A_BAN, OWED_AT_ONCE, RELAY_SECONDS, SUMMARY_SECONDS
from store.rules import pairs
from store.rules.ban_alerts import DUE, BanAlerts, on_bans, pairs_at
from store.rules.keyspace import Keyspace, command, write
from store.rules.pairs import StoredPair, band_rank


async def relays(keys: Keyspace, home: int, name: str, holder: str) -> bool:
    """Returns whether the holder may publish what a home owes, and keeps others from it for a while."""
    taken = command(home, "SET", name, holder, "NX", "EX", RELAY_SECONDS)
    await write(keys, [taken])
    (held,) = await keys.ask([command(home, "GET", name)])
    if held not in (holder, holder.encode()):
        return False
    await write(keys, [command(home, "EXPIRE", name, RELAY_SECONDS)])
    return True


class Outbox:
    """What is owed of the alerts on all bans."""

    def __init__(self, keys: Keyspace, seconds: int) -> None:
        """``seconds``: for how long the revision of a pair is known that is gone."""
        self._keys = keys
        self._seconds = seconds

    async def owed(self, holder: str, now: float) -> list[Owed]:
        """What is to be published now."""
        # Looks at ten times as many, so that waiting summaries do not delay withdrawals.
        homes, most = self._keys.homes, 10 * OWED_AT_ONCE - 1
        due = await self._keys.ask([command(home, "ZRANGE", DUE, 0, most) for home in homes])
        owing = [self._owed(home, some, holder, now) for home, some in zip(homes, due, strict=True) if some]
        return [owed for several in await self._keys.together(owing) for owed in several]

    async def _owed(self, home: int, due: Sequence[bytes], holder: str, now: float) -> list[Owed]:
        if not await relays(self._keys, home, "relay", holder):
            return []
        owed: list[Owed] = []
        for at in range(0, len(due), OWED_AT_ONCE):
            some = due[at : at + OWED_AT_ONCE]
            places = [(member[:DIGEST_BYTES], member[DIGEST_BYTES:]) for member in some]
            for (banned, _), pair in zip(places, await pairs_at(self._keys, places), strict=True):
                if pair is not None and pair.owed and not _waits(pair, now):
                    owed.append(await self._as_owed(home, banned, pair))
            if len(owed) >= OWED_AT_ONCE:
                break
        return owed[:OWED_AT_ONCE]

    async def _as_owed(self, home: int, banned: bytes, pair: StoredPair) -> Owed:
        alert, at = pair.published, pair.owed_at
        if pair.owed != "summary":
            forgotten = pair.owed == "forgotten"
            reason = None if forgotten or pair.owed == "again" else cast(WithdrawnReason, pair.owed)
            return Owed(alert, pair.revision, reason, at, forgotten=forgotten)
        name = banned.hex()
        counted: list[Any]
        published, counted = await self._keys.ask(
            [command(home, "ZCARD", f"o:{name}"), command(home, "HGETALL", f"h:{name}")]
        )
        likely = counted[1::2].count(str(band_rank("likely")).encode())
        counts = SummaryCounts(published - 1, likely, len(counted) // 2 - likely)
        return Owed(alert, pair.revision, None, at, counts)

    async def settle(self, published: Sequence[ConfirmedEntry]) -> list[ConfirmedEntry]:
        """Forgets what was published; returns what was owed under that very revision."""
        banned = [self._keys.addresses.account(entry.banned).raw for entry in published]
        alerts = [self._keys.addresses.alert(entry.alert_id).raw for entry in published]
        places = list(zip(banned, alerts, strict=True))

        async def act(on_ban: BanAlerts, which: Sequence[int]) -> list[bool]:
            await on_ban.load([alerts[at] for at in which])
            settled: list[bool] = []
            for at in which:
                room = on_ban.known <= OPEN_ALERTS_A_BAN
                pair = pairs.settled(on_ban.pairs[alerts[at]], published[at], room=room)
                settled.append(pair is not None)
                if pair is not None:
                    on_ban.put(alerts[at], pair)
                    if not published[at].is_open:
                        on_ban.judge(alerts[at])
            return settled

        # It opens or ends no alert, so that the time does not matter.
        were_owed = await on_bans(self._keys, places, act, 0.0, self._seconds)
        return [entry for entry, was_owed in zip(published, were_owed, strict=True) if was_owed]


def _waits(pair: StoredPair, now: float) -> bool:
    """Returns whether the pair is a summary that was published for a change of the last seconds."""
    return (
        pair.owed == "summary" and pair.summed_up_at is not None and now < pair.summed_up_at + SUMMARY_SECONDS
    )
