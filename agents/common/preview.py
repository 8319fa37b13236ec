"""Preview: scores an account before its event is published, and writes nothing.

Only the published event makes workers remember and count the account, and alert on it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from msgspec.structs import replace as replaced

from agents.common.alerts import Pair, pairs_by_account, proposals
from agents.common.context import AgentContext
from agents.common.decoding import count
from agents.common.match import Lookup, lookup_of, match
from agents.common.related import related
from agents.common.snapshot import Snapshot, snapshot_of
from agents.common.yielder import Yielder
from schemas.accounts import AccountCreated
from schemas.alerts import AlertSummary, MirrorAlert
from schemas.malformed import Malformed
from schemas.related import RelatedAnswer
from schemas.wire import Decoded, decode_alert, decode_created
from store.base import Ruling

Foreseen = tuple[MirrorAlert, ...] | Malformed
"""The alerts that an event would raise, or the fault that kept our own logic from scoring it."""


class Preview:
    """Scores events against a store and writes nothing there: a read-only store is enough."""

    def __init__(self, context: AgentContext) -> None:
        self._context = context
        self._topic = context.topics.created

    @property
    def weights_version(self) -> str:
        """The version of the weights that it scores by now."""
        return self._context.weights.live.weights.version

    def read(self, raw: bytes) -> Decoded[AccountCreated] | Malformed:
        """The event of a new account as the topic `accounts.created` has it; counts what is odd about it."""
        found = decode_created(raw, now=self._context.now())
        if isinstance(found, Decoded):
            count(found, self._topic, self._context.metrics)
        return found

    async def alerts_of(self, found: Decoded[AccountCreated]) -> Foreseen:
        """The alerts that the event would raise if it were published now, the strongest first.

        An alert that stands already is among them, under its revision.

        Raises:
            Transient: the store is away, or was emptied and is not rebuilt yet.
        """
        (foreseen,) = await self.alerts_of_each([found])
        return foreseen

    async def alerts_of_each(self, several: Sequence[Decoded[AccountCreated]]) -> list[Foreseen]:
        """:meth:`alerts_of` of each event, as if it had been asked about alone; the store is asked once."""
        context, now = self._context, self._context.now()
        snapshot, yielder = await snapshot_of(context, now), Yielder(context.ticks)
        foreseen: list[Foreseen] = [()] * len(several)
        looked: list[Lookup] = []
        places: list[int] = []
        for place, found in enumerate(several):
            one = await self._lookup_of(found, snapshot)
            await yielder.pause()
            if isinstance(one, Malformed):
                foreseen[place] = one
            elif one is not None:
                looked.append(one)
                places.append(place)
        if not looked:
            return foreseen
        shown = await context.call_store(context.store.showings([one.account for one in looked], now=now))
        looked = [
            replace(one, account=replace(one.account, shown=showings))
            for one, showings in zip(looked, shown, strict=True)
        ]
        alerting: list[Pair] = []
        of: list[int] = []
        for place, pairs in zip(places, await match(looked, snapshot, context, "forward"), strict=True):
            mine = [pair for pair in pairs if not pair.again_only and pair.score.band != "none"]
            alerting += mine
            of += [place] * len(mine)
        if not alerting:
            return foreseen
        alerts, asked = proposals(alerting, pairs_by_account(alerting), context, now)
        ruled = await context.call_store(context.store.rulings(asked, now=now))
        said: dict[int, list[MirrorAlert]] = {}
        for place, alert, verdict in zip(of, alerts, ruled, strict=True):
            if verdict.ruling is Ruling.PUBLISH:
                said.setdefault(place, []).append(replaced(alert, revision=verdict.revision))
        for place, mirrors in said.items():
            foreseen[place] = tuple(mirrors)
        return foreseen

    async def alert(self, alert_id: str) -> MirrorAlert | AlertSummary | None:
        """Returns an alert that is open, or withdrawn for a reason after which a verdict may still come.

        Raises:
            Transient: as :meth:`alerts_of`.
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
            Transient: as :meth:`alerts_of`.
        """
        return await related(account, self._context)

    async def remembers(self, accounts: Sequence[str]) -> list[bool]:
        """Returns whether each account, by its key, is remembered: its event was published and read.

        Raises:
            Transient: as :meth:`alerts_of`.
        """
        context = self._context
        known = await context.call_store(context.store.remembered(accounts, now=context.now()))
        return [one is not None for one in known]

    async def _lookup_of(
        self, found: Decoded[AccountCreated], snapshot: Snapshot
    ) -> Lookup | Malformed | None:
        """Distils the account. A record on which our own logic fails costs only itself, as on the topic."""

        def distil() -> Lookup | None:
            return lookup_of(found, self._topic, snapshot, self._context)

        try:
            if hashes_a_picture(found):
                return await asyncio.to_thread(distil)  # hashing a picture takes 10 to 16 ms
            return distil()
        except Exception as fault:
            return Malformed("unprocessable", detail=type(fault).__name__)


def hashes_a_picture(found: Decoded[AccountCreated]) -> bool:
    """Whether distilling the account takes milliseconds, since its picture comes without a hash."""
    avatar = found.record.account.avatar
    return avatar is not None and avatar.image is not None and avatar.pdq is None
