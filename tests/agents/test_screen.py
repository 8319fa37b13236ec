"""A new account is looked up among the banned, and remembered for bans to come."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from agents.common.match import ASKED_AT_ONCE
from samehand.alert_id import alert_id
from samehand.pictures.stock import NO_STOCK, StockPictures
from schemas.accounts import Avatar
from schemas.alerts import MirrorAlert
from store.errors import StoreUnavailable
from store.memory.store import MemoryStore
from streams.errors import Transient
from streams.outcomes import NOTHING, Published
from tests.agents.conftest import Life, MakeLife, dead
from tests.makers import NOON, a_ban, a_change, a_reinstatement, a_sign_up, arrival

DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"
BIO = "News of the valley every morning and evening, by Umar"


async def test_a_mirror_is_alerted_with_reasons_that_sum(life: Life) -> None:
    await life.ban(a_ban("77", handle="umar_media", display_name="Umar Media", device_id=DEVICE))
    await life.tell(life.screen, a_sign_up("99", handle="um4r_media_2", device_id=DEVICE))
    (alert,) = life.alerts
    assert (alert.key, alert.matched.key) == ("telegram:99", "telegram:77")
    assert alert.alert_id == alert_id("telegram:99", "telegram:77")
    assert (alert.band, alert.direction, alert.status, life.number(alert)) == ("likely", "forward", "open", 1)
    assert abs(alert.imbalance) < 1e-9
    assert alert.queue == "extremism"
    assert alert.seconds_since_ban == 600.0
    handle = next(line for line in alert.evidence if line.signal == "handle")
    assert (handle.ours, handle.theirs) == ("um4r_media_2", "umar_media")


async def test_nothing_personal_is_in_an_alert(life: Life) -> None:
    mail, phone = "umar.q@valley.example", "+923012345678"
    personal: dict[str, Any] = {"email": mail, "phone": phone, "ip": "39.40.12.7", "device_id": DEVICE}
    await life.ban(a_ban("77", handle="umar_media", display_name=f"call {phone}", **personal))
    await life.tell(life.screen, a_sign_up("99", handle="umar_media_2", display_name=mail, **personal))
    (alert,) = life.alerts
    told = str(alert)
    assert not [value for value in personal.values() if value in told]
    assert "3012345678" not in told


@pytest.mark.parametrize(
    ("quote_bio", "ours", "theirs"),
    [(False, "76 characters", "52 characters"), (True, f"{BIO}, ask •••", BIO)],
)
async def test_self_descriptions_are_quoted_by_the_setting_alone(
    make_life: MakeLife, quote_bio: bool, ours: str, theirs: str
) -> None:
    life = make_life(quote_bio=quote_bio)
    await life.ban(a_ban("77", handle="umar_media", bio=BIO, device_id=DEVICE))
    about = f"{BIO}, ask umar@valley.example"
    await life.tell(life.screen, a_sign_up("99", handle="umar_media_2", bio=about, device_id=DEVICE))
    (bio,) = [line for line in life.alerts[0].evidence if line.signal == "bio"]
    assert (bio.ours, bio.theirs) == (ours, theirs)
    await life.tell(life.expunge, a_reinstatement("77"))
    await life.relay()
    assert life.alerts[-1].withdrawn_reason == "reinstated"
    assert "News" not in str(life.alerts[-1])


@pytest.mark.parametrize(
    ("banned", "came"),
    [
        ("+92 301 2345678", "+92-301-2345678"),
        ("umar.q@valley.example", "umar.q@valley.example"),
        ("umar.farooq.gmail.com", "umar#farooq#gmail.com"),
    ],
)
async def test_a_handle_that_is_an_address_is_found_and_shown_masked(
    life: Life, banned: str, came: str
) -> None:
    await life.ban(a_ban("77", handle=banned, display_name="Umar Media", device_id=DEVICE))
    await life.tell(life.screen, a_sign_up("99", handle=came, device_id=DEVICE))
    (alert,) = life.alerts
    handle = next(line for line in alert.evidence if line.signal == "handle")
    assert handle.level in ("same", "same-handle")
    assert (handle.ours, handle.theirs) == ("•••", "•••")
    for raw in ("2345678", "umar.q", "umarq", "farooq", "gmail"):
        assert raw not in str(alert)


def unread(alert: MirrorAlert) -> list[tuple[str, str, str]]:
    """What an alert names as not read."""
    return [(it.side, it.field, it.reason) for it in alert.not_read]


async def test_an_alert_names_what_was_given_and_means_nothing(life: Life) -> None:
    """Else its silence would look like a difference that nobody saw."""
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE, phone="x"))
    await life.tell(life.screen, a_sign_up("99", handle="umar_media_2", device_id=DEVICE, ip="nope"))
    (alert,) = life.alerts
    assert unread(alert) == [("account", "ip", "unreadable"), ("matched", "phone", "unreadable")]
    shown = life.context.metrics.exposition().decode()
    for field in ("ip", "phone"):
        assert f'samehand_fields_unusable_total{{field="{field}",reason="unreadable",topic=' in shown


async def test_an_alert_names_what_nobody_may_write_so_much_of(life: Life) -> None:
    """Reading a profile may cost only so much, and what lies beyond might have been evidence."""
    flood: dict[str, Any] = {"bio": "\ufdfa" * 10_000, "links": ("1 " * 1_000,) * 50}
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE, bio="call 1234567, " * 20))
    await life.tell(life.screen, a_sign_up("99", handle="umar_media_2", device_id=DEVICE, **flood))
    (alert,) = life.alerts
    assert unread(alert) == [
        ("account", "bio", "not-read-whole"),
        ("account", "links", "not-read-whole"),
        ("matched", "bio", "not-read-whole"),
    ]
    shown = life.context.metrics.exposition().decode()
    assert 'samehand_fields_unusable_total{field="links",reason="not-read-whole",topic=' in shown


async def test_a_look_back_still_knows_what_could_not_be_read_when_the_account_came(life: Life) -> None:
    await life.tell(life.screen, a_sign_up("99", at=NOON, handle="umar_media_2", device_id=DEVICE, ip="nope"))
    await life.ban(a_ban("77", at=NOON + timedelta(hours=1), handle="umar_media", device_id=DEVICE))
    (alert,) = life.alerts
    assert (alert.direction, unread(alert)) == ("lookback", [("account", "ip", "unreadable")])


async def test_a_stranger_is_nothing(life: Life) -> None:
    await life.ban(a_ban(handle="umar_media"))
    assert await life.tell(life.screen, a_sign_up(handle="salma_khan")) == [NOTHING]


async def test_a_repeated_event_is_told_once(life: Life) -> None:
    await life.ban(a_ban(handle="umar_media", device_id=DEVICE))
    event = a_sign_up(handle="umar_media_2", device_id=DEVICE)
    await life.tell(life.screen, event)
    await life.tell(life.screen, event)
    await life.tell(life.screen, event, event)
    assert len(life.alerts) == 1
    assert life.context.metrics.duplicates_suppressed._value.get() >= 1


async def test_an_alert_that_was_never_confirmed_comes_again_as_the_same_revision(life: Life) -> None:
    """The worker died between publishing and noting it: consumers see the same (alert, revision) twice."""
    await life.ban(a_ban(handle="umar_media", device_id=DEVICE))
    event = a_sign_up(handle="umar_media_2", device_id=DEVICE)
    (first,) = await life.screen([arrival(event)])
    assert isinstance(first, Published)
    published = life.alert(first.emits[0])
    await life.tell(life.screen, event)
    assert published is not None
    assert [life.number(published), life.number(life.alerts[0])] == [1, 1]


async def test_a_change_that_strengthens_the_case_raises_band_and_revision(life: Life) -> None:
    await life.ban(a_ban("77", handle="qorvetzanbulletin", device_id=DEVICE, banned_at=None))
    await life.tell(life.screen, a_sign_up("99", handle="qorvetzanbulletin"))
    await life.tell(life.changed, a_change("99", handle="qorvetzanbulletin", device_id=DEVICE))
    assert [(alert.direction, alert.band, life.number(alert)) for alert in life.alerts] == [
        ("forward", "possible", 1),
        ("update", "likely", 2),
    ]


async def test_an_account_never_matches_itself(life: Life) -> None:
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    await life.tell(life.screen, a_sign_up("77", handle="umar_media", device_id=DEVICE))
    assert life.alerts == []


async def test_one_that_is_banned_already_is_not_alerted(life: Life) -> None:
    await life.ban(
        a_ban("77", handle="umar_media", device_id=DEVICE),
        a_ban("99", handle="umar_media2", device_id=DEVICE),
    )
    assert life.alerts == []
    await life.tell(life.screen, a_sign_up("99", handle="umar_media2", device_id=DEVICE))
    assert life.alerts == []


async def test_a_picture_on_the_list_of_stock_is_no_evidence(make_life: MakeLife) -> None:
    picture = Avatar(pdq="0f" * 32, quality=90)
    signals = []
    for stock in (NO_STOCK, StockPictures([bytes.fromhex("0f" * 31 + "00")])):
        life = make_life(stock=stock)
        await life.ban(a_ban(handle="umar_media", device_id=DEVICE, avatar=picture))
        await life.tell(life.screen, a_sign_up(handle="umar_media_2", device_id=DEVICE, avatar=picture))
        signals.append({line.signal for line in life.alerts[0].evidence})
    assert [("avatar" in one, "device" in one) for one in signals] == [(True, True), (False, True)]


async def test_the_allowlist_is_never_alerted(make_life: MakeLife) -> None:
    life = make_life(allowlist=frozenset({"telegram:99"}))
    await life.ban(a_ban(handle="umar_media", device_id=DEVICE))
    await life.tell(life.screen, a_sign_up("99", handle="umar_media", device_id=DEVICE))
    assert life.alerts == []


OF_SEVERAL: dict[str, Any] = {
    "device_id": DEVICE,
    "email": "u@valley.example",
    "phone": "+923001234567",
    "payment_token": "tok_1NvXa2example",
}


async def test_at_most_three_alerts_an_event(life: Life) -> None:
    """Four bans that share nothing with each other, each something else with the new account."""
    await life.ban(*(a_ban(field, **{field: value}) for field, value in OF_SEVERAL.items()))
    await life.tell(life.screen, a_sign_up("99", **OF_SEVERAL))
    assert len(life.alerts) == 3
    assert all(len(alert.others) == 2 for alert in life.alerts)


async def test_eight_alike_bans_do_not_silence_another_one(life: Life) -> None:
    """A family counts as one, in the cap of alerts and among the others that an alert names."""
    family: dict[str, Any] = {
        "handle": "umar_media",
        "device_id": DEVICE,
        "payment_token": OF_SEVERAL["payment_token"],
    }
    other: dict[str, Any] = {name: OF_SEVERAL[name] for name in ("email", "phone")}
    await life.ban(*(a_ban(f"generation-{n}", **family) for n in range(8)), a_ban("another", **other))
    await life.tell(life.screen, a_sign_up("99", **family, **other))
    told = sorted(alert.matched.account_id.partition("-")[0] for alert in life.alerts)
    assert told == ["another", "generation"]
    assert all(len(alert.others) == 1 for alert in life.alerts)


async def test_other_platforms_can_be_left_out(make_life: MakeLife) -> None:
    for across, expected in ((True, 1), (False, 0)):
        life = make_life(across_platforms=across)
        await life.ban(a_ban(platform="x", handle="umar_media", device_id=DEVICE))
        await life.tell(life.screen, a_sign_up(platform="telegram", handle="umar_media", device_id=DEVICE))
        assert len(life.alerts) == expected


async def test_shadow_alerts_go_where_nobody_acts_on_them(make_life: MakeLife) -> None:
    life = make_life(shadow=True)
    await life.ban(a_ban(handle="umar_media", device_id=DEVICE))
    await life.tell(life.screen, a_sign_up(handle="umar_media2", device_id=DEVICE))
    assert life.context.alerts_topic == "t.alerts.shadow"
    assert len(life.alerts) == 1


async def test_garbage_is_a_dead_letter_and_its_neighbours_are_not(life: Life) -> None:
    await life.ban(a_ban(handle="umar_media", device_id=DEVICE))
    mirror = a_sign_up(handle="umar_media2", device_id=DEVICE)
    outcomes = await life.tell(life.screen, b"{", mirror, b"\xff", None)
    assert dead(outcomes) == ["not-json", "not-utf8", "empty"]
    assert len(life.alerts) == 1


async def test_an_expired_ban_is_not_found(life: Life) -> None:
    await life.ban(a_ban(handle="umar_media", device_id=DEVICE, expires_at=NOON + timedelta(hours=3)))
    life.seconds += 2 * 3600
    await life.tell(life.screen, a_sign_up(handle="umar_media2", device_id=DEVICE))
    assert life.alerts == []


async def test_a_large_batch_asks_in_groups_and_each_remembers_before_it_looks(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, int]] = []
    for name in ("remember", "bans_like"):
        real = getattr(MemoryStore, name)

        async def noted(
            store: MemoryStore, some: Any, *, _name: str = name, _real: Any = real, **how: Any
        ) -> Any:
            asked.append((_name, len(some)))
            return await _real(store, some, **how)

        noted.__name__ = name
        monkeypatch.setattr(MemoryStore, name, noted)
    strangers = [a_sign_up(str(number), handle=f"nobody{number}") for number in range(ASKED_AT_ONCE + 2)]
    await life.tell(life.screen, *strangers)
    assert asked == [
        ("remember", ASKED_AT_ONCE),
        ("bans_like", ASKED_AT_ONCE),
        ("remember", 2),
        ("bans_like", 2),
    ]


async def test_a_mirror_in_a_later_group_is_told_of_its_own_event(life: Life) -> None:
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    strangers = [a_sign_up(str(number), handle=f"nobody{number}") for number in range(ASKED_AT_ONCE)]
    mirror = a_sign_up("m", handle="umar_media_2", device_id=DEVICE)
    outcomes = await life.tell(life.screen, *strangers, mirror)
    assert [isinstance(outcome, Published) for outcome in outcomes] == [False] * ASKED_AT_ONCE + [True]


async def test_an_outage_of_the_store_is_held_and_not_swallowed(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def down(*_: object, **__: object) -> None:
        raise StoreUnavailable("Redis did not answer in time")

    monkeypatch.setattr(type(life.context.store), "remember", down)
    with pytest.raises(Transient):
        await life.tell(life.screen, a_sign_up(handle="umar_media"))
