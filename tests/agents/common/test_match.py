"""One answer for whoever asks which banned accounts an account resembles."""

from __future__ import annotations

import pytest

from agents.common.alerts import Pair
from agents.common.match import match, sought, strongest_first, told_of
from agents.common.snapshot import snapshot_of
from schemas.accounts import AccountCreated
from schemas.wire import Decoded
from tests.agents.conftest import Life, MakeLife
from tests.makers import a_ban, a_sign_up

DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"


async def matched(life: Life, event: AccountCreated) -> list[Pair]:
    """The pairs of one account that nobody has told the stream of."""
    snapshot = await snapshot_of(life.context, life.seconds)
    one = sought(Decoded(event), life.context.topics.created, snapshot, life.context)
    return [] if one is None else (await match([one], snapshot, life.context, "forward"))[0]


@pytest.fixture
async def family(make_life: MakeLife) -> Life:
    """Five banned accounts of one device, under rules by which a person reads two alerts an event."""
    life = make_life(alerts_an_event=2, allowlist=frozenset({"telegram:mother"}))
    await life.ban(*(a_ban(f"{number}", handle="umar_media", device_id=DEVICE) for number in range(5)))
    return life


async def test_the_strongest_are_told_and_the_others_only_if_they_were_told_before(family: Life) -> None:
    pairs = await matched(family, a_sign_up("99", handle="umar_media", device_id=DEVICE))
    assert [pair.again_only for pair in pairs] == [False, False, True, True, True]
    assert pairs == strongest_first(pairs)
    assert not any(pair.counted for pair in pairs), "only look-back has a summary"


async def test_it_finds_what_the_stream_alerts_on_and_leaves_no_trace(family: Life) -> None:
    event = a_sign_up("99", handle="umar_media", device_id=DEVICE)
    pairs = await matched(family, event)
    before = await family.context.store.figures()
    assert (before.remembered, family.heard) == (0, [])
    await family.tell(family.screen, event)
    assert {alert.alert_id for alert in family.alerts} == {p.alert_id for p in pairs if not p.again_only}


async def test_nobody_of_the_allowlist_is_looked_up(family: Life) -> None:
    assert await matched(family, a_sign_up("mother", handle="umar_media", device_id=DEVICE)) == []


async def test_what_a_ban_keeps_back_is_counted(family: Life) -> None:
    pairs = await matched(family, a_sign_up("99", handle="umar_media", device_id=DEVICE))
    told = told_of([pair for pair in pairs if not pair.again_only], 1, counted=True)
    assert [(pair.again_only, pair.counted) for pair in told] == [(False, False), (True, True)]
