"""Accounts of several devices: each of them finds, none is told, and a list alerts as one value does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs

from samehand.alert_id import alert_id
from schemas.accounts import AccountBanned, AccountSession, DatedValue
from schemas.keys import KINDS
from schemas.wire import encode
from tests.agents.conftest import Life
from tests.makers import NOON, a_ban, a_change, a_sign_up, a_verdict

OLD, NEW = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b", "0b7d5a34-9c11-4c0e-8a57-2f4e6b1c3d99"
SOON = NOON + timedelta(minutes=10)
BEFORE = NOON - timedelta(minutes=5)
LAST_YEAR = NOON - timedelta(days=300)


def used(ban: AccountBanned, *sessions: AccountSession) -> AccountBanned:
    """The ban of an account that was used from there."""
    return structs.replace(ban, sessions=sessions)


BANS = {
    "its latest": a_ban(handle="umar_media", device_id=OLD),
    "listed": a_ban(handle="umar_media", device_id=NEW, device_ids=(OLD,)),
    "listed with a date": a_ban(
        handle="umar_media", device_id=NEW, device_ids=(DatedValue(value=OLD, last_seen_at=LAST_YEAR),)
    ),
    "in its history": used(
        a_ban(handle="umar_media", device_id=NEW),
        *(AccountSession(device_id=f"phone-{it:04}", seen_at=NOON - timedelta(days=500)) for it in range(30)),
        AccountSession(device_id=OLD, ip="203.0.113.9", seen_at=LAST_YEAR),
    ),
    "in its history beside junk": used(
        a_ban(handle="umar_media", device_id=NEW),
        *(AccountSession(device_id=f"imei:short{it}", seen_at=NOON) for it in range(20)),
        *(AccountSession(device_id=NEW + " " * it, seen_at=NOON) for it in range(20)),
        AccountSession(device_id=OLD, seen_at=LAST_YEAR),
    ),
}


@pytest.mark.parametrize("ban", BANS.values(), ids=BANS)
async def test_return_from_any_device_is_found_and_no_device_is_told(life: Life, ban: AccountBanned) -> None:
    await life.ban(ban)
    await life.tell(life.screen, a_sign_up("99", handle="salma_kitchen", device_id=OLD, at=SOON))
    [alert] = life.alerts
    assert ("device", "same") in {(line.signal, line.level) for line in alert.evidence}
    assert not any(device.encode() in encode(alert) for device in (OLD, NEW, "203.0.113.9"))


async def test_remembered_account_is_found_by_each_of_its_devices(life: Life) -> None:
    await life.tell(life.screen, a_sign_up("99", handle="salma_kitchen", device_ids=(NEW, OLD)))
    await life.ban(a_ban(handle="umar_media", device_id=OLD, at=SOON))
    assert [alert.account_id for alert in life.alerts] == ["99"]


async def test_channel_that_a_mirror_made_is_found_once_the_mirror_is_banned(life: Life) -> None:
    await life.ban(a_ban("1", handle="umar_media", device_id=OLD))
    await life.tell(life.screen, a_sign_up("99", handle="salma_kitchen", device_id=OLD, at=SOON))
    later = SOON + timedelta(minutes=5)
    await life.tell(
        life.screen, a_sign_up("7", kind="channel", display_name="Tea", created_by="99", at=later)
    )
    assert {alert.account_id for alert in life.alerts} == {"99"}
    await life.ban(a_ban("99", handle="salma_kitchen", device_id=OLD, at=later + timedelta(minutes=5)))
    found = {
        (alert.account_id, alert.matched.account_id) for alert in life.alerts if alert.account_id != "99"
    }
    assert found == {("channel:7", "99")}


async def test_alerts_are_counted_by_what_the_new_one_is(life: Life) -> None:
    await life.ban(a_ban("1", handle="umar_media", device_id=OLD))
    await life.tell(
        life.screen,
        a_sign_up("99", handle="salma_kitchen", device_id=OLD, at=SOON),
        a_sign_up("7", kind="channel", display_name="Tea", created_by="1", at=SOON),
    )
    value = life.context.metrics.registry.get_sample_value
    counts = {kind: value("samehand_alerts_by_kind_total", {"kind": kind}) for kind in KINDS}
    assert counts == {"account": 1, "channel": 1, "group": 0, "page": 0, "bot": 0}


async def test_change_adds_a_device_and_takes_none(life: Life) -> None:
    first = a_sign_up("99", handle="salma_kitchen", device_id=OLD, at=BEFORE)
    again = a_change("99", handle="salma_kitchen", device_id=NEW, at=NOON + timedelta(minutes=5))
    await life.tell(life.screen, first)
    await life.tell(life.changed, again, again)  # delivered again
    (kept,) = await life.context.store.remembered(["telegram:99"], now=life.seconds)
    assert kept is not None
    devices: Any = kept.fingerprints[0].trait("device")
    assert len(devices) == 2
    await life.ban(a_ban(handle="umar_media", device_id=OLD, at=SOON))
    assert [alert.account_id for alert in life.alerts] == ["99"]


async def test_ban_has_the_device_of_the_sign_up_as_well(life: Life) -> None:
    await life.tell(life.screen, a_sign_up("77", handle="umar_media", device_id=OLD, at=BEFORE))
    await life.ban(a_ban("77", handle="umar_media", device_id=NEW, at=NOON + timedelta(minutes=5)))
    await life.tell(life.screen, a_sign_up("99", handle="salma_kitchen", device_id=OLD, at=SOON))
    assert [alert.account_id for alert in life.alerts] == ["99"]


HANDLES = ("umar_media", "gul_waziri", "karim_tyres", "zarqa_desk", "hamid_kites", "jamila_maths")
DEVICES = tuple(f"device-of-{handle}" for handle in HANDLES)


async def test_list_shared_with_many_bans_alerts_as_one_value_does(life: Life) -> None:
    for handle, device in zip(HANDLES, DEVICES, strict=True):
        await life.ban(a_ban(handle, handle=handle, device_id=device))
    await life.tell(life.screen, a_sign_up("99", handle="nobody_here", device_ids=DEVICES, at=SOON))
    [alert] = life.alerts
    assert len(alert.others) == len(HANDLES) - 1


async def test_list_of_a_ban_alerts_on_those_who_share_it_as_one_value_does(life: Life) -> None:
    for handle, device in zip(HANDLES, DEVICES, strict=True):
        await life.tell(life.screen, a_sign_up(handle, handle=handle, device_id=device))
    await life.ban(a_ban(handle="nobody_here", device_ids=DEVICES, at=SOON))
    several = len(life.alerts)
    life.heard.clear()
    for handle in HANDLES:
        await life.tell(life.screen, a_sign_up(f"x{handle}", handle=handle, device_id=OLD))
    await life.ban(a_ban("78", handle="nobody_there", device_id=OLD, at=SOON))
    assert 1 <= several <= len(life.alerts)


async def test_dismissal_of_one_device_covers_no_other(life: Life) -> None:
    await life.ban(a_ban("77", handle="umar_media", device_id=OLD), a_ban("78", handle="gul_waziri"))
    await life.tell(life.screen, a_sign_up("99", handle="salma_kitchen", device_ids=(OLD, NEW), at=SOON))
    [alert] = life.alerts
    await life.tell(life.judge, a_verdict(alert.alert_id, "not_mirror"))
    life.heard.clear()
    await life.ban(a_ban("79", handle="karim_tyres", device_id=OLD, at=SOON))
    assert life.alerts == [], "the device that the reader was shown"
    await life.ban(a_ban("80", handle="zarqa_desk", device_id=NEW, at=SOON))
    assert [it.alert_id for it in life.alerts] == [alert_id("telegram:99", "telegram:80")]
