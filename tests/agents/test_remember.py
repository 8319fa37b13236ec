"""Accounts that were there before are found by later bans, and by nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from schemas.wire import encode
from tests.agents.conftest import Life, MakeLife, dead
from tests.makers import NOON, a_ban, a_sign_up, an_old_account

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
