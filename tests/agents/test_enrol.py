"""Bans become fingerprints; tombstones and late bans are taken in their order."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from streams.outcomes import NOTHING, Published
from tests.agents.conftest import Life, dead
from tests.makers import NOON, a_ban, a_reinstatement, a_sign_up, arrival

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
    seconds = life.context.meters.searchable_seconds
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
