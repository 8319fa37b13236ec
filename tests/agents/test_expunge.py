"""A ban that is lifted leaves nothing to alert on, in whatever order the records come."""

from __future__ import annotations

from datetime import timedelta

from agents.common.converters import moment
from agents.common.tombstones import OCCURRED_AT_HEADER
from schemas.alerts import MirrorAlert
from streams.outcomes import NOTHING, Published
from tests.agents.conftest import Life
from tests.makers import NOON, a_ban, a_reinstatement, a_sign_up
from tests.schemas.makers import as_json

DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"


async def test_a_reinstated_account_raises_no_alert_and_withdraws_those_it_raised(life: Life) -> None:
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    await life.tell(life.screen, a_sign_up("99", handle="umar_media2", device_id=DEVICE))
    outcomes = await life.tell(life.expunge, a_reinstatement("77"))
    assert isinstance(outcomes[0], Published)
    (tombstone,) = outcomes[0].emits
    await life.relay()
    assert (tombstone.topic, tombstone.key, tombstone.value) == ("t.accounts.banned", b"telegram:77", None)
    told, withdrawn = life.alerts
    assert (withdrawn.alert_id, life.number(withdrawn), withdrawn.status) == (told.alert_id, 2, "withdrawn")
    assert (withdrawn.withdrawn_reason, withdrawn.withdrawn_at) == ("reinstated", moment(life.seconds))
    assert not quoted(withdrawn)
    assert quoted(told)
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
    await life.tell(life.expunge, a_reinstatement("77"))
    life.seconds += 3600
    await life.relay()
    assert [alert.status for alert in life.alerts] == ["open", "withdrawn"]


async def test_a_withdrawal_is_told_once_however_often_the_reinstatement_comes(life: Life) -> None:
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    await life.tell(life.screen, a_sign_up("99", handle="umar_media2", device_id=DEVICE))
    for _ in range(2):
        await life.tell(life.expunge, a_reinstatement("77"))
        await life.relay()
    assert [(alert.status, life.number(alert)) for alert in life.alerts] == [("open", 1), ("withdrawn", 2)]


async def test_banned_again_before_anything_was_withdrawn_the_pair_is_told_again(life: Life) -> None:
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    await life.tell(life.screen, a_sign_up("99", handle="umar_media2", device_id=DEVICE))
    await life.tell(life.expunge, a_reinstatement("77"))
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE, at=NOON + timedelta(minutes=90)))
    await life.relay()
    assert [(alert.status, life.number(alert)) for alert in life.alerts] == [("open", 1), ("open", 3)]


async def test_a_ban_that_its_tombstone_took_out_leaves_no_alert_open(life: Life) -> None:
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    await life.tell(life.screen, a_sign_up("99", handle="umar_media2", device_id=DEVICE))
    when = {OCCURRED_AT_HEADER: repr(life.seconds).encode()}
    await life.tell(life.enrol, None, key=b"telegram:77", headers=when)
    await life.relay()
    withdrawn = life.alerts[-1]
    assert (life.number(withdrawn), withdrawn.withdrawn_reason) == (2, "ban-forgotten")
    assert not quoted(withdrawn)


async def test_a_ban_that_ended_leaves_no_alert_open_once_it_was_swept(life: Life) -> None:
    ends = NOON + timedelta(hours=3)
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE, expires_at=ends))
    await life.tell(life.screen, a_sign_up("99", handle="umar_media2", device_id=DEVICE))
    life.seconds += 3 * 3600
    await life.context.store.sweep(now=life.seconds)
    await life.relay()
    withdrawn = life.alerts[-1]
    assert (life.number(withdrawn), withdrawn.withdrawn_reason) == (1, "ban-expired"), "the time has gone on"
    assert not quoted(withdrawn)


async def test_withdrawals_are_counted_by_their_reason(life: Life) -> None:
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    await life.tell(life.screen, a_sign_up("99", handle="umar_media2", device_id=DEVICE))
    await life.tell(life.expunge, a_reinstatement("77"))
    await life.relay()
    assert (
        'samehand_alerts_withdrawn_total{reason="reinstated"} 1.0'
        in life.context.metrics.exposition().decode()
    )


def quoted(alert: MirrorAlert) -> bool:
    """Whether it shows a value of either account."""
    words = as_json(alert)
    return "umar" in str(words["evidence"]) or any(it["ours"] or it["theirs"] for it in words["evidence"])
