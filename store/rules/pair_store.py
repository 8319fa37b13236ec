"""The part of the store's contract that is about pairs, families and waves, over any keyspace."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import Any

from samehand.lineage import Descent
from schemas.alerts import WithdrawnReason
from schemas.waves import WaveReason
from store.base import (
    Claim,
    ConfirmedEntry,
    Decided,
    Decision,
    Gathering,
    Member,
    OpenAlert,
    Owed,
    OwedWave,
    Proposal,
    Ruled,
    Shown,
    ShownLine,
    Wave,
)
from store.bounds import Bounds
from store.rules.alerts import Alerts
from store.rules.families import Families
from store.rules.keyspace import Keyspace
from store.rules.outbox import Outbox
from store.rules.shown import DismissedAlerts
from store.rules.unjudged import UnjudgedAlerts
from store.rules.verdicts import Verdicts
from store.rules.waves import Waves


class PairStore:
    """Hands each question to the strategy that answers it; :mod:`store.base` says what each promises."""

    def __init__(self, keys: Keyspace, bounds: Bounds) -> None:
        seconds = round(bounds.dedup_seconds)
        self._keys = keys
        self._verdicts = Verdicts(keys)
        self._families = Families(keys, self._verdicts)
        self._alerts = Alerts(keys, self._verdicts, seconds)
        self._outbox = Outbox(keys, seconds)
        self._unjudged = UnjudgedAlerts(keys, seconds)
        self._dismissed = DismissedAlerts(keys)
        self._waves = Waves(keys, bounds.retention_seconds)

    # pairs
    async def propose(self, proposals: Sequence[Proposal], *, now: float) -> list[Ruled]:
        return await self._alerts.propose(proposals, now)

    async def rulings(self, proposals: Sequence[Proposal], *, now: float) -> list[Ruled]:
        return await self._alerts.rulings(proposals, now)

    async def confirm(self, published: Sequence[Claim], *, now: float) -> None:
        await self._alerts.confirm(published, now)

    async def alerts_on(self, banned: Sequence[str]) -> list[list[OpenAlert]]:
        return await self._alerts.on(banned)

    async def withheld(self, banned: Sequence[str]) -> list[bool]:
        return await self._alerts.withheld(banned)

    async def uncount(self, accounts: Sequence[str], *, now: float) -> None:
        await self._alerts.uncount(accounts, now)

    async def alerts_about(self, accounts: Sequence[str]) -> list[list[OpenAlert]]:
        return await self._alerts.about(accounts)

    async def withdraw(self, alerts: Sequence[OpenAlert], *, reason: WithdrawnReason, now: float) -> None:
        await self._alerts.withdraw(alerts, reason, now)

    async def owed(self, holder: str, *, now: float) -> list[Owed]:
        return await self._outbox.owed(holder, now)

    async def settle(self, published: Sequence[ConfirmedEntry]) -> None:
        settled = await self._outbox.settle(published)
        await self._alerts.release([entry for entry in settled if entry.known is None])

    async def recall(self, alerts: Sequence[OpenAlert], *, now: float) -> list[bool]:
        return await self._alerts.recall(alerts, now)

    async def reopen(self, alerts: Sequence[OpenAlert], *, now: float) -> None:
        await self._alerts.reopen(alerts, now)

    async def revise(self, alerts: Sequence[OpenAlert], *, now: float) -> None:
        await self._alerts.revise(alerts, now)

    async def decide(self, decisions: Sequence[Decision], *, now: float) -> list[Decided]:
        return await self._verdicts.decide(decisions)

    async def decided(self, alert_ids: Sequence[str]) -> list[Decided | None]:
        return await self._verdicts.decided(alert_ids)

    async def show(self, shown: Sequence[Shown]) -> None:
        await self._dismissed.show(shown)

    async def shown(self, accounts: Sequence[str]) -> list[dict[str, tuple[ShownLine, ...]]]:
        return await self._dismissed.shown(accounts)

    async def alerts_and_shown(
        self, accounts: Sequence[str]
    ) -> tuple[list[list[OpenAlert]], list[dict[str, tuple[ShownLine, ...]]]]:
        asked: list[Coroutine[Any, Any, Any]] = [
            self._alerts.about(accounts),
            self._dismissed.shown(accounts),
        ]
        alerts, shown = await self._keys.together(asked)
        return alerts, shown

    async def judged(self, alert_ids: Sequence[str]) -> None:
        await self._unjudged.judged(alert_ids)

    async def pairs(self, alert_ids: Sequence[str]) -> list[OpenAlert | None]:
        return await self._alerts.by_id(alert_ids)

    # families
    async def join(self, members: Sequence[Member], *, now: float) -> None:
        await self._families.join(members, now)

    async def leave(self, alert_ids: Sequence[str]) -> None:
        await self._families.leave(alert_ids)

    async def descents(self, accounts: Sequence[str]) -> list[Descent | None]:
        return await self._families.descents(accounts)

    # waves
    async def gather(self, gathering: Gathering, *, now: float) -> str | None:
        return await self._waves.join(gathering, now)

    async def leave_waves(self, accounts: Sequence[str], *, reason: WaveReason, now: float) -> None:
        if accounts:
            await self._waves.leave(accounts, reason, now)

    async def mark_banned(self, accounts: Sequence[str], *, banned: bool, now: float) -> None:
        if accounts:
            await self._waves.mark(accounts, now, banned=banned)

    async def wave_ids(self, accounts: Sequence[str]) -> list[str | None]:
        return [wave.wave_id if wave else None for wave in await self._waves.of(accounts)]

    async def waves(self, wave_ids: Sequence[str]) -> list[Wave | None]:
        return await self._waves.read(wave_ids)

    async def decide_wave(self, wave_id: str, *, covers: int | None, now: float) -> None:
        await self._waves.decide(wave_id, now, covers=covers)

    async def owed_waves(self, holder: str, *, now: float) -> list[OwedWave]:
        return await self._waves.owed(holder, now)

    async def settle_waves(self, published: Sequence[OwedWave]) -> None:
        await self._waves.settle(published)

    async def recall_waves(self, waves: Sequence[Wave], *, now: float) -> int:
        return await self._waves.recall(waves, now)
