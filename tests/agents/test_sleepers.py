"""An account that slept for years and was then made into a mirror: found at its update, or in a list."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from schemas.alerts import MirrorAlert
from streams.outcomes import NOTHING
from tests.agents.conftest import Life, dead
from tests.makers import (
    NOON,
    a_ban,
    a_change,
    a_deletion,
    a_listed_account,
    a_sign_up,
    an_old_account,
    arrival,
)

DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"
BIO = "News of the valley every morning and evening, by Umar"
SIGNED_UP = NOON - timedelta(days=730)
MIRROR: dict[str, Any] = {"handle": "umar_media_2", "bio": BIO, "device_id": DEVICE}


async def a_sleeper(life: Life) -> None:
    """99 signed up two years ago as somebody else and was sold; 77 was banned since."""
    now, life.seconds = life.seconds, (SIGNED_UP + timedelta(hours=1)).timestamp()
    await life.tell(life.screen, a_sign_up("99", at=SIGNED_UP, handle="salma_kitchen", device_id="another"))
    life.seconds = now
    assert await life.context.store.remembered(["telegram:99"], now=now) == [None]
    await life.ban(a_ban("77", handle="umar_media", bio=BIO, device_id=DEVICE))
    assert life.alerts == []


def signals(alert: MirrorAlert) -> set[str]:
    return {line.signal for line in (*alert.evidence, *alert.counter_evidence)}


async def test_sleeper_renamed_after_two_years_is_alerted_at_its_update(life: Life) -> None:
    await a_sleeper(life)
    await life.tell(life.changed, a_change("99", created_at=SIGNED_UP, **MIRROR))
    (alert,) = life.alerts
    assert (alert.key, alert.matched.key, alert.direction) == ("telegram:99", "telegram:77", "update")
    assert alert.band == "likely"
    assert "timing" not in signals(alert), "it was not made at its change, and its age is no evidence"


async def test_sleeper_of_a_list_is_alerted_and_leaves_no_trace(life: Life) -> None:
    await a_sleeper(life)
    before = await life.context.store.figures()
    listed = [
        a_listed_account("99", **MIRROR),
        a_listed_account("5", handle="nobody_like_it"),
        *[a_listed_account(f"like-{n}", handle="salma_kitchen", bio=BIO[::-1]) for n in range(9)],
    ]
    await life.tell(life.scan, *listed)
    (alert,) = life.alerts
    assert (alert.key, alert.direction, alert.band) == ("telegram:99", "scan", "likely")
    assert "timing" not in signals(alert), "nobody says when it was made"
    await life.relay()
    assert life.waves == []
    after = await life.context.store.figures()
    assert replace(after, unjudged=0, oldest_unjudged_at=None) == before
    keys = [record.key for record in listed]
    assert await life.context.store.remembered(keys, now=life.seconds) == [None] * len(keys)


@pytest.mark.parametrize("first", ["scan", "update"])
async def test_account_alerted_before_is_not_alerted_by_a_scan(life: Life, first: str) -> None:
    await a_sleeper(life)
    if first == "scan":
        await life.tell(life.scan, a_listed_account("99", **MIRROR))
    else:
        await life.tell(life.changed, a_change("99", **MIRROR))
    assert len(life.alerts) == 1
    again = a_listed_account("99", at=NOON + timedelta(hours=1), **MIRROR)
    assert await life.tell(life.scan, again, again) == [NOTHING, NOTHING]
    assert len(life.alerts) == 1


async def test_record_whose_worker_died_before_it_was_published_is_alerted_by_its_repeat(life: Life) -> None:
    await a_sleeper(life)
    record = a_listed_account("99", **MIRROR)
    await life.scan([arrival(record)])
    await life.tell(life.scan, record)
    assert [life.number(alert) for alert in life.alerts] == [1]


async def test_scan_does_not_change_who_showed_a_value_first(life: Life) -> None:
    """A list that names a banned account's words for the first time makes nobody their owner."""
    await life.tell(life.screen, a_sign_up("99", handle="umar_media"))
    before = await life.context.store.remembered(["telegram:99"], now=life.seconds)
    await life.tell(life.scan, a_listed_account("99", handle="salma_kitchen"))
    assert await life.context.store.remembered(["telegram:99"], now=life.seconds) == before


async def test_unreadable_record_of_a_list_is_a_dead_letter_and_a_deleted_account_is_not_alerted(
    life: Life,
) -> None:
    await a_sleeper(life)
    await life.tell(life.forget, a_deletion("99", at=NOON + timedelta(minutes=30)))
    assert dead(await life.tell(life.scan, b"{", a_listed_account("99", **MIRROR))) == ["not-json"]
    assert life.alerts == []


async def test_account_from_before_the_introduction_is_not_taken_as_made_at_its_snapshot(life: Life) -> None:
    await life.tell(life.remember, an_old_account("99", at=NOON - timedelta(minutes=5), **MIRROR))
    await life.ban(a_ban("77", handle="umar_media", bio=BIO, device_id=DEVICE))
    (alert,) = life.alerts
    assert "timing" not in signals(alert)


async def test_young_account_of_a_list_is_compared_by_when_it_was_made(life: Life) -> None:
    await a_sleeper(life)
    await life.tell(life.scan, a_listed_account("99", created_at=NOON + timedelta(minutes=7), **MIRROR))
    told = {line.signal: line.because for line in life.alerts[0].evidence}
    assert told["timing"] == "The account was made 7 minutes after the ban."
