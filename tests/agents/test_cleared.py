"""People clear the customers of a shop, on whose phone somebody banned once signed up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec import structs

from samehand.alert_id import alert_id
from schemas.verdicts import Verdict
from tests.agents.conftest import Life
from tests.makers import NOON, a_ban, a_change, a_sign_up, a_verdict

PHONE: dict[str, Any] = {"device_id": "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"}
MAILBOX: dict[str, Any] = {"email": "zarqa.desk@valley.example"}
BANNED = NOON - timedelta(days=2)
BAN = a_ban("shop", handle="zarghun_press", at=BANNED, banned_at=BANNED, **PHONE, **MAILBOX)
CUSTOMERS = ("bakhta_sews", "dilawar_tyres", "gulalai_cakes", "hamid_kites", "jamila_maths")


async def sign_up(life: Life, place: int, **more: Any) -> None:
    at = BANNED + timedelta(hours=20 + place)
    handle = CUSTOMERS[place % len(CUSTOMERS)]
    await life.tell(life.screen, a_sign_up(f"c{place}", handle=handle, at=at, **PHONE, **more))


async def judge(life: Life, place: int, verdict: Verdict = "not_mirror", *, minute: int = 0) -> None:
    given = a_verdict(alert_id(f"telegram:c{place}", BAN.key), verdict)
    at = BANNED + timedelta(hours=20 + place, minutes=30 + minute)
    await life.look_back(await life.tell(life.judge, structs.replace(given, decided_at=at)))
    await life.relay()


def alerted(life: Life) -> set[str]:
    return {alert.account_id for alert in life.alerts if alert.status == "open"}


async def three_cleared(life: Life) -> None:
    await life.ban(BAN)
    for place in range(3):
        await sign_up(life, place)
        await judge(life, place)
    assert alerted(life) == {"c0", "c1", "c2"}


async def test_three_dismissals_on_a_shops_phone_quiet_the_fourth(life: Life) -> None:
    await three_cleared(life)
    await sign_up(life, 3)
    await life.ban(structs.replace(BAN, policy="spam", event_id="again"))  # look-back agrees
    assert "c3" not in alerted(life)


async def test_who_has_what_no_customer_had_still_alerts(life: Life) -> None:
    await three_cleared(life)
    await sign_up(life, 3, **MAILBOX)
    assert "c3" in alerted(life)
    assert [(it.name, it.covers) for it in life.alerts[-1].rivals] == [("household", ("device",))]


@pytest.mark.parametrize("verdict", ["mirror", "unsure"])
async def test_dismissal_that_is_taken_back_clears_nobody_and_those_who_were_quiet_alert(
    life: Life, verdict: Verdict
) -> None:
    await three_cleared(life)
    await sign_up(life, 3)
    await judge(life, 1, verdict, minute=10)
    await sign_up(life, 4)
    assert {"c3", "c4"} <= alerted(life)


async def test_change_of_an_account_whose_like_were_cleared_withdraws_its_alert(life: Life) -> None:
    await life.ban(BAN)
    for place in range(4):
        await sign_up(life, place)
    for place in range(3):
        await judge(life, place)
    await life.tell(
        life.changed,
        a_change("c3", handle=CUSTOMERS[3], at=BANNED + timedelta(hours=25), bio="kites", **PHONE),
    )
    await life.relay()
    assert [it.withdrawn_reason for it in life.alerts if it.account_id == "c3"][-1] == "no-longer-resembles"
