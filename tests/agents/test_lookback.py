"""A ban that lands finds the accounts that were prepared before it."""

from __future__ import annotations

from datetime import timedelta

from schemas.alerts import AlertSummary
from tests.agents.conftest import Life, MakeLife
from tests.makers import NOON, a_ban, a_sign_up

DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"
BEFORE = NOON - timedelta(hours=1)


async def test_a_mirror_prepared_before_the_ban_is_found_when_it_lands(life: Life) -> None:
    await life.tell(life.screen, a_sign_up("99", handle="umar_media2", device_id=DEVICE, at=BEFORE))
    assert life.alerts == []
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    (alert,) = life.alerts
    assert (alert.key, alert.direction) == ("telegram:99", "lookback")
    assert alert.seconds_since_ban == -3600.0


async def test_whichever_comes_second_sees_the_first_and_the_pair_is_one_alert(life: Life) -> None:
    ban = a_ban("77", handle="umar_media", device_id=DEVICE)
    mirror = a_sign_up("99", handle="umar_media2", device_id=DEVICE)
    await life.tell(life.screen, mirror)
    await life.ban(ban)
    await life.tell(life.screen, mirror)
    await life.ban(ban)
    assert len(life.alerts) == 1


async def test_a_ban_with_many_mirrors_tells_the_best_and_counts_the_rest(make_life: MakeLife) -> None:
    life = make_life(alerts_a_ban=3)
    for number in range(5):
        await life.tell(life.screen, a_sign_up(handle=f"umar_media{number}", device_id=DEVICE, at=BEFORE))
    await life.ban(a_ban(handle="umar_media", device_id=DEVICE))
    assert len(life.alerts) == 3
    await life.relay()
    (summary,) = [alert for alert in life.heard if isinstance(alert, AlertSummary)]
    assert (summary.published, summary.withheld) == (3, 2)
