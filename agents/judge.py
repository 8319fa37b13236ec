"""Judge: what a moderator decided about an alert changes what is alerted next, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from agents.common.context import House
from agents.common.decoding import itself, read_all
from agents.common.metric_labels import script_of
from samehand.lineage import Descent, child_of, founder
from samehand.verdict import Consequence, consequence
from schemas.alerts import MirrorAlert
from schemas.malformed import Malformed
from schemas.verdicts import VerdictGiven
from schemas.wire import decode_alert, decode_verdict
from store.base import OpenAlert
from streams.outcomes import Arrival, Outcome


class Judge:
    """Verdicts become suppressions and families."""

    def __init__(self, house: House) -> None:
        """Takes the surroundings."""
        self._house = house

    async def __call__(self, arrivals: Sequence[Arrival]) -> list[Outcome]:
        """One outcome an arrival; a verdict itself says nothing further."""
        outcomes, verdicts = read_all(arrivals, decode_verdict, self._house, itself)
        given = [verdict for _, verdict in verdicts if not verdict.golden]  # a test item decides nothing
        if given:
            await self._follow(given)
        return outcomes

    async def _follow(self, verdicts: Sequence[VerdictGiven]) -> None:
        store, now = self._house.store, self._house.now()
        alerts = await self._house.ask(store.pairs([verdict.alert_id for verdict in verdicts]))
        await self._house.ask(store.judged([verdict.alert_id for verdict in verdicts]))
        unlike = [v.alert_id for v in verdicts if consequence(v.verdict) is Consequence.SUPPRESS]
        if unlike:
            await self._house.ask(store.suppress(unlike, now=now))
        mirrors = [
            alert
            for verdict, alert in zip(verdicts, alerts, strict=True)
            if alert is not None and consequence(verdict.verdict) is Consequence.JOIN
        ]
        if mirrors:
            await self._house.ask(store.join(await self._families(mirrors), now=now))
        if unlike:  # read when it was silenced: one that was raised meanwhile has another revision
            silenced = await self._house.ask(store.pairs(unlike))
            alerts_open = [alert for alert in silenced if alert is not None and alert.open]
            await self._house.ask(store.withdraw(alerts_open, reason="verdict", now=now))
        for verdict, alert in zip(verdicts, alerts, strict=True):
            self._house.meters.verdict(
                verdict.verdict, alert.band if alert else "none", self._script(alert) if alert else None
            )

    def _script(self, alert: OpenAlert) -> str | None:
        read = decode_alert(alert.payload, now=self._house.now())
        if isinstance(read, Malformed) or not isinstance(read.record, MirrorAlert):
            return None  # stored by a version that wrote otherwise
        return script_of(read.record)

    async def _families(self, mirrors: Sequence[OpenAlert]) -> list[tuple[str, Descent]]:
        bans = await self._house.ask(self._house.store.bans([alert.banned for alert in mirrors]))
        return [
            (alert.account, child_of(ban.facts.descent if ban else founder(alert.banned)))
            for alert, ban in zip(mirrors, bans, strict=True)
        ]
