"""Who is like an account: what is found, how it is scored, and how much of it is told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from agents.common.queries.related import related
from schemas.internal.related import RELATED_MAX
from tests.agents.conftest import Life, MakeLife
from tests.makers import NOON, a_ban, a_sign_up

DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"


async def test_probability_is_that_of_the_alert_from_either_side(life: Life) -> None:
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    await life.tell(life.screen, a_sign_up("99", handle="um4r_media_2", device_id=DEVICE))
    (alert,) = life.alerts
    for account in ("telegram:99", "telegram:77"):
        (one,) = (await related(account, life.context)).related
        assert one.probability == pytest.approx(alert.probability, abs=0.01)
        assert {"device", "handle"} <= set(one.agrees)


async def test_pair_below_the_bands_is_told(life: Life) -> None:
    await life.ban(a_ban("77", handle="umar_media", display_name="Umar Media"))
    late = NOON + timedelta(days=20)
    life.seconds = late.timestamp()
    await life.tell(life.screen, a_sign_up("99", handle="umar_kitchen", display_name="Umar Media", at=late))
    assert life.alerts == []
    (one,) = (await related("telegram:99", life.context)).related
    assert (one.account_id, "name" in one.agrees) == ("77", True)
    assert one.probability < life.context.weights.live.weights.alerting_min


async def test_no_more_of_either_are_told_than_half_and_the_likeliest_first(life: Life) -> None:
    await life.tell(life.remember, *[a_sign_up(str(n), device_id=DEVICE) for n in range(RELATED_MAX)])
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    found = await related("telegram:77", life.context)
    chances = [one.probability for one in found.related]
    assert (len(chances), chances) == (RELATED_MAX // 2, sorted(chances, reverse=True))


async def test_another_platform_is_left_out_where_alerts_leave_it_out(make_life: MakeLife) -> None:
    for across, count in ((True, 1), (False, 0)):
        life = make_life(across_platforms=across)
        await life.ban(a_ban("77", platform="x", handle="umar_media", device_id=DEVICE))
        await life.tell(life.screen, a_sign_up("99", handle="umar_media", device_id=DEVICE))
        assert len((await related("telegram:99", life.context)).related) == count
