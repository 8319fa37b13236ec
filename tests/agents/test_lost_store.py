"""A store that was lost: what was told before is withdrawn, silenced and numbered as if it had not been.

Each way of losing it, before each thing that may happen to an alert, and after it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from copy import deepcopy
from dataclasses import replace
from datetime import datetime, timedelta
from math import inf

import pytest
from msgspec import structs

from agents.common.alert_states import recall
from schemas.alerts import AlertSummary, MirrorAlert
from schemas.verdicts import Verdict, VerdictGiven
from schemas.wire import Decoded, decode_alert_state
from store.base import Store
from store.bounds import Bounds
from store.memory.store import MemoryStore
from streams.outcomes import Arrival, Published
from tests.agents.conftest import Life
from tests.makers import NOON, a_ban, a_change, a_deletion, a_reinstatement, a_sign_up, a_verdict, arrival
from tests.schemas.makers import as_json

DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"
DAY = 86_400.0


def dumped(store: Store) -> Store:
    """A copy of what the store holds now."""
    assert isinstance(store, MemoryStore)
    return deepcopy(store, {id(store._addresses): store._addresses})  # which no copy can be made of


class Platform:
    """The topics that are kept, and a store that may be lost under them."""

    def __init__(self, life: Life) -> None:
        self.life = life
        self.bans: list[Arrival] = []  # the last record of each account
        self.verdicts: list[VerdictGiven] = []
        self.dump = dumped(life.context.store)

    def moment(self) -> datetime:
        """Each later than the one before."""
        self.life.seconds += 60
        return NOON + timedelta(seconds=self.life.seconds - NOON.timestamp())

    async def banned(self) -> None:
        ban = a_ban("77", handle="umar_media", device_id=DEVICE, at=self.moment())
        self.bans = [arrival(ban)]
        await self.life.ban(ban)

    async def alerted(self) -> MirrorAlert:
        """An open alert."""
        await self.banned()
        self.dump = dumped(self.life.context.store)
        created = a_sign_up("99", handle="umar_media2", device_id=DEVICE, at=self.moment())
        await self.life.tell(self.life.screen, created)
        return self.life.alerts[-1]

    async def lifted(self, *, relayed: bool = True) -> None:
        """With its tombstone."""
        (outcome,) = await self.life.tell(self.life.expunge, a_reinstatement("77", at=self.moment()))
        assert isinstance(outcome, Published)
        (emit,) = outcome.emits
        self.bans = [arrival(None, key=emit.key, headers=dict(emit.headers))]
        if relayed:
            await self.life.relay()

    async def dismissed(self, verdict: Verdict = "not_mirror") -> None:
        given = a_verdict(self.life.alerts[0].alert_id, verdict)
        self.verdicts.append(structs.replace(given, decided_at=self.moment()))
        await self.life.tell(self.life.judge, self.verdicts[-1])
        await self.life.relay()

    async def deleted(self) -> None:
        await self.life.tell(self.life.forget, a_deletion("99", at=self.moment()))
        await self.life.relay()

    async def banned_again(self) -> None:
        """Lifted, banned again, and the account changes while it is as alike as before."""
        await self.lifted()
        await self.banned()
        await self.seen()

    async def seen(self) -> None:
        """An event after which the account is as alike as before."""
        change = a_change("99", handle="umar_media2", device_id=DEVICE, at=self.moment())
        await self.life.tell(self.life.changed, change)
        await self.life.relay()

    async def quiet(self) -> None:
        """36 days, in which the relay goes on and nothing else happens."""
        self.life.seconds += 36 * DAY
        await self.life.relay()

    async def flushed(self) -> None:
        """Nothing is left of it, as when its layout was upgraded; `samehand rebuild` fills it."""
        await self._rebuilt(MemoryStore(Bounds()))

    async def restored(self) -> None:
        """A dump of before the first alert, and `samehand rebuild`."""
        await self._rebuilt(self.dump)

    async def kept(self) -> None:
        """The control: nothing is lost."""

    async def _rebuilt(self, store: Store) -> None:
        past, life = self.life, self.life
        life = Life(
            replace(past.context, store=store, now=lambda: life.seconds),
            past.seconds + 3_600,
            past.heard,
            states=past.states,
        )
        self.life = life
        await life.enrol(self.bans)
        read = [decode_alert_state(value, now=inf) for value in life.states.values()]
        states = [it.record for it in read if isinstance(it, Decoded)]
        assert len(states) == len(read)
        for given in self.verdicts:
            await life.judge.hold([arrival(given)])
        await recall(states, life.context)
        for given in self.verdicts:
            await life.judge([arrival(given)])
        await life.relay()

    @property
    def taken(self) -> list[MirrorAlert]:
        """What consumers take, who drop whatever is not above the revision that they know."""
        found: list[MirrorAlert] = []
        for alert in self.life.alerts:
            if not found or alert.revision > found[-1].revision:
                found.append(alert)
        return found

    @property
    def summaries(self) -> list[AlertSummary]:
        """As they were published."""
        return [it for it in self.life.heard if isinstance(it, AlertSummary)]

    @property
    def ends(self) -> tuple[str, str | None, int]:
        """How the alert stands to consumers, and how many records they took of it."""
        taken = self.taken
        return taken[-1].status, taken[-1].withdrawn_reason, len(taken)

    @property
    def quotes(self) -> bool:
        lines = as_json(self.taken[-1])["evidence"]
        return any(it["ours"] or it["theirs"] for it in lines)


Step = Callable[[Platform], Awaitable[None]]

LOSSES = [Platform.kept, Platform.flushed, Platform.restored, Platform.quiet]


@pytest.fixture(params=LOSSES, ids=lambda it: it.__name__)
def lost(request: pytest.FixtureRequest) -> Step:
    """How the store is lost."""
    found: Step = request.param
    return found


@pytest.fixture
def platform(life: Life) -> Platform:
    return Platform(life)


async def unsure(platform: Platform) -> None:
    await platform.dismissed("unsure")


async def long_ago(platform: Platform) -> None:
    """Dismissed longer ago than verdicts are kept."""
    await platform.dismissed()
    platform.verdicts.clear()


LIFTED, DISMISSED, DELETED, SEEN = Platform.lifted, Platform.dismissed, Platform.deleted, Platform.seen
OPEN = ("open", None, 3)


@pytest.mark.parametrize(
    ("before", "after", "ends"),
    [
        ([], [LIFTED], ("withdrawn", "reinstated", 2)),
        ([LIFTED], [SEEN], ("withdrawn", "reinstated", 2)),
        ([], [SEEN], ("open", None, 1)),
        ([DISMISSED], [SEEN], ("withdrawn", "verdict", 2)),
        ([long_ago], [SEEN], ("withdrawn", "verdict", 2)),
        ([], [DISMISSED, SEEN], ("withdrawn", "verdict", 2)),
        ([DISMISSED], [unsure], OPEN),
        ([DISMISSED, unsure], [SEEN], OPEN),
        ([DISMISSED, unsure], [SEEN, LIFTED], ("withdrawn", "reinstated", 4)),
        ([], [DELETED], ("withdrawn", "account-deleted", 2)),
        ([DELETED], [], ("withdrawn", "account-deleted", 2)),
        ([DISMISSED], [DELETED], ("withdrawn", "account-deleted", 3)),
        ([], [Platform.banned_again], OPEN),
        ([Platform.banned_again], [SEEN], OPEN),
        ([LIFTED], [Platform.banned, SEEN], OPEN),
    ],
    ids=lambda value: "-".join(it if isinstance(it, str) else it.__name__ for it in value if callable(it)),
)
async def test_an_alert_ends_as_if_the_store_had_not_been_lost(
    platform: Platform, lost: Step, before: list[Step], after: list[Step], ends: tuple[str, str | None, int]
) -> None:
    await platform.alerted()
    for step in (*before, lost, *after):
        await step(platform)
    assert platform.ends == ends
    assert len(platform.life.alerts) == ends[2], "nothing is told twice"
    if LIFTED in after[-1:] or DELETED in (*before, *after):
        assert platform.life.states == {}
    if ends[1] in ("reinstated", "account-deleted"):
        assert not platform.quotes


async def test_ban_that_ends_after_it_withdraws(platform: Platform, lost: Step) -> None:
    await platform.alerted()
    ends = NOON + timedelta(days=60)
    ban = a_ban("77", handle="umar_media", device_id=DEVICE, at=platform.moment(), expires_at=ends)
    await platform.life.ban(ban)
    platform.bans = [arrival(ban)]
    await lost(platform)
    platform.life.seconds += 60 * DAY
    await platform.life.context.store.sweep(now=platform.life.seconds)
    await platform.life.relay()
    assert platform.ends == ("withdrawn", "ban-expired", 2)


async def test_withdrawal_that_was_lost_with_the_store_is_made_good(platform: Platform) -> None:
    """The ban was lifted, and the store was lost before the relay came round."""
    await platform.alerted()
    await platform.lifted(relayed=False)
    await platform.flushed()
    assert platform.ends == ("withdrawn", "ban-forgotten", 2)
    assert not platform.quotes


async def test_account_banned_itself_while_the_store_was_lost_is_withdrawn(platform: Platform) -> None:
    await platform.alerted()
    own = a_ban("99", handle="umar_media2", device_id=DEVICE, at=platform.moment())
    platform.bans.append(arrival(own))
    await platform.flushed()
    assert platform.ends == ("withdrawn", "account-banned", 2)


async def test_state_quotes_nobody_and_follows_its_alert(platform: Platform) -> None:
    alert = await platform.alerted()
    (state,) = platform.life.states.values()
    assert b"umar_media" not in state
    read = decode_alert_state(state, now=inf)
    assert isinstance(read, Decoded)
    assert read.record.alert is not None
    assert (read.record.key, read.record.alert.revision) == (alert.alert_id, alert.revision)


async def test_closed_alert_is_forgotten_by_its_readers_whenever_its_ban_is_lifted(
    platform: Platform, lost: Step
) -> None:
    await platform.alerted()
    change = a_change("99", handle="salma_kitchen", at=platform.moment())
    await platform.life.tell(platform.life.changed, change)
    await platform.life.relay()
    await lost(platform)
    await platform.lifted()
    assert platform.ends == ("withdrawn", "reinstated", 3)
    assert not platform.quotes
    assert platform.life.states == {}


async def test_summary_stands_after_it_until_its_ban_is_lifted(life: Life, lost: Step) -> None:
    """Accounts of one cluster that a cap withholds; with the store their accounts are lost."""
    alert_policy = replace(life.context.alert_policy, alerts_a_cluster=2)
    capped = Life(replace(life.context, alert_policy=alert_policy, now=lambda: capped.seconds))
    platform = Platform(capped)
    several = [
        a_sign_up(str(n), handle="umar_media", device_id=DEVICE, at=platform.moment()) for n in range(4)
    ]
    await platform.life.tell(platform.life.screen, *several)
    await platform.banned()
    await platform.life.relay()
    before = platform.summaries
    assert [(it.status, it.withheld) for it in before[-1:]] == [("open", 2)]
    platform.dump = dumped(platform.life.context.store)
    await lost(platform)
    assert platform.summaries == before
    await platform.lifted()
    assert [it.withdrawn_reason for it in platform.summaries[len(before) :]] == ["reinstated"]


async def test_withheld_account_is_looked_at_again_with_its_next_event_after_the_store_was_lost(
    life: Life,
) -> None:
    """Which accounts were withheld is lost with the accounts: only their events bring them back."""
    alert_policy = replace(life.context.alert_policy, alerts_a_cluster=2)
    capped = Life(replace(life.context, alert_policy=alert_policy, now=lambda: capped.seconds))
    platform = Platform(capped)
    several = [
        a_sign_up(str(n), handle="umar_media", device_id=DEVICE, at=platform.moment()) for n in range(4)
    ]
    await platform.life.tell(platform.life.screen, *several)
    await platform.banned()
    await platform.life.relay()
    alerted = {it.account_id for it in platform.life.alerts}
    banned = platform.life.alerts[0].matched.key
    assert await platform.life.context.store.withheld([banned]) == [True]
    await platform.flushed()
    assert await platform.life.context.store.withheld([banned]) == [False]
    (withheld, *_) = [it.account.account_id for it in several if it.account.account_id not in alerted]
    change = a_change(withheld, handle="umar_media", device_id=DEVICE, at=platform.moment())
    await platform.life.tell(platform.life.changed, change)
    await platform.life.relay()
    assert withheld in {it.account_id for it in platform.life.alerts}
