"""What the stream would say of an account, asked before the account is published."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from agents.common import preview as module
from agents.common.preview import Preview
from schemas.accounts import AccountCreated
from schemas.alerts import MirrorAlert
from schemas.malformed import Malformed
from schemas.wire import Decoded, encode
from store.errors import StoreUnavailable
from streams.errors import Transient
from tests.agents.conftest import Life, MakeLife
from tests.makers import a_ban, a_deletion, a_sign_up, a_verdict

DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"


async def previewed(life: Life, event: AccountCreated) -> tuple[MirrorAlert, ...]:
    """The alerts that an event would raise."""
    preview = Preview(life.context)
    found = preview.read(encode(event))
    assert isinstance(found, Decoded)
    alerts = await preview.alerts_of(found)
    assert not isinstance(alerts, Malformed)
    return alerts


@pytest.fixture
async def banned(life: Life) -> Life:
    """A context in which one account is banned."""
    await life.ban(a_ban("77", handle="umar_media", display_name="Umar Media", device_id=DEVICE))
    return life


MIRROR = a_sign_up("99", handle="um4r_media_2", device_id=DEVICE)


async def test_it_says_what_the_stream_will_say_to_the_letter(banned: Life) -> None:
    foreseen = await previewed(banned, MIRROR)
    assert banned.heard == [], "nobody has been told"
    assert (await banned.context.store.figures()).remembered == 0
    await banned.tell(banned.screen, MIRROR)
    assert banned.alerts == list(foreseen) != []


async def test_an_alert_that_stands_is_said_again_under_its_revision(banned: Life) -> None:
    await banned.tell(banned.screen, MIRROR)
    assert await previewed(banned, MIRROR) == tuple(banned.alerts)


async def test_a_pair_that_a_moderator_told_apart_is_not_said(banned: Life) -> None:
    await banned.tell(banned.screen, MIRROR)
    (alert,) = banned.alerts
    await banned.tell(banned.judge, a_verdict(alert.alert_id, "not_mirror"))
    assert await previewed(banned, MIRROR) == ()


async def test_nothing_is_said_of_the_allowlist_of_banned_or_of_deleted_accounts(
    make_life: MakeLife,
) -> None:
    life = make_life(allowlist=frozenset({"telegram:mother"}))
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE), a_ban("99"))
    await life.tell(life.forget, a_deletion("98"))
    for account in ("mother", "99", "98"):
        assert await previewed(life, a_sign_up(account, handle="umar_media", device_id=DEVICE)) == ()


async def test_no_more_is_said_than_a_person_reads(make_life: MakeLife) -> None:
    life = make_life(alerts_an_event=2)
    shown: dict[str, Any] = {"device_id": DEVICE, "email": "u@valley.example", "phone": "+923001234567"}
    await life.ban(*(a_ban(field, **{field: value}) for field, value in shown.items()))
    event = a_sign_up("99", **shown)
    foreseen = await previewed(life, event)
    await life.tell(life.screen, event)
    assert list(foreseen) == life.alerts
    assert len(foreseen) == 2


async def test_what_is_odd_about_an_account_is_counted_and_named(banned: Life) -> None:
    event = a_sign_up("99", handle="um4r_media_2", device_id=DEVICE, ip="nope")
    (alert,) = await previewed(banned, event)
    assert [(it.side, it.field) for it in alert.not_read] == [("account", "ip")]


async def test_a_record_that_is_none_is_a_value_with_its_address(life: Life) -> None:
    found = Preview(life.context).read(b'{"event_id": "e"}')
    assert isinstance(found, Malformed)
    assert (found.reason, found.path) == ("missing-field", "$.version")


async def test_a_record_on_which_our_logic_fails_costs_itself(
    banned: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise ValueError("umar@valley.example")

    monkeypatch.setattr(module, "lookup_of", fails)
    preview = Preview(banned.context)
    found = await preview.alerts_of(Decoded(MIRROR))
    assert found == Malformed("unprocessable", detail="ValueError")


async def test_a_store_that_is_away_is_an_outage(banned: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: object, **__: object) -> None:
        raise StoreUnavailable("Redis cannot be reached")

    monkeypatch.setattr(type(banned.context.store), "bans_like", away)
    with pytest.raises(Transient):
        await previewed(banned, MIRROR)


async def test_many_ask_at_once(banned: Life) -> None:
    events = [a_sign_up(f"9{n}", handle="um4r_media_2", device_id=DEVICE) for n in range(20)]
    answers = await asyncio.gather(*(previewed(banned, event) for event in events))
    assert [alerts[0].account_id for alerts in answers] == [event.account.account_id for event in events]


async def test_an_alert_is_found_by_its_id_while_it_is_known(banned: Life) -> None:
    preview = Preview(banned.context)
    assert await preview.alert("unheard of") is None
    await banned.tell(banned.screen, MIRROR)
    (alert,) = banned.alerts
    assert await preview.alert(alert.alert_id) == alert
