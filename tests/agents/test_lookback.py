"""A ban that lands finds the accounts that were prepared before it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from samehand.keys import PERSONAL_POSTING_CAP
from schemas.alerts import AlertSummary
from store.common import crowd
from store.limits import LISTED_LATER
from tests.agents.conftest import Life, MakeLife
from tests.makers import NOON, a_ban, a_deletion, a_sign_up

DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"
SHARED: dict[str, Any] = {"device_id": DEVICE, "payment_token": "tok_1NvXa2example"}
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
    life = make_life(alerts_a_cluster=3)
    for number in range(5):
        await life.tell(life.screen, a_sign_up(handle=f"umar_media{number}", device_id=DEVICE, at=BEFORE))
    await life.ban(a_ban(handle="umar_media", device_id=DEVICE))
    assert len(life.alerts) == 3
    await life.relay()
    (summary,) = [alert for alert in life.heard if isinstance(alert, AlertSummary)]
    assert (summary.published, summary.withheld) == (3, 2)


async def test_a_ban_with_many_unlike_mirrors_tells_the_best_clusters_and_counts_the_rest(
    make_life: MakeLife,
) -> None:
    """One shares a card with the ban, one a mailbox, two a number: three clusters, of which two are told."""
    life = make_life(alerts_a_ban=2)
    shared: dict[str, Any] = {
        "payment_token": SHARED["payment_token"],
        "email": "u@valley.example",
        "phone": "+923001234567",
    }
    for name, field in (("1", "payment_token"), ("2", "email"), ("3", "phone"), ("4", "phone")):
        await life.tell(life.screen, a_sign_up(name, at=BEFORE, **{field: shared[field]}))
    await life.ban(a_ban("77", handle="umar_media", **shared))
    await life.relay()
    (summary,) = [alert for alert in life.heard if isinstance(alert, AlertSummary)]
    told = {alert.account_id for alert in life.alerts}
    assert (summary.published, summary.withheld) == (len(told), 4 - len(told))
    assert told in ({"1", "2"}, {"1", "3", "4"}, {"2", "3", "4"})


@pytest.mark.parametrize("decoys", [60, 600])
@pytest.mark.parametrize("before", [True, False], ids=["forwards", "in reverse"])
async def test_a_mirror_among_decoys_on_its_device_and_card_is_told_once_they_delete_themselves(
    life: Life, decoys: int, before: bool
) -> None:
    """Whoever fills the postings of a device and a card, before the mirror or behind it, hides nobody."""
    several = [
        a_sign_up(f"d{n}", handle=f"gardener{n}", at=BEFORE, ip="39.40.1.2", **SHARED) for n in range(decoys)
    ]
    mirror = a_sign_up("99", handle="umar_media2", at=BEFORE, ip="39.40.1.7", **SHARED)
    await life.tell(life.screen, *(several if before else [mirror]))
    await life.tell(life.screen, *([mirror] if before else several))
    await life.tell(life.forget, *[a_deletion(one.account.account_id, at=NOON) for one in several])
    await life.ban(a_ban("77", handle="umar_media", **SHARED))
    assert [(alert.account_id, alert.not_compared) for alert in life.alerts] == [("99", 0)]


async def test_who_hides_among_more_decoys_than_can_wait_is_seen_to_be_missing(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those that the store let go are not found. But nobody believes that all were looked at."""
    monkeypatch.setattr(crowd, "WAITING_MAX", 5)
    everybody = [
        a_sign_up(f"d{n}", handle=f"gardener{n}", at=BEFORE, **SHARED)
        for n in range(PERSONAL_POSTING_CAP + LISTED_LATER + 6)
    ]
    await life.tell(life.screen, *everybody)
    await life.tell(life.forget, *[a_deletion(one.account.account_id, at=NOON) for one in everybody])
    with capture_logs() as logs:
        await life.ban(a_ban("banned-77", handle="umar_media", **SHARED))
    assert life.alerts == []
    (warning,) = [line for line in logs if line["event"] == "look-back is incomplete: a posting is full"]
    assert warning["not_compared"] == {"device": 1, "payment": 1}
    assert "banned-77" not in warning["address"]  # a log names no account
    shown = life.context.metrics.exposition().decode()
    assert 'samehand_lookbacks_capped_total{kind="device"} 1.0' in shown
    assert 'samehand_lookbacks_capped_total{kind="payment"} 1.0' in shown


async def test_the_alerts_of_a_look_back_say_how_many_others_were_not_looked_at(life: Life) -> None:
    several = [
        a_sign_up(f"d{n}", handle=f"gardener{n}", at=BEFORE, device_id=DEVICE)
        for n in range(PERSONAL_POSTING_CAP + LISTED_LATER + 3)
    ]
    await life.tell(life.screen, *several)
    await life.tell(life.screen, a_sign_up("99", handle="umar_media2", email="u@valley.example", at=BEFORE))
    await life.ban(a_ban("77", handle="umar_media", email="u@valley.example", device_id=DEVICE))
    found = next(alert for alert in life.alerts if alert.account_id == "99")
    assert found.not_compared == 3
