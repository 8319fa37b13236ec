"""Pairs become alerts: one a pair, the stronger of two, and only what the store admits."""

from __future__ import annotations

from agents.pairing import best_score
from samehand.frequency import NothingCounted
from schemas.alerts import MirrorAlert
from tests.agents.conftest import Life
from tests.makers import a_ban, a_sign_up

DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"


async def test_two_events_of_one_account_in_one_batch_are_one_alert(life: Life) -> None:
    await life.ban(a_ban(handle="umar_media", device_id=DEVICE))
    weaker = a_sign_up("99", handle="someone_else", device_id=DEVICE)
    stronger = a_sign_up("99", handle="umar_media_2", device_id=DEVICE)
    await life.tell(life.screen, weaker, stronger)
    (alert,) = life.alerts
    assert {line.signal for line in alert.evidence} >= {"handle", "device"}


async def test_digests_of_two_peppers_are_never_compared(life: Life) -> None:
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    (ban,) = await life.house.store.bans(["telegram:77"])
    assert ban is not None
    theirs = ban.fingerprints[0]
    assert best_score(ban.fingerprints, theirs, life.house, NothingCounted(1)) is not None
    assert best_score((), theirs, life.house, NothingCounted(1)) is None


async def test_an_alert_is_counted_once_it_is_confirmed(life: Life) -> None:
    await life.ban(a_ban(handle="umar_media", device_id=DEVICE))
    await life.tell(life.screen, a_sign_up(handle="umar_media_2", device_id=DEVICE))
    (alert,) = life.alerts
    assert isinstance(alert, MirrorAlert)
    text = life.house.meters.exposition().decode()
    assert 'samehand_alerts_total{band="likely",direction="forward",queue="extremism"} 1.0' in text
