"""Bans enrolled and lifted."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from agents.common.converters import moment
from agents.common.tombstones import OCCURRED_AT_HEADER
from schemas.alerts import MirrorAlert
from schemas.wire import encode
from streams.outcomes import NOTHING, Published
from tests.agents.conftest import Life, MakeLife, dead
from tests.makers import NOON, a_ban, a_deletion, a_reinstatement, a_sign_up, an_old_account, arrival
from tests.schemas.makers import as_json

# What enrolling, remembering and forgetting leave in the store.


# Bans become fingerprints; tombstones and late bans are taken in their order.

DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"


async def test_a_reinstatement_that_overtakes_its_ban_still_wins(life: Life) -> None:
    await life.tell(life.expunge, a_reinstatement("77"))
    (outcome,) = await life.tell(life.enrol, a_ban("77", handle="umar_media", device_id=DEVICE))
    assert isinstance(outcome, Published)
    assert [emit.value for emit in outcome.emits] == [None], "a rebuild must not enrol it again either"
    await life.tell(life.screen, a_sign_up(handle="umar_media2", device_id=DEVICE))
    assert life.alerts == []


async def test_a_tombstone_forgets_and_a_broken_one_is_a_dead_letter(life: Life) -> None:
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    assert await life.tell(life.enrol, None, key=b"telegram:77") == [NOTHING]
    await life.tell(life.screen, a_sign_up(handle="umar_media2", device_id=DEVICE))
    assert life.alerts == []
    assert dead(await life.tell(life.enrol, None, key=b"nobody")) == ["bad-format"]


async def test_bans_and_tombstones_of_one_batch_are_taken_in_their_order(life: Life) -> None:
    ban = a_ban("77", handle="umar_media", device_id=DEVICE)
    batch = [
        arrival(ban),
        arrival(None, key=b"telegram:77"),
        arrival(b"{"),
        arrival(a_ban("78", handle="other_one")),
    ]
    outcomes = await life.enrol(batch)
    assert len(outcomes) == 4
    assert dead(outcomes) == ["not-json"]
    standing = await life.context.store.bans(["telegram:77", "telegram:78"])
    assert [ban is not None for ban in standing] == [False, True]


async def test_searchable_counts_from_kafkas_stamp_not_from_when_a_listed_ban_occurred(life: Life) -> None:
    told = arrival(a_ban("77", at=NOON - timedelta(days=400), handle="umar_media"))
    await life.enrol([replace(told, timestamp=life.seconds - 2.0)])
    seconds = life.context.metrics.searchable_seconds
    assert seconds._sum.get() == 2.0


async def test_a_ban_that_is_told_a_day_late_is_known_to_the_day(life: Life) -> None:
    told = {
        number: arrival(a_ban(number, at=NOON - late, banned_at=NOON - late, handle="umar_media"))
        for number, late in (("77", timedelta(days=1)), ("78", timedelta(hours=23)))
    }
    await life.enrol([replace(one, timestamp=NOON.timestamp()) for one in told.values()])
    standing = await life.context.store.bans(["telegram:77", "telegram:78"])
    assert [ban and ban.fingerprints[0].at_is_day for ban in standing] == [True, False]
    assert [ban and ban.facts.banned_at for ban in standing] == [
        (NOON - timedelta(days=1)).timestamp(),
        (NOON - timedelta(hours=23)).timestamp(),
    ]


# A deleted account is no longer remembered.

BEFORE = NOON - timedelta(hours=1)


async def test_a_deleted_account_is_not_looked_back_at(life: Life) -> None:
    await life.tell(life.screen, a_sign_up("99", handle="umar_media2", device_id=DEVICE, at=BEFORE))
    await life.tell(life.forget, a_deletion("99"))
    await life.ban(a_ban(handle="umar_media", device_id=DEVICE))
    assert life.alerts == []


# Accounts that were there before are found by later bans, and by nothing else.

PROFILE: dict[str, Any] = {"handle": "umar_media", "device_id": "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"}
MIRROR: dict[str, Any] = {**PROFILE, "handle": "umar_media2"}


async def test_nobody_is_alerted_of_an_account_that_was_there_before(life: Life) -> None:
    await life.ban(a_ban(**PROFILE))
    await life.tell(life.remember, an_old_account(**MIRROR))
    assert life.alerts == []


async def test_a_later_ban_finds_it(life: Life) -> None:
    await life.tell(life.remember, an_old_account("99", **MIRROR))
    await life.ban(a_ban(**PROFILE))
    assert [(alert.account_id, alert.direction) for alert in life.alerts] == [("99", "lookback")]


async def test_a_snapshot_that_is_read_late_does_not_undo_what_is_newer(life: Life) -> None:
    await life.tell(life.screen, a_sign_up("99", handle="somebody_else", at=NOON - timedelta(minutes=5)))
    await life.tell(life.remember, an_old_account("99", **MIRROR))
    await life.ban(a_ban(**PROFILE))
    assert life.alerts == []


async def test_when_it_was_made_is_not_said_by_when_it_was_told(life: Life) -> None:
    await life.tell(life.remember, an_old_account("99", at=NOON, **MIRROR))
    [told] = await life.context.store.remembered(["telegram:99"], now=life.seconds)
    assert told is not None
    assert told.shown.begun is None
    assert told.shown.first == NOON.timestamp()


async def test_who_is_on_the_allowlist_is_not_remembered(make_life: MakeLife) -> None:
    life = make_life(allowlist=frozenset({"telegram:99"}))
    await life.tell(life.remember, an_old_account("99", **MIRROR))
    assert await life.context.store.remembered(["telegram:99"], now=life.seconds) == [None]


async def test_what_cannot_be_read_is_a_dead_letter_and_the_rest_is_remembered(life: Life) -> None:
    outcomes = await life.tell(life.remember, b"{", encode(an_old_account("99", **MIRROR)), None)
    assert dead(outcomes) == ["not-json", "empty"]
    assert await life.context.store.remembered(["telegram:99"], now=life.seconds) != [None]


# A ban that is lifted leaves nothing to alert on, in whatever order the records come.


async def test_a_reinstated_account_raises_no_alert_and_withdraws_those_it_raised(life: Life) -> None:
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    await life.tell(life.screen, a_sign_up("99", handle="umar_media2", device_id=DEVICE))
    outcomes = await life.tell(life.expunge, a_reinstatement("77"))
    assert isinstance(outcomes[0], Published)
    (tombstone,) = outcomes[0].emits
    await life.relay()
    assert (tombstone.topic, tombstone.key, tombstone.value) == ("t.accounts.banned", b"telegram:77", None)
    told, withdrawn = life.alerts
    assert (withdrawn.alert_id, life.number(withdrawn), withdrawn.status) == (told.alert_id, 2, "withdrawn")
    assert (withdrawn.withdrawn_reason, withdrawn.withdrawn_at) == ("reinstated", moment(life.seconds))
    assert not quoted(withdrawn)
    assert quoted(told)
    await life.tell(life.screen, a_sign_up(handle="umar_media3", device_id=DEVICE))
    assert len(life.alerts) == 2


async def test_a_ban_after_the_reinstatement_stands(life: Life) -> None:
    again = a_ban("77", handle="umar_media", device_id=DEVICE, at=NOON + timedelta(minutes=90))
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE), again)
    assert await life.tell(life.expunge, a_reinstatement("77")) == [NOTHING]
    await life.tell(life.screen, a_sign_up(handle="umar_media2", device_id=DEVICE))
    assert len(life.alerts) == 1


async def test_an_alert_noted_by_a_worker_whose_clock_was_ahead_can_be_withdrawn(life: Life) -> None:
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    life.seconds += 3600
    await life.tell(life.screen, a_sign_up("99", handle="umar_media2", device_id=DEVICE))
    life.seconds -= 3600
    await life.tell(life.expunge, a_reinstatement("77"))
    life.seconds += 3600
    await life.relay()
    assert [alert.status for alert in life.alerts] == ["open", "withdrawn"]


async def test_a_withdrawal_is_told_once_however_often_the_reinstatement_comes(life: Life) -> None:
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    await life.tell(life.screen, a_sign_up("99", handle="umar_media2", device_id=DEVICE))
    for _ in range(2):
        await life.tell(life.expunge, a_reinstatement("77"))
        await life.relay()
    assert [(alert.status, life.number(alert)) for alert in life.alerts] == [("open", 1), ("withdrawn", 2)]


async def test_banned_again_before_anything_was_withdrawn_the_pair_is_told_again(life: Life) -> None:
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    await life.tell(life.screen, a_sign_up("99", handle="umar_media2", device_id=DEVICE))
    await life.tell(life.expunge, a_reinstatement("77"))
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE, at=NOON + timedelta(minutes=90)))
    await life.relay()
    assert [(alert.status, life.number(alert)) for alert in life.alerts] == [("open", 1), ("open", 3)]


async def test_a_ban_that_its_tombstone_took_out_leaves_no_alert_open(life: Life) -> None:
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    await life.tell(life.screen, a_sign_up("99", handle="umar_media2", device_id=DEVICE))
    when = {OCCURRED_AT_HEADER: repr(life.seconds).encode()}
    await life.tell(life.enrol, None, key=b"telegram:77", headers=when)
    await life.relay()
    withdrawn = life.alerts[-1]
    assert (life.number(withdrawn), withdrawn.withdrawn_reason) == (2, "ban-forgotten")
    assert not quoted(withdrawn)


async def test_a_ban_that_ended_leaves_no_alert_open_once_it_was_swept(life: Life) -> None:
    ends = NOON + timedelta(hours=3)
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE, expires_at=ends))
    await life.tell(life.screen, a_sign_up("99", handle="umar_media2", device_id=DEVICE))
    life.seconds += 3 * 3600
    await life.context.store.sweep(now=life.seconds)
    await life.relay()
    withdrawn = life.alerts[-1]
    assert (life.number(withdrawn), withdrawn.withdrawn_reason) == (1, "ban-expired"), "the time has gone on"
    assert not quoted(withdrawn)


async def test_withdrawals_are_counted_by_their_reason(life: Life) -> None:
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    await life.tell(life.screen, a_sign_up("99", handle="umar_media2", device_id=DEVICE))
    await life.tell(life.expunge, a_reinstatement("77"))
    await life.relay()
    assert (
        'samehand_alerts_withdrawn_total{reason="reinstated"} 1.0'
        in life.context.metrics.exposition().decode()
    )


def quoted(alert: MirrorAlert) -> bool:
    """Whether it shows a value of either account."""
    words = as_json(alert)
    return "umar" in str(words["evidence"]) or any(it["ours"] or it["theirs"] for it in words["evidence"])
