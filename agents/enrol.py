"""Enrol: stores the fingerprint of a banned account, marks it in its wave, and sends the ban to look-back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from agents.common.alerts.withdrawal import withdraw_again
from agents.common.context import AgentContext
from agents.common.decoding import count, dead, reading_moment
from agents.common.distil import descending, distilled_ban, with_remembered
from agents.common.families import Led, alerts_that_led, verdict_of
from agents.common.tombstones import occurred_at, tombstone
from agents.common.yielder import Yielder, offload
from samehand.lineage import Descent
from schemas.accounts import AccountBanned, Tombstone
from schemas.internal.enrolled import BanEnrolled
from schemas.keys import read_account_key
from schemas.malformed import Malformed
from schemas.wire import decode_banned, encode
from store.base import Ban, Enrolled
from streams.outcomes import NOTHING, Arrival, Dead, Emit, Outcome, Published, contained
from streams.tracing import note, stage


@dataclass(frozen=True, slots=True)
class _Gone:
    """A tombstone: removes the account's ban, unless that occurred after ``occurred_at`` (Unix seconds)."""

    account: str
    occurred_at: float


@dataclass(frozen=True, slots=True)
class _Banned:
    """A ban as its event tells it, and distilled. `stamped_at` is Kafka's timestamp, in Unix seconds."""

    event: AccountBanned
    ban: Ban
    stamped_at: float


class Enrol:
    """Stores bans as fingerprints; a tombstone removes one."""

    def __init__(self, context: AgentContext) -> None:
        self._context = context

    async def __call__(self, arrivals: Sequence[Arrival]) -> list[Outcome]:
        """Returns one outcome per arrival: a message to look-back or a tombstone, nothing, or a dead letter.

        Order matters within a batch (a ban, its tombstone, the next ban): bans and tombstones are
        written in runs, as they come.
        """
        outcomes: list[Outcome] = []
        with stage("distil"):
            parts = await offload(
                arrivals,
                lambda some: [contained(self._read, arrival) for arrival in some],
                Yielder(self._context.ticks),
            )
        read = [item for _, part in parts for item in part]
        note(
            lambda: {
                place: {"event_id": item.event.event_id}
                for place, item in enumerate(read)
                if isinstance(item, _Banned) and item.event.event_id is not None
            }
        )
        for kind, run in groupby(read, key=type):
            items = list(run)
            if kind is _Banned:
                outcomes += await self._enrol([item for item in items if isinstance(item, _Banned)])
            elif kind is _Gone:
                gone = [(item.account, item.occurred_at) for item in items if isinstance(item, _Gone)]
                store, now = self._context.store, self._context.now()
                await self._context.call_store(store.expunge(gone, now=now, reason="ban-forgotten"))
                await self._forget_lifted([account for account, _ in gone])
                outcomes += [NOTHING] * len(gone)
            else:
                outcomes += [item for item in items if isinstance(item, Dead)]
        return outcomes

    def _read(self, arrival: Arrival) -> _Banned | _Gone | Dead:
        context = self._context
        read = decode_banned(arrival.value, now=reading_moment(arrival, context.now()))
        if isinstance(read, Malformed):
            return dead(read)
        if isinstance(read, Tombstone):
            account = read_account_key(arrival.key)
            if isinstance(account, Malformed):
                return dead(account)
            return _Gone(account.key, occurred_at(arrival))
        count(read, arrival.topic, context.metrics)
        return _Banned(read.record, distilled_ban(read, arrival, context), arrival.timestamp)

    async def _enrol(self, run: Sequence[_Banned]) -> list[Outcome]:
        store = self._context.store
        accounts = [item.ban.account for item in run]
        descents = await self._context.call_store(store.descents(accounts))
        led = await alerts_that_led([item.event for item in run], self._context.topics.banned, self._context)
        families = [
            descent or (led[place].descent if place in led else None)
            for place, descent in enumerate(descents)
        ]
        remembered = await self._context.call_store(store.remembered(accounts, now=self._context.now()))
        bans = [
            with_remembered(descending(item.ban, family) if family else item.ban, former)
            for item, family, former in zip(run, families, remembered, strict=True)
        ]
        became = await self._context.call_store(store.enrol(bans, now=self._context.now()))
        about = await self._context.call_store(store.alerts_about(accounts))
        standing = await self._context.call_store(store.bans(accounts))
        banned = [account for account, ban in zip(accounts, standing, strict=True) if ban]
        await self._context.call_store(store.uncount(banned, now=self._context.now()))
        await self._context.call_store(store.mark_banned(banned, banned=True, now=self._context.now()))
        # Alerts about an account that is now banned itself are withdrawn. They were read after the ban was
        # written and before it was read back: an alert proposed meanwhile meets the ban, and one proposed
        # after a reinstatement has a higher revision. A reinstatement in between found them open, so the ban
        # was read once more.
        alerts = [
            alert
            for several, ban in zip(about, standing, strict=True)
            if ban
            for alert in several
            if alert.open
        ]
        if alerts:
            now = self._context.now()
            await self._context.call_store(store.withdraw(alerts, reason="account-banned", now=now))
            await self._forget_lifted(sorted({alert.account for alert in alerts}))
        for ban, outcome in zip(bans, became, strict=True):
            if outcome is Enrolled.NEW:
                self._context.metrics.enrolled(ban.facts.descent.generation)
        return [
            self._outcome(
                item, outcome, self._unsaid(led.get(place), descents[place]), stands=ban is not None
            )
            for place, (item, outcome, ban) in enumerate(zip(run, became, standing, strict=True))
        ]

    async def _forget_lifted(self, accounts: Sequence[str]) -> None:
        """Withdraws once more what was withdrawn about accounts that are not banned any more.

        Waves no longer mark them as banned.
        """
        standing = await self._context.call_store(self._context.store.bans(accounts))
        lifted = [account for account, ban in zip(accounts, standing, strict=True) if ban is None]
        now = self._context.now()
        await self._context.call_store(self._context.store.mark_banned(lifted, banned=False, now=now))
        await withdraw_again(lifted, "ban-forgotten", self._context)

    @staticmethod
    def _unsaid(led: Led | None, descent: Descent | None) -> Led | None:
        """The alert that led to a ban, unless its verdict is known and the account is in a family.

        A reinstatement takes the account out, and leaves the verdict.
        """
        return None if led is not None and led.decided and descent is not None else led

    def _outcome(self, banned: _Banned, became: Enrolled, led: Led | None, *, stands: bool) -> Outcome:
        event = banned.event
        if became is Enrolled.SUPERSEDED and not stands:
            # Reinstated before its ban arrived: without this tombstone a rebuild would enrol it again.
            return Published((tombstone(event.key, event.at, self._context.topics.banned),))
        if became in (Enrolled.SUPERSEDED, Enrolled.EXPIRED):
            return NOTHING
        # Measured from Kafka's timestamp: from the ban itself, a list of last year's bans would show a year's
        # delay.
        self._context.metrics.searchable_seconds.observe(max(0.0, self._context.now() - banned.stamped_at))
        # An unchanged ban is sent to look-back again: the first message may have been lost with a worker.
        word = BanEnrolled(
            platform=event.platform,
            account_id=event.account.account_id,
            banned_at=event.banned_at,
            occurred_at=event.occurred_at,
        )
        told = Emit(self._context.topics.enrolled, word.key.encode(), encode(word))
        if led is None or not stands:
            return Published((told,))
        return Published((told, verdict_of(event, led, self._context.topics.verdicts)))
