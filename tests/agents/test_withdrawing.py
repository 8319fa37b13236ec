"""Whatever ends an alert takes it back and says why: an own ban, deletions, changes, verdicts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from agents.common.tombstones import OCCURRED_AT_HEADER
from schemas.alerts import MirrorAlert
from schemas.verdicts import Verdict
from tests.agents.conftest import Life
from tests.makers import NOON, a_ban, a_change, a_deletion, a_reinstatement, a_sign_up, a_verdict
from tests.schemas.makers import as_json

DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"
LATER = NOON + timedelta(minutes=50)


async def alerted(life: Life) -> MirrorAlert:
    """An open alert: 99 resembles 77, which is banned."""
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    await life.tell(life.screen, a_sign_up("99", handle="umar_media2", device_id=DEVICE))
    (alert,) = life.alerts
    return alert


async def last(life: Life) -> tuple[str, int, str | None, bool]:
    """The last word: status, revision, why, and whether it still quotes anybody."""
    await life.relay()
    alert = life.alerts[-1]
    lines = as_json(alert)["evidence"]
    return (
        alert.status,
        life.number(alert),
        alert.withdrawn_reason,
        any(it["ours"] or it["theirs"] for it in lines),
    )


async def ended(life: Life, how: str, alert: MirrorAlert) -> None:
    """The first end of an alert, after which the desk still quotes what a decision rested on."""
    if how == "account-banned":
        await life.ban(a_ban("99", handle="umar_media2", device_id=DEVICE, at=LATER))
    elif how == "verdict":
        await life.tell(life.judge, a_verdict(alert.alert_id, "not_mirror"))
    else:
        await life.tell(life.changed, a_change("99", handle="salma_kitchen", at=LATER))


@pytest.mark.parametrize("relayed", [True, False], ids=["told", "still owed"])
@pytest.mark.parametrize("first", ["account-banned", "verdict", "no-longer-resembles"])
@pytest.mark.parametrize("then", ["reinstated", "ban-forgotten", "account-deleted"])
@pytest.mark.parametrize("who", ["77", "99"])
async def test_who_is_forgotten_after_an_alert_ended_is_forgotten_by_its_readers_once(
    life: Life, who: str, then: str, first: str, relayed: bool
) -> None:
    await ended(life, first, await alerted(life))
    if relayed:
        await life.relay()
        life.seconds += 400 * 86_400
    at = LATER + timedelta(minutes=1)
    for _ in range(2):  # delivered again
        if then == "reinstated":
            await life.tell(life.expunge, a_reinstatement(who, at=at))
        elif then == "ban-forgotten":
            moment = {OCCURRED_AT_HEADER: repr(at.timestamp()).encode()}
            await life.tell(life.enrol, None, key=f"telegram:{who}".encode(), headers=moment)
        else:
            await life.tell(life.forget, a_deletion(who, at=at))
        await life.relay()
    status, _, reason, quotes = await last(life)
    assert (status, reason, quotes) == ("withdrawn", then, False)
    told = [alert.withdrawn_reason for alert in life.alerts if alert.status == "withdrawn"]
    assert told == ([first, then] if relayed else [then])
    assert life.states == {}


async def test_an_account_that_was_banned_itself_needs_nobodys_look(life: Life) -> None:
    await alerted(life)
    await life.ban(a_ban("99", handle="umar_media2", device_id=DEVICE, at=LATER))
    assert await last(life) == ("withdrawn", 2, "account-banned", False)


@pytest.mark.parametrize("who", ["99", "77"])
async def test_an_account_that_was_deleted_is_quoted_by_no_alert(life: Life, who: str) -> None:
    await alerted(life)
    await life.tell(life.forget, a_deletion(who, at=LATER))
    assert await last(life) == ("withdrawn", 2, "account-deleted", False)


async def test_the_deletion_of_a_banned_account_does_not_end_its_ban(life: Life) -> None:
    await alerted(life)
    await life.tell(life.forget, a_deletion("77", at=LATER))
    await life.tell(life.screen, a_sign_up("100", handle="umar_media3", device_id=DEVICE, at=LATER))
    assert life.alerts[-1].account_id == "100"


async def test_a_deletion_that_is_older_than_the_account_withdraws_nothing(life: Life) -> None:
    await alerted(life)
    await life.tell(life.forget, a_deletion("99", at=NOON - timedelta(days=1)))
    assert (await last(life))[:2] == ("open", 1)


async def test_a_sign_up_that_comes_after_its_deletion_alerts_nobody(life: Life) -> None:
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    await life.tell(life.forget, a_deletion("99", at=LATER))
    await life.tell(life.screen, a_sign_up("99", handle="umar_media2", device_id=DEVICE))
    assert life.alerts == []


async def test_a_change_after_which_nothing_is_alike_withdraws_and_leaves_it_to_be_read(life: Life) -> None:
    """Neither account is to be forgotten, and whoever changed its profile may have had a reason to."""
    await alerted(life)
    await life.tell(life.changed, a_change("99", handle="salma_kitchen", at=LATER))
    assert await last(life) == ("withdrawn", 2, "no-longer-resembles", True)
    turned = a_change("99", handle="umar_media2", device_id=DEVICE, at=LATER + timedelta(minutes=1))
    await life.tell(life.changed, turned)
    assert (await last(life))[:2] == ("open", 3)


async def test_a_change_that_keeps_the_resemblance_withdraws_nothing(life: Life) -> None:
    await alerted(life)
    await life.tell(life.changed, a_change("99", handle="umar_media7", device_id=DEVICE, at=LATER))
    assert (await last(life))[0] == "open"


async def test_an_older_change_that_comes_late_withdraws_nothing(life: Life) -> None:
    await alerted(life)
    await life.tell(life.changed, a_change("99", handle="salma_kitchen", at=NOON - timedelta(days=1)))
    assert (await last(life))[:2] == ("open", 1)


async def test_a_verdict_against_it_withdraws(life: Life) -> None:
    alert = await alerted(life)
    await life.tell(life.judge, a_verdict(alert.alert_id, "not_mirror"))
    assert await last(life) == ("withdrawn", 2, "verdict", True)


@pytest.mark.parametrize("verdict", ["mirror", "unsure"])
async def test_another_verdict_does_not(life: Life, verdict: Verdict) -> None:
    alert = await alerted(life)
    await life.tell(life.judge, a_verdict(alert.alert_id, verdict))
    assert (await last(life))[:2] == ("open", 1)


async def test_a_verdict_that_comes_after_the_ban_it_led_to_still_makes_a_family(life: Life) -> None:
    alert = await alerted(life)
    await life.ban(a_ban("99", handle="umar_media2", device_id=DEVICE, at=LATER))
    await life.relay()
    await life.tell(life.judge, a_verdict(alert.alert_id, "mirror"))
    (descent,) = await life.context.store.descents(["telegram:99"])
    assert descent is not None
    assert (descent.root_id, descent.generation) == ("telegram:77", 1)
    assert precision(life) == "1.0"


async def test_a_verdict_on_an_alert_that_nobody_knows_is_no_precision(life: Life) -> None:
    await life.tell(life.judge, a_verdict("0" * 32, "mirror"))
    told = life.context.metrics.exposition().decode()
    assert 'samehand_verdicts_total{band="none",verdict="mirror"} 1.0' in told
    assert 'samehand_precision_ratio{band="none"}' not in told


async def test_reinstated_after_its_own_ban_it_is_told_again(life: Life) -> None:
    await alerted(life)
    await life.ban(a_ban("99", handle="umar_media2", device_id=DEVICE, at=LATER))
    await life.tell(life.expunge, a_reinstatement("99", at=LATER + timedelta(minutes=1)))
    await life.relay()
    seen = a_change("99", handle="umar_media2", device_id=DEVICE, at=LATER + timedelta(minutes=2))
    await life.tell(life.changed, seen)
    assert (await last(life))[:2] == ("open", 4)


def precision(life: Life) -> str:
    """The share of mirrors among verdicts on the band of the only alert."""
    band = life.alerts[0].band
    (row,) = (
        row
        for row in life.context.metrics.exposition().decode().splitlines()
        if row.startswith(f'samehand_precision_ratio{{band="{band}"}}')
    )
    return row.rpartition(" ")[2]
