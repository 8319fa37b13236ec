"""Preview: scores an account before its event is published, and writes nothing.

Only the published event makes workers remember and count the account, and alert on it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

from msgspec.structs import replace as replaced

from agents.common.alerts.compose import Pair
from agents.common.alerts.propose import proposals
from agents.common.context import AgentContext
from agents.common.decoding import count
from agents.common.match import Lookup, as_shown, lookup_of, match
from agents.common.queries.related import related
from agents.common.snapshot import Snapshot, snapshot_of
from agents.common.waves import NearWave, near_wave
from agents.common.yielder import Yielder
from schemas.accounts import AccountCreated
from schemas.alerts import AlertSummary, MirrorAlert
from schemas.internal.related import RelatedAnswer
from schemas.malformed import Malformed
from schemas.wire import Decoded, decode_alert, decode_created
from store.base import Remembered, Ruling


class Foreseen(NamedTuple):
    """The alerts that an event would raise, the strongest first, and the open wave that it would join."""

    alerts: tuple[MirrorAlert, ...] = ()
    wave: NearWave | None = None


class Preview:
    """Scores events against a store and writes nothing there: a read-only store is enough."""

    def __init__(self, context: AgentContext) -> None:
        self._context = context
        self._topic = context.topics.created

    @property
    def weights_version(self) -> str:
        """The version of the weights that it scores by now."""
        return self._context.weighing.weights.version

    def read(self, raw: bytes) -> Decoded[AccountCreated] | Malformed:
        """The event of a new account as the topic `accounts.created` has it; counts what is odd about it."""
        decoded = decode_created(raw, now=self._context.now())
        if isinstance(decoded, Decoded):
            count(decoded, self._topic, self._context.metrics)
        return decoded

    async def foresee(self, decoded: Decoded[AccountCreated]) -> Foreseen | Malformed:
        """What the event would lead to if it were published now; or the fault on which our logic fails.

        An alert that stands already is among the alerts, under its revision.

        Raises:
            Transient: the store is away, or was emptied and is not rebuilt yet.
        """
        (foreseen,) = await self.foresee_each([decoded])
        return foreseen

    async def foresee_each(self, several: Sequence[Decoded[AccountCreated]]) -> list[Foreseen | Malformed]:
        """Returns what `foresee` answers for each event alone, by one request to the store."""
        context, now = self._context, self._context.now()
        snapshot, yielder = await snapshot_of(context, now), Yielder(context.ticks)
        foreseen: list[Foreseen | Malformed] = [Foreseen()] * len(several)
        looked: list[Lookup] = []
        places: list[int] = []
        for place, decoded in enumerate(several):
            distil = partial(lookup_of, decoded, self._topic, snapshot, context)
            prepared: Lookup | Malformed | None
            try:
                # Hashing a picture takes 10 to 16 ms.
                prepared = await asyncio.to_thread(distil) if hashes_a_picture(decoded) else distil()
            except Exception as fault:  # costs only this record, as on the topic
                prepared = Malformed("unprocessable", detail=type(fault).__name__)
            await yielder.pause()
            if isinstance(prepared, Malformed):
                foreseen[place] = prepared
            elif prepared is not None:
                looked.append(prepared)
                places.append(place)
        if not looked:
            return foreseen
        waves, alerts = await asyncio.gather(
            self._waves([lookup.account for lookup in looked], snapshot, now),
            self._alerts(looked, snapshot, now),
        )
        for place, mirrors, wave in zip(places, alerts, waves, strict=True):
            foreseen[place] = Foreseen(mirrors, wave)
        return foreseen

    async def _alerts(
        self, looked: Sequence[Lookup], snapshot: Snapshot, now: float
    ) -> list[tuple[MirrorAlert, ...]]:
        context, accounts = self._context, [lookup.account for lookup in looked]
        shown = await context.call_store(context.store.showings(accounts, now=now))
        looked = as_shown(looked, shown)
        alerting: list[Pair] = []
        of: list[int] = []
        for place, pairs in enumerate(await match(looked, snapshot, context, "forward")):
            mine = [pair for pair in pairs if not pair.again_only and pair.score.band != "none"]
            alerting += mine
            of += [place] * len(mine)
        said: list[list[MirrorAlert]] = [[] for _ in looked]
        if alerting:
            alerts, asked = proposals(alerting, context, now)
            ruled = await context.call_store(context.store.rulings(asked, now=now))
            for place, alert, answer in zip(of, alerts, ruled, strict=True):
                if answer.ruling is Ruling.PUBLISH:
                    said[place].append(replaced(alert, revision=answer.revision))
        return [tuple(mirrors) for mirrors in said]

    async def _waves(
        self, accounts: Sequence[Remembered], snapshot: Snapshot, now: float
    ) -> list[NearWave | None]:
        """The open wave that each account would join; in shadow mode there are none."""
        context = self._context
        if context.alert_policy.shadow:
            return [None] * len(accounts)
        company = await context.call_store(context.store.company(accounts, now=now))
        yielder, waves = Yielder(context.ticks), list[NearWave | None]()
        for account, others in zip(accounts, company, strict=True):
            waves.append(near_wave(account, others, snapshot, context))
            await yielder.pause()
        return waves

    async def alert(self, alert_id: str) -> MirrorAlert | AlertSummary | None:
        """Returns an alert that is open, or withdrawn for a reason after which a verdict may still come.

        Raises:
            Transient: as :meth:`foresee`.
        """
        (known,) = await self._context.call_store(self._context.store.pairs([alert_id]))
        read = None if known is None else decode_alert(known.payload, now=float("inf"))
        if known is None or not isinstance(read, Decoded):  # written by a version in a form unknown here
            return None
        record: MirrorAlert | AlertSummary = replaced(read.record, revision=known.revision)
        return record

    async def related(self, account: str) -> RelatedAnswer:
        """Returns who is like an account that the store knows, below the bands too.

        Raises:
            Transient: as :meth:`foresee`.
        """
        return await related(account, self._context)

    async def remembers(self, accounts: Sequence[str]) -> list[bool]:
        """Returns whether each account, by its key, is remembered: its event was published and read.

        Raises:
            Transient: as :meth:`foresee`.
        """
        context = self._context
        known = await context.call_store(context.store.remembered(accounts, now=context.now()))
        return [remembered is not None for remembered in known]


def hashes_a_picture(decoded: Decoded[AccountCreated]) -> bool:
    """Returns whether distilling the account takes milliseconds, since its picture comes without a hash."""
    avatar = decoded.record.account.avatar
    return avatar is not None and avatar.image is not None and avatar.pdq is None
