"""A ban that is lifted leaves nothing to alert on, in whatever order the records come."""

from __future__ import annotations

from datetime import timedelta

from streams.outcomes import NOTHING, Published
from tests.agents.conftest import Life
from tests.makers import NOON, a_ban, a_reinstatement, a_sign_up, arrival

DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"


async def test_a_reinstated_account_raises_no_alert_and_withdraws_those_it_raised(life: Life) -> None:
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    await life.tell(life.screen, a_sign_up("99", handle="umar_media2", device_id=DEVICE))
    outcomes = await life.tell(life.expunge, a_reinstatement("77"))
    assert isinstance(outcomes[0], Published)
    tombstone = outcomes[0].emits[0]
    assert (tombstone.topic, tombstone.key, tombstone.value) == ("t.accounts.banned", b"telegram:77", None)
    told, withdrawn = life.alerts
    assert (withdrawn.alert_id, withdrawn.revision, withdrawn.status) == (told.alert_id, 2, "withdrawn")
    await life.tell(life.screen, a_sign_up(handle="umar_media3", device_id=DEVICE))
    assert len(life.alerts) == 2


async def test_a_ban_after_the_reinstatement_stands(life: Life) -> None:
    again = a_ban("77", handle="umar_media", device_id=DEVICE, at=NOON + timedelta(minutes=90))
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE), again)
    assert await life.tell(life.expunge, a_reinstatement("77")) == [NOTHING]
    await life.tell(life.screen, a_sign_up(handle="umar_media2", device_id=DEVICE))
    assert len(life.alerts) == 1


async def test_an_alert_noted_by_a_worker_whose_clock_was_ahead_can_be_withdrawn(life: Life) -> None:
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    life.seconds += 3600
    await life.tell(life.screen, a_sign_up("99", handle="umar_media2", device_id=DEVICE))
    life.seconds -= 3600
    [outcome] = await life.expunge([arrival(a_reinstatement("77"))])
    assert isinstance(outcome, Published)
    assert [emit.topic for emit in outcome.emits] == ["t.accounts.banned", "t.alerts"]
