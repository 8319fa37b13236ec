"""One answer for whoever asks which banned accounts an account resembles."""

from __future__ import annotations

from typing import Any

import pytest

from agents.common.alerts import Pair
from agents.common.match import lookup_of, match, strongest_first
from agents.common.snapshot import snapshot_of
from schemas.accounts import AccountCreated
from schemas.wire import Decoded
from tests.agents.conftest import Life, MakeLife
from tests.makers import a_ban, a_sign_up

DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"
MAILBOX = "u@valley.example"
PHONE = "+923001234567"
SHOWN: dict[str, Any] = {"handle": "umar_media", "device_id": DEVICE, "email": MAILBOX, "phone": PHONE}


async def matched(life: Life, event: AccountCreated) -> list[Pair]:
    """The pairs of one account that nobody has told the stream of."""
    snapshot = await snapshot_of(life.context, life.seconds)
    one = lookup_of(Decoded(event), life.context.topics.created, snapshot, life.context)
    return [] if one is None else (await match([one], snapshot, life.context, "forward"))[0]


@pytest.fixture
async def family(make_life: MakeLife) -> Life:
    """Four bans of one device, one of a mailbox and one of a number; a person reads two alerts an event."""
    life = make_life(alerts_an_event=2, allowlist=frozenset({"telegram:mother"}))
    bans = [a_ban(f"{number}", handle="umar_media", device_id=DEVICE) for number in range(4)]
    await life.ban(*bans, a_ban("4", email=MAILBOX), a_ban("5", phone=PHONE))
    return life


async def test_the_strongest_cluster_is_told_first_and_others_only_if_they_were_told_before(
    family: Life,
) -> None:
    pairs = await matched(family, a_sign_up("99", **SHOWN))
    assert [pair.again_only for pair in pairs] == [False, False, True, True, True, True]
    assert pairs[:2] == strongest_first(pairs[:2])
    assert pairs[2:] == strongest_first(pairs[2:])
    assert [pair.facts.account_id in {"4", "5"} for pair in pairs[:2]] == [False, True]
    assert not any(pair.counted for pair in pairs), "only look-back has a summary"


async def test_it_finds_what_the_stream_alerts_on_and_leaves_no_trace(family: Life) -> None:
    event = a_sign_up("99", **SHOWN)
    pairs = await matched(family, event)
    before = await family.context.store.figures()
    assert (before.remembered, family.heard) == (0, [])
    await family.tell(family.screen, event)
    assert {alert.alert_id for alert in family.alerts} == {p.alert_id for p in pairs if not p.again_only}


async def test_nobody_of_the_allowlist_is_looked_up(family: Life) -> None:
    assert await matched(family, a_sign_up("mother", handle="umar_media", device_id=DEVICE)) == []
