"""Which of the accounts that resemble a ban get an alert of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from tests.agents.conftest import Life, MakeLife
from tests.agents.decoying import BAN, BEFORE, MIRROR, SHARED, accounts, decoys, gone, open_alerts, summaries
from tests.makers import a_ban, a_sign_up, a_verdict


async def test_sixty_decoys_banned_one_by_one_are_an_alert_each(life: Life) -> None:
    several = decoys(60, "185.12.9.4")
    await life.tell(life.screen, *several, MIRROR)
    most = 0
    for one in several:
        life.seconds += 60
        await life.ban(a_ban(one.account.account_id, handle="umar_media", ip="185.12.9.4", **SHARED))
        await life.relay()
        most = max(most, len(open_alerts(life)))
    raised = {alert.alert_id for alert in life.alerts}
    assert (most, len(raised), accounts(life)) == (60, 60, {"99"})


async def test_a_cluster_has_a_hundred_open_alerts_over_all_bans_and_a_free_place_is_anybodys(
    make_life: MakeLife,
) -> None:
    """The decoys are told of on one ban, the mirror resembles the other: its place is freed there."""
    life = make_life(alerts_a_cluster=10)
    mailbox = "umar.desk@valley.example"
    several = [a_sign_up(f"d{n}", handle="umar_media", at=BEFORE, email=mailbox, **SHARED) for n in range(10)]
    mirror = a_sign_up("99", handle="gardener", at=BEFORE, email=mailbox)
    await life.tell(life.screen, *several, mirror)
    await life.ban(a_ban("77", handle="umar_media", **SHARED))
    await life.ban(a_ban("78", handle="umar_media", email=mailbox, device_id=SHARED["device_id"]))
    await life.relay()
    assert (len(open_alerts(life)), "99" in accounts(life)) == (10, False)
    assert (summaries(life)[-1].matched.account_id, summaries(life)[-1].withheld) == ("78", 1)
    await gone(life, several[:1])
    assert (len(open_alerts(life)), "99" in accounts(life)) == (10, True)


async def test_dismissed_pairs_leave_their_places_to_others(make_life: MakeLife) -> None:
    life = make_life(alerts_a_cluster=3)
    several = decoys(9, "185.12.9.4")
    await life.tell(life.screen, *several, MIRROR)
    await life.ban(BAN)
    read = set[str]()
    for _ in range(3):
        assert len(open_alerts(life)) == 3
        for alert in open_alerts(life).values():
            read.add(alert.account_id)
            await life.tell(life.judge, a_verdict(alert.alert_id, "not_mirror", revision=alert.revision))
        await life.relay()
    assert len(read | accounts(life)) == 10


async def test_an_account_that_is_deleted_while_look_back_runs_takes_no_place(
    make_life: MakeLife, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = make_life(alerts_a_cluster=5)
    several = decoys(5, "185.12.9.4")
    await life.tell(life.screen, *several, MIRROR)
    store = type(life.context.store)
    real = store.alerts_about

    async def meanwhile(self: Any, some: Sequence[str]) -> Any:
        found = await real(self, some)
        await store.forget(self, [(f"telegram:d{n}", life.seconds) for n in range(5)], now=life.seconds)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(store, "alerts_about", meanwhile)
        await life.ban(BAN)
    assert accounts(life) == {"99"}
