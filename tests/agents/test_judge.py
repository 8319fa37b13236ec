"""What moderators decide changes what is alerted next."""

from __future__ import annotations

from datetime import timedelta

from streams.outcomes import NOTHING
from tests.agents.conftest import Life
from tests.makers import NOON, a_ban, a_sign_up, a_verdict

DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"


async def test_not_a_mirror_is_never_alerted_again(life: Life) -> None:
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    mirror = a_sign_up("99", handle="umar_media2", device_id=DEVICE)
    await life.tell(life.screen, mirror)
    await life.tell(life.judge, a_verdict(life.alerts[0].alert_id, "not_mirror"))
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE, at=NOON + timedelta(minutes=50)))
    await life.tell(life.screen, mirror)
    assert len(life.alerts) == 1


async def test_a_confirmed_mirror_joins_the_family_when_it_is_banned_itself(life: Life) -> None:
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    await life.tell(life.screen, a_sign_up("99", handle="umar_media2", device_id=DEVICE))
    await life.tell(life.judge, a_verdict(life.alerts[0].alert_id, "mirror"))
    await life.ban(a_ban("99", handle="umar_media2", device_id=DEVICE, at=NOON + timedelta(minutes=50)))
    await life.tell(life.screen, a_sign_up("111", handle="umar_media3", device_id=DEVICE))
    families = {alert.matched.key: (alert.matched.root_id, alert.matched.generation) for alert in life.alerts}
    assert families["telegram:99"] == ("telegram:77", 1)


async def test_a_verdict_on_an_unknown_alert_is_no_fault(life: Life) -> None:
    assert await life.tell(life.judge, a_verdict("0" * 32, "mirror")) == [NOTHING]


async def test_what_was_judged_waits_for_nobody(life: Life) -> None:
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    await life.tell(life.screen, a_sign_up("99", handle="umar_media2", device_id=DEVICE))
    assert (await life.house.store.figures()).unjudged == 1
    await life.tell(life.judge, a_verdict(life.alerts[0].alert_id, "unsure"))
    assert (await life.house.store.figures()).unjudged == 0
