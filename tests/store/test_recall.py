"""What a store knows of alerts for how long, and what it takes back after it was lost."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from schemas.alerts import WithdrawnReason
from schemas.revisions import by_time
from store.base import ConfirmedEntry, OpenAlert, Owed, Ruled, Ruling, Store
from tests.store.makers import DAY, NOW, a_ban, a_claim, a_decision, a_proposal, nth, open_on

PUBLISH, DUPLICATE = Ruling.PUBLISH, Ruling.DUPLICATE
PAIR = a_proposal()
YEARS = 400 * DAY
KNOWN: tuple[WithdrawnReason, ...] = ("verdict", "account-banned", "no-longer-resembles")


def an_open(revision: int = nth(1), *, band: str = "possible") -> OpenAlert:
    """The pair's alert as the topic of states has it."""
    return OpenAlert(PAIR.alert_id, PAIR.account, PAIR.banned, band, revision, PAIR.payload, PAIR.seen_at)


def a_withdrawn(reason: WithdrawnReason, revision: int = nth(2)) -> OpenAlert:
    return replace(an_open(revision), open=False, withdrawn=reason)


async def published(store: Store, *, expires_at: float | None = None) -> OpenAlert:
    """The pair is told on a ban."""
    await store.enrol([a_ban("9001", expires_at=expires_at)], now=NOW)
    (ruled,) = await store.propose([PAIR], now=NOW)
    await store.confirm([a_claim(PAIR, ruled.revision)], now=NOW)
    (alert,) = await store.pairs([PAIR.alert_id])
    assert alert is not None
    return alert


async def settled(store: Store, *, now: float) -> list[Owed]:
    """Publishes all that is owed, as the relay does."""
    owed = await store.owed("holder", now=now)
    await store.settle(
        [
            ConfirmedEntry(
                it.alert.alert_id,
                it.alert.banned,
                it.revision,
                replace(it.alert, open=False, withdrawn=it.reason) if it.reason in KNOWN else None,
                it.alert.account,
            )
            for it in owed
        ]
    )
    return owed


async def test_revision_of_a_pair_nobody_knows_is_the_time(store: Store) -> None:
    await store.enrol([a_ban("9001")], now=NOW)
    assert await store.propose([PAIR], now=NOW + 40 * DAY) == [Ruled(PUBLISH, by_time(NOW + 40 * DAY))]
    assert await store.rulings([a_proposal("x:7002")], now=NOW + 2) == [Ruled(PUBLISH, by_time(NOW + 2))]


@pytest.mark.parametrize("clock", [NOW, NOW - YEARS, 0.0], ids=["same second", "set back", "1970"])
async def test_revision_rises_whatever_the_clock_says(store: Store, clock: float) -> None:
    alert = await published(store)
    await store.withdraw([alert], reason="verdict", now=clock)
    (owed,) = await store.owed("holder", now=NOW)
    assert owed.revision == alert.revision + 1
    assert await store.propose([PAIR], now=clock) == [Ruled(PUBLISH, alert.revision + 2)]


async def test_revision_by_a_wild_clock_leaves_room_for_the_next_ones(store: Store) -> None:
    await store.enrol([a_ban("9001")], now=NOW)
    (ruled,) = await store.propose([PAIR], now=1e12)
    alerts = await store.pairs([PAIR.alert_id])
    await store.withdraw([it for it in alerts if it], reason="verdict", now=1e12)
    (owed,) = await store.owed("holder", now=NOW)
    assert ruled.revision < owed.revision < 2**31 - 1


async def test_redelivery_of_the_claimant_keeps_the_revision(store: Store) -> None:
    await store.enrol([a_ban("9001")], now=NOW)
    for seconds in (0, 30, 40 * DAY):
        assert await store.propose([PAIR], now=NOW + seconds) == [Ruled(PUBLISH, nth(1))]


async def test_open_alert_is_known_for_as_long_as_its_ban(store: Store) -> None:
    alert = await published(store)
    for _ in range(3):
        await settled(store, now=NOW + YEARS)
    other = a_proposal(claimant="update:years-later")
    assert await store.propose([other], now=NOW + YEARS) == [Ruled(DUPLICATE, 0)]
    assert await store.alerts_about([PAIR.account]) == [[alert]]
    await store.expunge([("x:9001", NOW)], now=NOW + YEARS)
    (owed,) = await store.owed("holder", now=NOW + YEARS)
    assert (owed.reason, owed.revision) == ("reinstated", by_time(NOW + YEARS))


@pytest.mark.parametrize("published_first", [True, False], ids=["published", "still owed"])
@pytest.mark.parametrize("then", ["reinstated", "ban-expired", "account-deleted"])
@pytest.mark.parametrize("reason", KNOWN)
async def test_withdrawn_alert_is_withdrawn_once_more_when_it_is_to_be_forgotten(
    store: Store, reason: WithdrawnReason, then: WithdrawnReason, published_first: bool
) -> None:
    alert = await published(store, expires_at=NOW + YEARS if then == "ban-expired" else None)
    await store.withdraw([alert], reason=reason, now=NOW)
    if published_first:
        assert [owed.reason for owed in await settled(store, now=NOW)] == [reason]
        assert await settled(store, now=NOW + YEARS - DAY) == []
    ((known,),) = await store.alerts_on(["x:9001"])
    assert (known.open, known.withdrawn) == (False, reason)
    later = NOW + YEARS + DAY
    for _ in range(2):
        if then == "account-deleted":
            await store.withdraw([known], reason=then, now=later)
        elif then == "ban-expired":
            await store.sweep(now=later)
        else:
            await store.expunge([("x:9001", NOW)], now=later, reason=then)
    (owed,) = await settled(store, now=later)
    assert (owed.reason, owed.revision) == (then, by_time(later))
    assert owed.alert.withdrawn == (reason if published_first else None)
    assert await store.pairs([alert.alert_id]) == [None]
    assert await settled(store, now=later) == []


async def test_pair_proposed_anew_owes_no_forgetting(store: Store) -> None:
    alert = await published(store)
    await store.withdraw([alert], reason="no-longer-resembles", now=NOW)
    await settled(store, now=NOW)
    assert (await store.propose([PAIR], now=NOW))[0].ruling is PUBLISH
    assert await settled(store, now=NOW + YEARS) == []


class TestRecall:
    """The store is empty but for its bans."""

    async def test_open_alert_is_not_told_again_and_ends_with_its_ban(self, store: Store) -> None:
        await store.enrol([a_ban("9001")], now=NOW)
        assert await store.recall([an_open()], now=NOW + DAY) == [True]
        assert await store.propose([PAIR], now=NOW + DAY) == [Ruled(DUPLICATE, 0)]
        assert await store.alerts_about([PAIR.account]) == [[an_open()]]
        assert await store.pairs([PAIR.alert_id]) == [an_open()]
        await store.expunge([("x:9001", NOW)], now=NOW + DAY)
        (owed,) = await store.owed("holder", now=NOW + DAY)
        assert (owed.reason, owed.revision) == ("reinstated", by_time(NOW + DAY))

    async def test_band_that_rises_is_told_as_a_higher_revision(self, store: Store) -> None:
        await store.enrol([a_ban("9001")], now=NOW)
        await store.recall([an_open()], now=NOW)
        assert await store.propose([a_proposal(band="likely")], now=NOW) == [Ruled(PUBLISH, nth(2))]

    async def test_open_alert_on_a_ban_that_is_gone_is_withdrawn(self, store: Store) -> None:
        assert await store.recall([an_open()], now=NOW + DAY) == [True]
        (owed,) = await settled(store, now=NOW + DAY)
        assert (owed.reason, owed.revision) == ("ban-forgotten", by_time(NOW + DAY))
        assert await store.alerts_about([PAIR.account]) == [[]]

    async def test_open_alert_on_an_account_that_is_banned_is_withdrawn(self, store: Store) -> None:
        await store.enrol([a_ban("9001"), a_ban("7001")], now=NOW)
        await store.recall([an_open()], now=NOW)
        assert [it.reason for it in await store.owed("holder", now=NOW)] == ["account-banned"]

    async def test_dismissed_pair_stays_silent_and_can_be_opened_again(self, store: Store) -> None:
        await store.enrol([a_ban("9001")], now=NOW)
        await store.decide([a_decision(PAIR.alert_id)], now=NOW)
        gone = a_withdrawn("verdict")
        assert await store.recall([gone], now=NOW + DAY) == [True]
        assert await store.propose([PAIR], now=NOW + DAY) == [Ruled(Ruling.SUPPRESSED, 0)]
        assert await store.pairs([PAIR.alert_id]) == [gone]
        await store.decide([a_decision(PAIR.alert_id, "unsure", at=NOW + 1)], now=NOW + DAY)
        await store.reopen([gone], now=NOW + DAY)
        (owed,) = await store.owed("holder", now=NOW + DAY)
        assert (owed.reason, owed.revision) == (None, by_time(NOW + DAY))

    @pytest.mark.parametrize("reason", KNOWN)
    @pytest.mark.parametrize("gone", ["ban", "account"])
    async def test_withdrawn_alert_of_which_something_is_gone_is_withdrawn_once_more(
        self, store: Store, reason: WithdrawnReason, gone: str
    ) -> None:
        if gone == "account":
            await store.enrol([a_ban("9001")], now=NOW)
            await store.forget([(PAIR.account, NOW)], now=NOW)
        await store.recall([a_withdrawn(reason)], now=NOW + DAY)
        why = "ban-forgotten" if gone == "ban" else "account-deleted"
        assert [it.reason for it in await settled(store, now=NOW + DAY)] == [why]
        assert await settled(store, now=NOW + DAY) == []

    @pytest.mark.parametrize("make", [an_open, lambda revision: a_withdrawn("verdict", revision)])
    async def test_store_that_knows_as_much_is_left_alone(
        self, store: Store, make: Callable[[int], OpenAlert]
    ) -> None:
        alert = await published(store)
        assert await store.recall([make(alert.revision)], now=NOW) == [False]
        assert await store.pairs([PAIR.alert_id]) == [alert]
        await store.expunge([("x:9001", NOW)], now=NOW)
        await settled(store, now=NOW)
        await store.enrol([a_ban("9001", occurred_at=NOW + 1)], now=NOW + 1)
        assert await store.recall([make(alert.revision)], now=NOW) == [False]
        assert await open_on(store, "x:9001") == [[]]

    async def test_older_dump_takes_what_happened_since(self, store: Store) -> None:
        """It has the alert open; it was withdrawn since, opened again, and withdrawn once more."""
        await published(store)
        for later in (a_withdrawn("verdict", nth(2)), an_open(nth(3)), a_withdrawn("verdict", nth(4))):
            assert await store.recall([later], now=NOW) == [True]
            assert await store.pairs([PAIR.alert_id]) == [later]
        assert await settled(store, now=NOW) == []

    async def test_claimant_that_was_not_confirmed_publishes_again(self, store: Store) -> None:
        """The worker died between its state and its confirmation: the store noted the pair itself."""
        await store.enrol([a_ban("9001")], now=NOW)
        await store.propose([PAIR], now=NOW)
        await store.recall([an_open()], now=NOW)
        assert await store.propose([PAIR], now=NOW) == [Ruled(PUBLISH, nth(1))]

    async def test_summary_stands_until_its_ban_ends(self, store: Store) -> None:
        await store.enrol([a_ban("9001")], now=NOW)
        summary = OpenAlert("summary of x:9001", "x:9001", "x:9001", "none", nth(1), b"summary", 0.0)
        assert await store.recall([summary], now=NOW) == [True]
        assert await store.recall([summary], now=NOW) == [False]
        assert await store.owed("holder", now=NOW) == []
        assert await open_on(store, "x:9001") == [[summary]]
        assert await store.alerts_about(["x:9001"]) == [[]], "it is no alert on the banned account"
        await store.expunge([("x:9001", NOW)], now=NOW + 1)
        (owed,) = await store.owed("holder", now=NOW + 1)
        assert (owed.alert.alert_id, owed.reason) == (summary.alert_id, "reinstated")

    async def test_many_at_once(self, store: Store) -> None:
        await store.enrol([a_ban("9001")], now=NOW)
        several: Sequence[OpenAlert] = [
            replace(an_open(), alert_id=f"{n:032x}", account=f"x:{n}") for n in range(300)
        ]
        assert all(await store.recall(several, now=NOW))
        ((*found,),) = await open_on(store, "x:9001")
        assert found == sorted(several, key=lambda it: it.alert_id)
