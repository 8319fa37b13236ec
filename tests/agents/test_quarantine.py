"""A value in quarantine alerts nobody, withdraws nothing, and what it held is judged again when it ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from agents.common.decisions.follow_decisions import DecisionsFollower
from agents.common.decisions.quarantine import DIGESTS_MAX, QuarantineInForce
from agents.runtime.outbox import HELD_SECONDS
from samehand.scoring.evidence import QUARANTINE
from schemas.alerts import MirrorAlert
from schemas.internal.quarantine import ValueQuarantined
from store.pepper.pepper import Pepper
from streams.settings import load
from tests.agents.conftest import Life, MakeLife
from tests.makers import a_ban, a_change, a_reinstatement, a_sign_up, arrival

SHARED: dict[str, Any] = {"device_id": "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b", "phone": "+923012345678"}
OTHER: dict[str, Any] = {"email": "umar@valley.example", "payment_token": "tok_1QxYz8"}


def digests(alert: MirrorAlert) -> dict[str, tuple[tuple[str, ...], ...]]:
    """The digests of an alert's values by signal."""
    lines = (*alert.evidence, *alert.counter_evidence)
    return {line.signal: line.value_digests for line in lines if line.value_digests}


def quarantine(
    life: Life, alert: MirrorAlert, *, until: float | None = 3_600.0, revision: int = 1, pepper: int = 0
) -> None:
    """Puts every value of an alert in quarantine for so many seconds; ``None`` ends it."""
    ends = None if until is None else datetime.fromtimestamp(life.seconds + until, UTC)
    follower = DecisionsFollower(load({}), life.context)
    for values in digests(alert).values():
        for value in values:
            record = ValueQuarantined(digest=value[pepper], revision=revision, until=ends, by="lead")
            topic = life.context.topics.quarantine
            follower.hear(arrival(record, topic=topic))


async def shown(life: Life, number: int = 99) -> list[MirrorAlert]:
    """The alerts on a mirror that shares device and phone with the ban."""
    before = len(life.alerts)
    await life.tell(life.screen, a_sign_up(str(number), handle=f"q{number}x", **SHARED))
    return life.alerts[before:]


async def first_alert(life: Life) -> MirrorAlert:
    await life.ban(a_ban("77", handle="umar_media", **SHARED))
    (alert,) = await shown(life)
    return alert


async def test_value_in_quarantine_alerts_nobody_until_a_person_ends_it(life: Life) -> None:
    alert = await first_alert(life)
    assert {"device", "phone"} <= digests(alert).keys()
    quarantine(life, alert)
    assert await shown(life, 100) == []
    assert {account for _, account in await life.context.store.held()} == {"telegram:77"}
    await life.relaying.look_at_held()
    assert len(await life.context.store.held()) == 2  # it lasts
    quarantine(life, alert, until=None, revision=2)
    life.seconds += HELD_SECONDS
    life.relaying._held_at = -HELD_SECONDS * 1e6  # the relay's clock is the machine's
    await life.relaying.look_at_held()
    await life.relay()
    assert [it.key for it in life.alerts[1:]] == ["telegram:100"]
    assert await life.context.store.held() == []


async def test_bearers_of_a_value_in_quarantine_displace_no_other_candidate(make_life: MakeLife) -> None:
    life = make_life(candidates_an_event=2)
    quarantine(life, await first_alert(life))
    for number in ("78", "79"):
        await life.ban(a_ban(number, handle=f"stranger{number}", **SHARED))
    await life.ban(a_ban("80", handle="zafar.hussain", email=OTHER["email"]))
    before = len(life.alerts)
    await life.tell(life.screen, a_sign_up("100", handle="q100x", **SHARED, **OTHER))
    assert [it.matched.account_id for it in life.alerts[before:]] == ["80"]


async def test_quarantine_that_reaches_its_date_weighs_again(life: Life) -> None:
    quarantine(life, await first_alert(life), until=60.0)
    assert await shown(life, 100) == []
    life.seconds += 61.0
    await life.relaying.look_at_held()
    await life.relay()
    assert [it.key for it in life.alerts[1:]] == ["telegram:100"]


async def test_ban_enrolled_meanwhile_holds_its_pairs_too(life: Life) -> None:
    quarantine(life, await first_alert(life), until=60.0)
    await life.tell(life.expunge, a_reinstatement("77"))  # of alike bans one alerts on an account
    await life.ban(a_ban("78", handle="zarghun_press", **SHARED))
    assert len(life.alerts) == 1
    assert {account for _, account in await life.context.store.held()} == {"telegram:78"}
    life.seconds += 61.0
    await life.relaying.look_at_held()
    await life.relay()
    assert (life.alerts[-1].key, life.alerts[-1].matched.key) == ("telegram:99", "telegram:78")


async def test_line_says_what_weighs_nothing_beside_other_evidence(life: Life) -> None:
    alert = await first_alert(life)
    quarantine(life, alert)
    await life.ban(a_ban("78", handle="zarghun_press", **SHARED, **OTHER))
    await life.tell(life.screen, a_sign_up("100", handle="zarghun_press2", **SHARED, **OTHER))
    found = next(it for it in life.alerts if it.key == "telegram:100")
    (line,) = [line for line in found.counter_evidence if line.signal == QUARANTINE]
    assert line.weight == 0.0
    assert "device, phone" in line.because
    assert not [it for it in found.evidence if it.signal in SHARED]
    assert digests(found)["device"] == digests(alert)["device"]  # verdicts on it go on counting
    assert abs(found.imbalance) < 1e-9


async def test_open_alert_stays_when_its_account_changes_under_quarantine(life: Life) -> None:
    alert = await first_alert(life)
    quarantine(life, alert)
    await life.tell(life.changed, a_change("99", handle="q99y", **SHARED))
    await life.relay()
    assert [it.status for it in life.alerts] == ["open"]


async def test_alert_has_a_digest_for_each_pepper_in_force(make_life: MakeLife) -> None:
    life = make_life()
    old, new = Pepper(1, b"p" * 32), Pepper(2, b"q" * 32)
    before = await first_alert(life)
    both = Life(replace(life.context, keyers=((2, new.digest), (1, old.digest))), seconds=life.seconds)
    await both.ban(a_ban("78", handle="zarghun_press", **SHARED))
    await both.tell(both.screen, a_sign_up("100", handle="q100x", **SHARED))
    alert = both.alerts[-1]
    ours, former = digests(alert)["device"][0]
    assert (former,) == digests(before)["device"][0]
    assert ours != former


def test_digest_finds_nothing_among_the_keys_of_the_store() -> None:
    pepper = Pepper(1, b"p" * 32)
    device = pepper.digest("device", SHARED["device_id"].encode())
    assert pepper.digest("quarantine", device) != device


def test_late_record_changes_nothing_and_the_cap_holds() -> None:
    held, until = QuarantineInForce(), datetime(2027, 1, 1, tzinfo=UTC)
    on = ValueQuarantined(digest="0" * 20, revision=5, until=until, by="lead")
    assert held.hear(on)
    assert not held.hear(on)
    assert held.hear(ValueQuarantined(digest="0" * 20, revision=6, until=None, by="lead"))
    assert not held.hear(on)
    assert held.at(0.0) == frozenset()
    for number in range(1, DIGESTS_MAX):
        held.hear(ValueQuarantined(digest=f"{number:020x}", revision=1, until=until, by="lead"))
    with pytest.raises(OverflowError, match="10,000 digests"):
        held.hear(ValueQuarantined(digest="f" * 20, revision=1, until=until, by="lead"))
    assert len(held.at(0.0)) == DIGESTS_MAX - 1
