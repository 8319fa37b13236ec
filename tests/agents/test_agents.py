"""Each agent on one record at a time: bans, sign-ups, changes, verdicts, deletions; and the bridge."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import count, permutations
from math import inf
from threading import get_ident
from typing import Any, cast

import pytest
from msgspec import structs
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from agents.bridge import Bridge
from agents.common.alerts.recall import recall
from agents.common.distil import ban_of, remembered_of
from agents.common.match import ASKED_AT_ONCE
from agents.common.snapshot import Snapshot, snapshot_of
from agents.common.tombstones import OCCURRED_AT_HEADER
from agents.common.yielder import HELD_SECONDS
from agents.judge import Judge
from agents.screen import withdraw_no_longer_similar
from samehand.alert_id import alert_id
from samehand.lineage import Descent
from samehand.pictures.stock import NO_STOCK, StockPictures
from schemas.accounts import AccountBanned, Avatar
from schemas.alerts import MirrorAlert
from schemas.decoding.dates import from_seconds
from schemas.mapping.compiler import compile_mappings
from schemas.mapping.fields import TARGETS
from schemas.verdicts import Verdict, VerdictGiven
from schemas.wire import Decoded, decode_alert_state, decode_created, decode_verdict, encode
from store.base import Remembered, Store
from store.bounds import Bounds
from store.errors import StoreUnavailable
from store.memory.store import MemoryStore
from streams.errors import Transient
from streams.kafka.mapped_topics import topic_of
from streams.kafka.topics import Names
from streams.off_loop import OFF_LOOP_BYTES
from streams.outcomes import NOTHING, Arrival, Dead, Outcome, Published
from streams.registry.client import Schema
from streams.registry.transcode import SchemaSource, Transcoder
from streams.telemetry.metrics import Metrics
from tests.agents.conftest import Life, MakeLife, dead
from tests.makers import (
    NOON,
    a_ban,
    a_change,
    a_deletion,
    a_listed_account,
    a_reinstatement,
    a_sign_up,
    a_verdict,
    an_old_account,
    arrival,
)
from tests.schemas.makers import as_json, record_of
from tests.streams.registry.makers import avro, of_wire
from tests.streams.registry.test_registry import Shelf
from tests.tables import for_each

# Bans become fingerprints; tombstones and late bans are taken in their order.

DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"


async def test_a_reinstatement_that_overtakes_its_ban_still_wins(life: Life) -> None:
    await life.tell(life.expunge, a_reinstatement("77"))
    (outcome,) = await life.tell(life.enrol, a_ban("77", handle="umar_media", device_id=DEVICE))
    assert isinstance(outcome, Published)
    assert [emit.value for emit in outcome.emits] == [None], "a rebuild must not enrol it again either"
    await life.tell(life.screen, a_sign_up(handle="umar_media2", device_id=DEVICE))
    assert life.alerts == []


async def test_a_tombstone_forgets_and_a_broken_one_is_a_dead_letter(life: Life) -> None:
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    assert await life.tell(life.enrol, None, key=b"telegram:77") == [NOTHING]
    await life.tell(life.screen, a_sign_up(handle="umar_media2", device_id=DEVICE))
    assert life.alerts == []
    assert dead(await life.tell(life.enrol, None, key=b"nobody")) == ["bad-format"]


async def test_bans_and_tombstones_of_one_batch_are_taken_in_their_order(life: Life) -> None:
    ban = a_ban("77", handle="umar_media", device_id=DEVICE)
    batch = [
        arrival(ban),
        arrival(None, key=b"telegram:77"),
        arrival(b"{"),
        arrival(a_ban("78", handle="other_one")),
    ]
    outcomes = await life.enrol(batch)
    assert len(outcomes) == 4
    assert dead(outcomes) == ["not-json"]
    standing = await life.context.store.bans(["telegram:77", "telegram:78"])
    assert [ban is not None for ban in standing] == [False, True]


async def test_searchable_counts_from_kafkas_stamp_not_from_when_a_listed_ban_occurred(life: Life) -> None:
    told = arrival(a_ban("77", at=NOON - timedelta(days=400), handle="umar_media"))
    await life.enrol([replace(told, timestamp=life.seconds - 2.0)])
    seconds = life.context.metrics.searchable_seconds
    assert seconds._sum.get() == 2.0


async def test_a_ban_that_is_told_a_day_late_is_known_to_the_day(life: Life) -> None:
    told = {
        number: arrival(a_ban(number, at=NOON - late, banned_at=NOON - late, handle="umar_media"))
        for number, late in (("77", timedelta(days=1)), ("78", timedelta(hours=23)))
    }
    await life.enrol([replace(one, timestamp=NOON.timestamp()) for one in told.values()])
    standing = await life.context.store.bans(["telegram:77", "telegram:78"])
    assert [ban and ban.fingerprints[0].at_is_day for ban in standing] == [True, False]
    assert [ban and ban.facts.banned_at for ban in standing] == [
        (NOON - timedelta(days=1)).timestamp(),
        (NOON - timedelta(hours=23)).timestamp(),
    ]


# A deleted account is no longer remembered.

BEFORE = NOON - timedelta(hours=1)


async def test_a_deleted_account_is_not_looked_back_at(life: Life) -> None:
    await life.tell(life.screen, a_sign_up("99", handle="umar_media2", device_id=DEVICE, at=BEFORE))
    await life.tell(life.forget, a_deletion("99"))
    await life.ban(a_ban(handle="umar_media", device_id=DEVICE))
    assert life.alerts == []


# Accounts that were there before are found by later bans, and by nothing else.

PROFILE: dict[str, Any] = {"handle": "umar_media", "device_id": "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"}
MIRROR: dict[str, Any] = {**PROFILE, "handle": "umar_media2"}


async def test_nobody_is_alerted_of_an_account_that_was_there_before(life: Life) -> None:
    await life.ban(a_ban(**PROFILE))
    await life.tell(life.remember, an_old_account(**MIRROR))
    assert life.alerts == []


async def test_a_snapshot_that_is_read_late_does_not_undo_what_is_newer(life: Life) -> None:
    await life.tell(life.screen, a_sign_up("99", handle="somebody_else", at=NOON - timedelta(minutes=5)))
    await life.tell(life.remember, an_old_account("99", **MIRROR))
    await life.ban(a_ban(**PROFILE))
    assert life.alerts == []


async def test_when_it_was_made_is_not_said_by_when_it_was_told(life: Life) -> None:
    await life.tell(life.remember, an_old_account("99", at=NOON, **MIRROR))
    [told] = await life.context.store.remembered(["telegram:99"], now=life.seconds)
    assert told is not None
    assert told.shown.begun is None
    assert told.shown.first == NOON.timestamp()


async def test_who_is_on_the_allowlist_is_not_remembered(make_life: MakeLife) -> None:
    life = make_life(allowlist=frozenset({"telegram:99"}))
    await life.tell(life.remember, an_old_account("99", **MIRROR))
    assert await life.context.store.remembered(["telegram:99"], now=life.seconds) == [None]


async def test_what_cannot_be_read_is_a_dead_letter_and_the_rest_is_remembered(life: Life) -> None:
    outcomes = await life.tell(life.remember, b"{", encode(an_old_account("99", **MIRROR)), None)
    assert dead(outcomes) == ["not-json", "empty"]
    assert await life.context.store.remembered(["telegram:99"], now=life.seconds) != [None]


# A ban that is lifted leaves nothing to alert on, in whatever order the records come.


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
    assert (withdrawn.withdrawn_reason, withdrawn.withdrawn_at) == ("reinstated", from_seconds(life.seconds))
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


# A new account is looked up among the banned, and remembered for bans to come.


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
    [(False, "56 characters", "52 characters"), (True, f"{BIO}, ask •••", BIO)],
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


async def test_a_repeated_event_is_told_once(life: Life) -> None:
    await life.ban(a_ban(handle="umar_media", device_id=DEVICE))
    event = a_sign_up(handle="umar_media_2", device_id=DEVICE)
    await life.tell(life.screen, event)
    await life.tell(life.screen, event)
    await life.tell(life.screen, event, event)
    assert len(life.alerts) == 1
    assert life.context.metrics.duplicates_suppressed._value.get() >= 1


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


async def test_a_picture_on_the_list_of_stock_is_no_evidence(make_life: MakeLife) -> None:
    picture = Avatar(pdq=bytes(range(0, 256, 8)).hex(), quality=90)
    signals = []
    for stock in (NO_STOCK, StockPictures([bytes((*range(0, 248, 8), 0))])):
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
    assert sorted(sum(other.alike for other in alert.others) for alert in life.alerts) == [0, 7]
    assert all(sum(not other.alike for other in alert.others) == 1 for alert in life.alerts)


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


# An account that slept for years and was then made into a mirror: found at its update, or in a list.


SIGNED_UP = NOON - timedelta(days=730)
TURNED: dict[str, Any] = {"handle": "umar_media_2", "bio": BIO, "device_id": DEVICE}


async def a_sleeper(life: Life) -> None:
    """99 signed up two years ago as somebody else and was sold; 77 was banned since."""
    now, life.seconds = life.seconds, (SIGNED_UP + timedelta(hours=1)).timestamp()
    await life.tell(life.screen, a_sign_up("99", at=SIGNED_UP, handle="salma_kitchen", device_id="another"))
    life.seconds = now
    assert await life.context.store.remembered(["telegram:99"], now=now) == [None]
    await life.ban(a_ban("77", handle="umar_media", bio=BIO, device_id=DEVICE))
    assert life.alerts == []


def signals(alert: MirrorAlert) -> set[str]:
    return {line.signal for line in (*alert.evidence, *alert.counter_evidence)}


async def test_sleeper_renamed_after_two_years_is_alerted_at_its_update(life: Life) -> None:
    await a_sleeper(life)
    await life.tell(life.changed, a_change("99", created_at=SIGNED_UP, **TURNED))
    (alert,) = life.alerts
    assert (alert.key, alert.matched.key, alert.direction) == ("telegram:99", "telegram:77", "update")
    assert alert.band == "likely"
    assert "timing" not in signals(alert), "it was not made at its change, and its age is no evidence"


async def test_sleeper_of_a_list_is_alerted_and_leaves_no_trace(life: Life) -> None:
    await a_sleeper(life)
    before = await life.context.store.figures()
    listed = [
        a_listed_account("99", **TURNED),
        a_listed_account("5", handle="nobody_like_it"),
        *[a_listed_account(f"like-{n}", handle="salma_kitchen", bio=BIO[::-1]) for n in range(9)],
    ]
    await life.tell(life.scan, *listed)
    (alert,) = life.alerts
    assert (alert.key, alert.direction, alert.band) == ("telegram:99", "scan", "likely")
    assert "timing" not in signals(alert), "nobody says when it was made"
    await life.relay()
    assert life.waves == []
    after = await life.context.store.figures()
    assert replace(after, unjudged=0, oldest_unjudged_at=None) == before
    keys = [record.key for record in listed]
    assert await life.context.store.remembered(keys, now=life.seconds) == [None] * len(keys)


@pytest.mark.parametrize("first", ["scan", "update"])
async def test_account_alerted_before_is_not_alerted_by_a_scan(life: Life, first: str) -> None:
    await a_sleeper(life)
    if first == "scan":
        await life.tell(life.scan, a_listed_account("99", **TURNED))
    else:
        await life.tell(life.changed, a_change("99", **TURNED))
    assert len(life.alerts) == 1
    again = a_listed_account("99", at=NOON + timedelta(hours=1), **TURNED)
    assert await life.tell(life.scan, again, again) == [NOTHING, NOTHING]
    assert len(life.alerts) == 1


async def test_record_whose_worker_died_before_it_was_published_is_alerted_by_its_repeat(life: Life) -> None:
    await a_sleeper(life)
    record = a_listed_account("99", **TURNED)
    await life.scan([arrival(record)])
    await life.tell(life.scan, record)
    assert [life.number(alert) for alert in life.alerts] == [1]


async def test_scan_does_not_change_who_showed_a_value_first(life: Life) -> None:
    """A list that names a banned account's words for the first time makes nobody their owner."""
    await life.tell(life.screen, a_sign_up("99", handle="umar_media"))
    before = await life.context.store.remembered(["telegram:99"], now=life.seconds)
    await life.tell(life.scan, a_listed_account("99", handle="salma_kitchen"))
    assert await life.context.store.remembered(["telegram:99"], now=life.seconds) == before


async def test_unreadable_record_of_a_list_is_a_dead_letter_and_a_deleted_account_is_not_alerted(
    life: Life,
) -> None:
    await a_sleeper(life)
    await life.tell(life.forget, a_deletion("99", at=NOON + timedelta(minutes=30)))
    assert dead(await life.tell(life.scan, b"{", a_listed_account("99", **TURNED))) == ["not-json"]
    assert life.alerts == []


async def test_account_from_before_the_introduction_is_not_taken_as_made_at_its_snapshot(life: Life) -> None:
    await life.tell(life.remember, an_old_account("99", at=NOON - timedelta(minutes=5), **TURNED))
    await life.ban(a_ban("77", handle="umar_media", bio=BIO, device_id=DEVICE))
    (alert,) = life.alerts
    assert "timing" not in signals(alert)


async def test_young_account_of_a_list_is_compared_by_when_it_was_made(life: Life) -> None:
    await a_sleeper(life)
    await life.tell(life.scan, a_listed_account("99", created_at=NOON + timedelta(minutes=7), **TURNED))
    told = {line.signal: line.because for line in life.alerts[0].evidence}
    assert told["timing"] == "The account was made 7 minutes after the ban."


# Which alerts a change of an account ends, and which it must not.


async def alerted(life: Life) -> tuple[Remembered, Snapshot]:
    """An open alert about 99, and how 99 looks after a change into somebody else."""
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    await life.tell(life.screen, a_sign_up("99", handle="umar_media2", device_id=DEVICE))
    assert len(life.alerts) == 1
    changed = remembered_of(a_change("99", handle="salma_kitchen"), life.context.keyers)
    return changed, await snapshot_of(life.context, 0.0)


async def owed(life: Life) -> list[str | None]:
    """Why something is owed."""
    return [it.reason for it in await life.context.store.owed("holder", now=life.seconds)]


async def test_what_shares_no_pepper_cannot_be_compared_and_ends_nothing(life: Life) -> None:
    changed, snapshot = await alerted(life)
    foreign = tuple(replace(one, pepper_id=9) for one in changed.fingerprints)
    await withdraw_no_longer_similar([replace(changed, fingerprints=foreign)], snapshot, life.context)
    assert await owed(life) == []


# Whatever ends an alert takes it back and says why: an own ban, deletions, changes, verdicts.


LATER = NOON + timedelta(minutes=50)


async def open_alert(life: Life) -> MirrorAlert:
    """An open alert: 99 resembles 77, which is banned."""
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    await life.tell(life.screen, a_sign_up("99", handle="umar_media2", device_id=DEVICE))
    (alert,) = life.alerts
    return alert


async def last(life: Life) -> tuple[str, int, str | None, bool]:
    """The last word: status, revision, why, and whether it still quotes anybody."""
    await life.relay()
    alert = life.alerts[-1]
    lines = as_json(alert)["evidence"]
    return (
        alert.status,
        life.number(alert),
        alert.withdrawn_reason,
        any(it["ours"] or it["theirs"] for it in lines),
    )


async def ended(life: Life, how: str, alert: MirrorAlert) -> None:
    """The first end of an alert, after which the desk still quotes what a decision rested on."""
    if how == "account-banned":
        await life.ban(a_ban("99", handle="umar_media2", device_id=DEVICE, at=LATER))
    elif how == "verdict":
        await life.tell(life.judge, a_verdict(alert.alert_id, "not_mirror"))
    else:
        await life.tell(life.changed, a_change("99", handle="salma_kitchen", at=LATER))


@pytest.mark.parametrize("relayed", [True, False], ids=["told", "still owed"])
@pytest.mark.parametrize("first", ["account-banned", "verdict", "no-longer-resembles"])
@pytest.mark.parametrize("then", ["reinstated", "ban-forgotten", "account-deleted"])
@pytest.mark.parametrize("who", ["77", "99"])
async def test_who_is_forgotten_after_an_alert_ended_is_forgotten_by_its_readers_once(
    life: Life, who: str, then: str, first: str, relayed: bool
) -> None:
    await ended(life, first, await open_alert(life))
    if relayed:
        await life.relay()
        life.seconds += 400 * 86_400
    at = LATER + timedelta(minutes=1)
    for _ in range(2):  # delivered again
        if then == "reinstated":
            await life.tell(life.expunge, a_reinstatement(who, at=at))
        elif then == "ban-forgotten":
            moment = {OCCURRED_AT_HEADER: repr(at.timestamp()).encode()}
            await life.tell(life.enrol, None, key=f"telegram:{who}".encode(), headers=moment)
        else:
            await life.tell(life.forget, a_deletion(who, at=at))
        await life.relay()
    status, _, reason, quotes = await last(life)
    assert (status, reason, quotes) == ("withdrawn", then, False)
    told = [alert.withdrawn_reason for alert in life.alerts if alert.status == "withdrawn"]
    assert told == ([first, then] if relayed else [then])
    assert life.states == {}


async def test_the_deletion_of_a_banned_account_does_not_end_its_ban(life: Life) -> None:
    await open_alert(life)
    await life.tell(life.forget, a_deletion("77", at=LATER))
    await life.tell(life.screen, a_sign_up("100", handle="umar_media3", device_id=DEVICE, at=LATER))
    assert life.alerts[-1].account_id == "100"


async def test_a_deletion_that_is_older_than_the_account_withdraws_nothing(life: Life) -> None:
    await open_alert(life)
    await life.tell(life.forget, a_deletion("99", at=NOON - timedelta(days=1)))
    assert (await last(life))[:2] == ("open", 1)


async def test_a_change_after_which_nothing_is_alike_withdraws_and_leaves_it_to_be_read(life: Life) -> None:
    """Neither account is to be forgotten, and whoever changed its profile may have had a reason to."""
    await open_alert(life)
    await life.tell(life.changed, a_change("99", handle="salma_kitchen", at=LATER))
    assert await last(life) == ("withdrawn", 2, "no-longer-resembles", True)
    turned = a_change("99", handle="umar_media2", device_id=DEVICE, at=LATER + timedelta(minutes=1))
    await life.tell(life.changed, turned)
    assert (await last(life))[:2] == ("open", 3)


async def test_an_older_change_that_comes_late_withdraws_nothing(life: Life) -> None:
    await open_alert(life)
    await life.tell(life.changed, a_change("99", handle="salma_kitchen", at=NOON - timedelta(days=1)))
    assert (await last(life))[:2] == ("open", 1)


@pytest.mark.parametrize("verdict", ["mirror", "unsure"])
async def test_another_verdict_does_not(life: Life, verdict: Verdict) -> None:
    alert = await open_alert(life)
    await life.tell(life.judge, a_verdict(alert.alert_id, verdict))
    assert (await last(life))[:2] == ("open", 1)


async def test_a_verdict_that_comes_after_the_ban_it_led_to_still_makes_a_family(life: Life) -> None:
    alert = await open_alert(life)
    await life.ban(a_ban("99", handle="umar_media2", device_id=DEVICE, at=LATER))
    await life.relay()
    await life.tell(life.judge, a_verdict(alert.alert_id, "mirror"))
    (descent,) = await life.context.store.descents(["telegram:99"])
    assert descent is not None
    assert (descent.root_id, descent.generation) == ("telegram:77", 1)
    assert precision(life) == "1.0"


async def test_a_verdict_on_an_alert_that_nobody_knows_is_counted_and_is_no_precision(life: Life) -> None:
    assert await life.tell(life.judge, a_verdict("0" * 32, "mirror")) == [NOTHING]
    told = life.context.metrics.exposition().decode()
    assert 'samehand_verdicts_total{band="none",verdict="mirror"} 1.0' in told
    assert not re.search(r"samehand_judged_scripts_total\{.*\} 1", told)
    assert 'samehand_precision_ratio{band="none"}' not in told


async def test_reinstated_after_its_own_ban_it_is_told_again(life: Life) -> None:
    await open_alert(life)
    await life.ban(a_ban("99", handle="umar_media2", device_id=DEVICE, at=LATER))
    await life.tell(life.expunge, a_reinstatement("99", at=LATER + timedelta(minutes=1)))
    await life.relay()
    seen = a_change("99", handle="umar_media2", device_id=DEVICE, at=LATER + timedelta(minutes=2))
    await life.tell(life.changed, seen)
    assert (await last(life))[:2] == ("open", 4)


def precision(life: Life) -> str:
    """The share of mirrors among verdicts on the band of the only alert."""
    band = life.alerts[0].band
    (row,) = (
        row
        for row in life.context.metrics.exposition().decode().splitlines()
        if row.startswith(f'samehand_precision_ratio{{band="{band}"}}')
    )
    return row.rpartition(" ")[2]


# What moderators decide changes what is alerted next.


RETURN = a_sign_up("99", handle="umar_media2", device_id=DEVICE)


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


async def test_what_was_judged_waits_for_nobody(life: Life) -> None:
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    await life.tell(life.screen, a_sign_up("99", handle="umar_media2", device_id=DEVICE))
    assert (await life.context.store.figures()).unjudged == 1
    await life.tell(life.judge, a_verdict(life.alerts[0].alert_id, "unsure"))
    assert (await life.context.store.figures()).unjudged == 0


async def a_mirror(life: Life) -> MirrorAlert:
    """An alert on an account that came back on the same device."""
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    await life.tell(life.screen, RETURN)
    return life.alerts[-1]


def later(alert: MirrorAlert, verdict: Verdict, minutes: int, **fields: object) -> VerdictGiven:
    """A verdict so many minutes after the others."""
    one = a_verdict(alert.alert_id, verdict)
    return structs.replace(one, decided_at=one.decided_at + timedelta(minutes=minutes), **fields)


class TestTakingBack:
    @pytest.mark.parametrize("told", [True, False], ids=["told", "not told yet"])
    @pytest.mark.parametrize("verdict", ["mirror", "unsure"])
    async def test_a_dismissal_that_is_taken_back_opens_the_alert_again(
        self, life: Life, verdict: Verdict, told: bool
    ) -> None:
        alert = await a_mirror(life)
        await life.tell(life.judge, a_verdict(alert.alert_id, "not_mirror"))
        if told:
            await life.relay()
        await life.tell(life.judge, later(alert, verdict, 5))
        await life.relay()
        assert life.alerts[-1] == structs.replace(alert, revision=alert.revision + 2)
        assert reopened(life) == 1
        await life.tell(life.screen, RETURN)
        await life.relay()
        assert life.number(life.alerts[-1]) == 3, "it is told already"

    async def test_an_alert_that_a_worker_opened_before_it_died_gets_its_second_look(
        self, life: Life
    ) -> None:
        alert = await a_mirror(life)
        own = ban_of(a_ban("99", at=NOON + timedelta(hours=1)), life.context.keyers)
        await life.context.store.enrol([own], now=life.seconds)  # its worker looked while it was closed
        await life.tell(life.judge, a_verdict(alert.alert_id, "mirror"))
        await life.relay()
        last = life.alerts[-1]
        assert (last.status, last.withdrawn_reason) == ("withdrawn", "account-banned")

    async def test_who_was_confirmed_by_mistake_leaves_the_family_though_banned_meanwhile(
        self, life: Life
    ) -> None:
        alert = await a_mirror(life)
        await life.tell(life.judge, a_verdict(alert.alert_id, "mirror"))
        await life.ban(a_ban("99", handle="umar_media2", device_id=DEVICE, at=NOON + timedelta(minutes=50)))
        assert await family(life, "telegram:99") == ("telegram:77", 1)
        await life.tell(life.judge, later(alert, "not_mirror", 20))
        assert await family(life, "telegram:99") == ("telegram:99", 0)
        await life.tell(life.judge, later(alert, "mirror", 21))
        assert await family(life, "telegram:99") == ("telegram:77", 1)

    async def test_a_ban_that_was_lifted_meanwhile_does_not_come_back(self, life: Life) -> None:
        alert = await a_mirror(life)
        await life.ban(a_ban("99", handle="umar_media2", device_id=DEVICE, at=NOON + timedelta(minutes=50)))
        await life.tell(life.expunge, a_reinstatement("99", at=NOON + timedelta(minutes=55)))
        await life.tell(life.judge, a_verdict(alert.alert_id, "mirror"))
        assert await life.context.store.bans(["telegram:99"]) == [None]

    async def test_a_repeat_and_an_earlier_verdict_that_comes_late_change_nothing(self, life: Life) -> None:
        alert = await a_mirror(life)
        dismissed = later(alert, "not_mirror", 0, verdict_id="v1")
        confirmed = later(alert, "mirror", 5, verdict_id="v2")
        await life.tell(life.judge, confirmed)
        await life.tell(life.judge, dismissed, confirmed, dismissed)
        await life.relay()
        assert [it.status for it in life.alerts] == ["open"]
        assert counted(life, "mirror") == 1.0
        assert counted(life, "not_mirror") == 0.0
        await life.ban(a_ban("99", handle="umar_media2", device_id=DEVICE, at=NOON + timedelta(minutes=50)))
        assert await family(life, "telegram:99") == ("telegram:77", 1)

    async def test_a_record_without_an_id_counts_once_too(self, life: Life) -> None:
        alert = await a_mirror(life)
        verdict = a_verdict(alert.alert_id, "mirror")
        await life.tell(life.judge, verdict, verdict)
        await life.tell(life.judge, verdict)
        assert counted(life, "mirror") == 1.0

    async def test_a_golden_item_decides_nothing(self, life: Life) -> None:
        alert = await a_mirror(life)
        await life.tell(life.judge, later(alert, "not_mirror", 0, golden=True))
        await life.relay()
        assert [it.status for it in life.alerts] == ["open"]
        assert counted(life, "not_mirror") == 0.0
        assert (await life.context.store.figures()).unjudged == 1

    @pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
    async def test_whatever_order_they_come_in_and_wherever_a_worker_dies_the_latest_holds(
        self, make_life: MakeLife, order: tuple[int, ...]
    ) -> None:
        calls, lived = 0, False
        while not lived:
            calls += 1
            life = make_life()
            alert = await a_mirror(life)
            await life.ban(
                a_ban("99", handle="umar_media2", device_id=DEVICE, at=NOON + timedelta(minutes=5))
            )
            words: list[Verdict] = ["not_mirror", "mirror", "unsure"]
            verdicts = [later(alert, word, place) for place, word in enumerate(words)]
            lived = await told_dying(life, [verdicts[place] for place in order], calls)
            await life.relay()
            assert await family(life, "telegram:99") == ("telegram:99", 0), calls
            (held,) = await life.context.store.decided([alert.alert_id])
            assert held is not None
            assert held.verdict == "unsure"
        assert calls > 10


async def told_dying(life: Life, verdicts: Sequence[VerdictGiven], calls: int) -> bool:
    """Tells one after the other; the worker dies once, after so many calls of the store, and begins again.

    Whether it lived through all of it.
    """
    dying = Dying(life.context.store, calls)
    context = dataclasses.replace(life.context, store=cast(Store, dying))
    for verdict in verdicts:
        try:
            await Judge(context)([arrival(verdict)])
        except StoreUnavailableNow:
            await life.tell(life.judge, verdict)  # what was not acknowledged is delivered again
    return dying.left > 0


class StoreUnavailableNow(Exception):  # a death, not a fault of ours
    """The worker is gone."""


class Dying:
    """A store whose caller is killed after so many answers, once."""

    def __init__(self, store: Store, calls: int) -> None:
        self._store = store
        self.left = calls

    def __getattr__(self, name: str) -> Any:
        async def call(*arguments: Any, **how: Any) -> Any:
            answer = await getattr(self._store, name)(*arguments, **how)
            self.left -= 1
            if self.left == 0:
                raise StoreUnavailableNow
            return answer

        return call


def counted(life: Life, verdict: str) -> float:
    """Verdicts of a kind that this process counted."""
    return sum(
        sample.value
        for metric in life.context.metrics.registry.collect()
        for sample in metric.samples
        if sample.name == "samehand_verdicts_total" and sample.labels["verdict"] == verdict
    )


def reopened(life: Life) -> float:
    """Alerts that were opened again."""
    return life.context.metrics.registry.get_sample_value("samehand_alerts_reopened_total") or 0.0


async def family(life: Life, account: str) -> tuple[str, int]:
    """The founder and the generation of a banned account."""
    (ban,) = await life.context.store.bans([account])
    assert ban is not None
    return ban.facts.descent.root_id, ban.facts.descent.generation


# A ban that names the alert it follows from, and families whatever comes first, again, or after a loss.


FIRST, SECOND, THIRD = "telegram:77", "telegram:99", "telegram:111"


def banned(account: str, because_of: str | None = None, minutes: int = 50) -> AccountBanned:
    """A ban of an account that always uses the same device."""
    at, account_id = NOON + timedelta(minutes=minutes), account.partition(":")[2]
    return a_ban(account_id, handle=f"umar_{account_id}", device_id=DEVICE, at=at, because_of=because_of)


async def alerted_on(life: Life, account: str) -> None:
    account_id = account.partition(":")[2]
    await life.tell(life.screen, a_sign_up(account_id, handle=f"umar_{account_id}", device_id=DEVICE))


async def ban(life: Life, *bans: AccountBanned | bytes) -> list[VerdictGiven]:
    """Enrols bans. Returns the verdicts that this published, which nobody has read yet."""
    return [
        read.record
        for outcome in await life.tell(life.enrol, *bans)
        for emit in (outcome.emits if isinstance(outcome, Published) else ())
        if emit.topic == life.context.topics.verdicts
        and isinstance(read := decode_verdict(emit.value, now=life.seconds), Decoded)
    ]


async def descent(life: Life, account: str) -> tuple[str, int]:
    (found,) = await life.context.store.bans([account])
    assert found is not None
    return found.facts.descent.root_id, found.facts.descent.generation


def unusable(life: Life) -> dict[str, float]:
    """How often `because_of` was left out, by reason."""
    return {
        sample.labels["reason"]: sample.value
        for metric in life.context.metrics.registry.collect()
        for sample in metric.samples
        if sample.name == "samehand_fields_unusable_total" and sample.labels["field"] == "because_of"
    }


def by_generation(life: Life, metric: str) -> dict[str, float]:
    return {
        sample.labels["generation"]: sample.value
        for family in life.context.metrics.registry.collect()
        for sample in family.samples
        if sample.name == metric
    }


async def a_chain(life: Life) -> list[VerdictGiven]:
    """Three accounts, each banned because of the alert on the one before; the verdicts that bans gave."""
    await ban(life, banned(FIRST))
    await alerted_on(life, SECOND)
    given = await ban(life, banned(SECOND, alert_id(SECOND, FIRST)))
    await life.tell(life.judge, *given)
    await alerted_on(life, THIRD)
    given += await ban(life, banned(THIRD, alert_id(THIRD, SECOND)))
    await life.tell(life.judge, given[-1])
    await life.relay()
    return given


async def test_ban_joins_the_family_of_its_alert_without_a_verdict_of_a_reviewer(life: Life) -> None:
    given = await a_chain(life)
    assert [await descent(life, it) for it in (FIRST, SECOND, THIRD)] == [(FIRST, 0), (FIRST, 1), (FIRST, 2)]
    assert [(it.verdict, it.given_by, it.alert_id) for it in given] == [
        ("mirror", "ban", alert_id(SECOND, FIRST)),
        ("mirror", "ban", alert_id(THIRD, SECOND)),
    ]
    assert await ban(life, banned(SECOND, alert_id(SECOND, FIRST))) == [], "known by now"
    assert not unusable(life)
    assert by_generation(life, "samehand_bans_enrolled_total") == {"0": 1, "1": 1, "2": 1, "3-5": 0, "6+": 0}
    alerts = by_generation(life, "samehand_alert_generations_total")
    assert (alerts["0"], alerts["1"]) == (1, 1)
    verdicts = life.context.metrics.registry.get_sample_value(
        "samehand_verdicts_total", {"verdict": "mirror", "band": "likely"}
    )
    assert verdicts == 0, "nobody judged how right alerts are"


async def test_alert_that_a_ban_must_not_name_is_counted_and_the_ban_enrolled(life: Life) -> None:
    await ban(life, banned(FIRST))
    await alerted_on(life, SECOND)
    await alerted_on(life, THIRD)
    malformed = as_json(banned(SECOND, "x", minutes=53)) | {"because_of": ["x"]}
    for named in (
        banned(SECOND, "0" * 32),
        banned(SECOND, alert_id(THIRD, FIRST), minutes=51),  # a stranger's
        json.dumps(malformed).encode(),
    ):
        assert await ban(life, named) == []
        assert await descent(life, SECOND) == (SECOND, 0)
    assert unusable(life) == {"unknown-alert": 1, "other-account": 1, "wrong-type": 1}
    assert (await life.context.store.descents([THIRD, FIRST])) == [None, None]


@pytest.mark.parametrize("order", list(permutations(range(4))))
async def test_cut_link_stays_cut_until_a_person_takes_the_cut_back(life: Life, order: Sequence[int]) -> None:
    named = alert_id(SECOND, FIRST)
    await ban(life, banned(FIRST))
    await alerted_on(life, SECOND)
    given = await ban(life, banned(SECOND, named))
    by_ban, mirror = given[0], a_verdict(named, "mirror")
    cut = structs.replace(mirror, verdict="unsure", decided_at=NOON + timedelta(minutes=45), verdict_id="cut")
    restored = structs.replace(mirror, decided_at=NOON + timedelta(minutes=46), verdict_id="restored")
    # A ban that was dated after the cut is none the stronger for it.
    again = structs.replace(by_ban, decided_at=NOON + timedelta(minutes=90), verdict_id="ban-again")
    records = [by_ban, mirror, cut, again]
    for place in order:
        await life.tell(life.judge, records[place])
        await ban(life, banned(SECOND, named, minutes=60 + place))
    assert await descent(life, SECOND) == (SECOND, 0)
    assert await ban(life, banned(SECOND, named, minutes=70)) == []
    await life.tell(life.judge, *records)
    assert await descent(life, SECOND) == (SECOND, 0)
    await life.tell(life.judge, restored, *records)
    await ban(life, banned(SECOND, named, minutes=80))
    assert await descent(life, SECOND) == (FIRST, 1)


async def test_dismissed_alert_joins_no_family_by_a_ban(life: Life) -> None:
    await ban(life, banned(FIRST))
    await alerted_on(life, SECOND)
    await life.tell(life.judge, a_verdict(alert_id(SECOND, FIRST), "not_mirror"))
    assert await ban(life, banned(SECOND, alert_id(SECOND, FIRST))) == []
    assert await descent(life, SECOND) == (SECOND, 0)
    assert not unusable(life), "a reviewer's word is no fault of the ban"


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("cut", [False, True])
async def test_rebuilt_store_has_the_same_families_whatever_partition_is_read_first(
    life: Life, backwards: bool, cut: bool
) -> None:
    verdicts = await a_chain(life)
    if cut:
        taken_back = structs.replace(a_verdict(alert_id(SECOND, FIRST), "unsure"), verdict_id="cut")
        await life.tell(life.judge, taken_back)
        verdicts = [*verdicts, taken_back]
    accounts = (FIRST, SECOND, THIRD)
    before = [await descent(life, account) for account in accounts]
    assert before == ([(FIRST, 0), (SECOND, 0), (SECOND, 1)] if cut else [(FIRST, 0), (FIRST, 1), (FIRST, 2)])
    anew = Life(replace(life.context, store=MemoryStore(Bounds())), life.seconds)
    named = {SECOND: alert_id(SECOND, FIRST), THIRD: alert_id(THIRD, SECOND)}
    for account in reversed(accounts):
        await ban(anew, banned(account, named.get(account)))
    await anew.judge.hold([arrival(it) for it in verdicts])
    states = [decode_alert_state(value, now=inf) for value in life.states.values()]
    await recall([it.record for it in states if isinstance(it, Decoded)], anew.context)
    for given in reversed(verdicts) if backwards else verdicts:
        await anew.tell(anew.judge, given)
    for account in accounts:  # what workers deliver again
        await ban(anew, banned(account, named.get(account)))
    assert [await descent(anew, account) for account in accounts] == before


async def test_lifted_ban_withdraws_alerts_on_either_side_and_descendants_stay(life: Life) -> None:
    await a_chain(life)
    await alerted_on(life, "telegram:131")
    before = len(life.alerts)
    await life.tell(life.expunge, a_reinstatement("99", at=NOON + timedelta(hours=1)))
    await life.relay()
    ended = {it.alert_id: it.withdrawn_reason for it in life.alerts[before:]}
    assert ended[alert_id(THIRD, SECOND)] == ended[alert_id(SECOND, FIRST)] == "reinstated"
    assert alert_id("telegram:131", THIRD) not in ended
    assert await descent(life, THIRD) == (FIRST, 2)


async def test_account_banned_again_because_of_the_same_alert_stays_in_its_family(life: Life) -> None:
    named = alert_id(SECOND, FIRST)
    await ban(life, banned(FIRST))
    await alerted_on(life, SECOND)
    await life.tell(life.judge, *await ban(life, banned(SECOND, named)))
    await life.relay()
    await life.tell(life.expunge, a_reinstatement("99", at=NOON + timedelta(minutes=55)))
    await life.relay()
    await alerted_on(life, SECOND)
    await life.tell(life.judge, *await ban(life, banned(SECOND, named, minutes=70)))
    assert await life.context.store.descents([SECOND]) == [Descent(FIRST, 1)], (
        "as what is decided later reads it"
    )
    assert await ban(life, banned(SECOND, named, minutes=71)) == [], "known by now"


async def test_ban_that_names_its_alert_late_moves_the_mirrors_below_it(life: Life) -> None:
    await ban(life, banned(FIRST))
    await alerted_on(life, SECOND)
    await ban(life, banned(SECOND))
    await life.relay()
    await alerted_on(life, THIRD)
    await life.tell(life.judge, *await ban(life, banned(THIRD, alert_id(THIRD, SECOND))))
    assert await descent(life, THIRD) == (SECOND, 1)
    given = await ban(life, banned(SECOND, alert_id(SECOND, FIRST), minutes=60))  # enrolled with its family
    await life.tell(life.judge, *given)
    assert [await descent(life, it) for it in (SECOND, THIRD)] == [(FIRST, 1), (FIRST, 2)]


# A bridge publishes what its table makes of a record, and nothing else of it.


TOPIC = "shop.users"
MAPPING = f"""
[topics."{TOPIC}"]
format = "json"
constants = {{ platform = "shop" }}
fields = {{ account_id = "id", occurred_at = "at", email = "mail" }}
[[topics."{TOPIC}".rules]]
when = "kind == 'signup'"
as = "created"
"""
SECRET = "umar@example.org"


class Shop:
    """A bridge with its meters; each look at the clock is a held turn later."""

    def __init__(self, now: float = NOON.timestamp(), registry: SchemaSource | None = None) -> None:
        self.metrics = Metrics(CollectorRegistry(), topics=[TOPIC])
        text = MAPPING if registry is None else MAPPING.replace('"json"', '"avro"')
        [mapping] = compile_mappings(text.encode(), "m").topics.values()
        ticks = count(0.0, 2 * HELD_SECONDS)
        transcoder = None if registry is None else Transcoder(registry, lambda: 0.0)
        self.bridge = Bridge(
            mapping,
            Names("t."),
            self.metrics,
            transcoder=transcoder,
            now=lambda: now,
            ticks=lambda: next(ticks),
        )

    async def told(self, *values: Any) -> list[Outcome]:
        """What becomes of records."""
        raws = [it if isinstance(it, bytes) else json.dumps(it).encode() for it in values]
        return await self.bridge([arrival(raw, topic=TOPIC, key=b"7") for raw in raws])


def signup(**more: Any) -> dict[str, Any]:
    return {"kind": "signup", "id": 7, "at": NOON.isoformat(), "mail": SECRET, **more}


async def test_a_record_of_ours_goes_to_our_topic_under_our_key() -> None:
    [outcome] = await Shop().told(signup())
    assert isinstance(outcome, Published)
    [emit] = outcome.emits
    assert (emit.topic, emit.key) == ("t.accounts.created", b"shop:7")
    assert record_of(decode_created(emit.value, now=NOON.timestamp())).account.email == SECRET


async def test_what_no_rule_takes_is_nothing_and_what_does_not_map_is_a_dead_letter_without_values() -> None:
    nothing, dead, rubbish = await Shop().told({"kind": "login"}, signup(id=[SECRET]), SECRET.encode())
    assert nothing == NOTHING
    assert dead == Dead("wrong-type", "$.account.account_id", "Expected `str`, got `array`, from `id`")
    assert isinstance(rubbish, Dead)
    assert SECRET not in f"{dead}{rubbish}"


async def test_what_a_record_came_without_is_counted_on_the_foreign_topic() -> None:
    shop = Shop()
    [outcome] = await shop.told(signup(mail={"address": SECRET}))
    assert isinstance(outcome, Published)
    assert shop.metrics.fields_unusable.labels(TOPIC, "email", "wrong-type")._value.get() == 1


async def test_a_value_that_no_worker_reads_is_counted_and_logged_once_by_its_shape() -> None:
    shop = Shop()
    with capture_logs() as logs:
        await shop.told(*[signup(mail=mail) for mail in ("umar example org", "umar#example", "umar")])
    assert shop.metrics.fields_unusable.labels(TOPIC, "email", "unreadable")._value.get() == 3
    [line] = logs
    assert (line["field"], line["example"]) == ("email", "xxxx xxxxxxx xxx")
    assert "umar" not in str(line)


async def test_a_slow_clock_of_ours_makes_no_dead_letters() -> None:
    [outcome] = await Shop(now=NOON.timestamp() - 86_400).told(signup())
    assert isinstance(outcome, Published), "Kafka stamped it at noon, so noon has been"


async def test_others_get_their_turn_within_a_batch() -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(others())
    await Shop().told(*[signup()] * 100)
    beside.cancel()
    assert turns >= 12


async def test_large_records_are_read_off_the_loop_and_small_ones_on_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop, threads = Shop(), []
    decided = shop.bridge._decided

    def noting(record: Arrival) -> Outcome:
        threads.append(get_ident() == main)
        return decided(record)

    main = get_ident()
    monkeypatch.setattr(shop.bridge, "_decided", noting)
    small, large = await shop.told(signup(), signup(bio="x" * OFF_LOOP_BYTES))
    assert isinstance(small, Published)
    assert isinstance(large, Published)
    assert threads == [True, False]


@for_each("kind", TARGETS)
def test_every_kind_of_record_has_a_topic_of_ours(kind: Any) -> None:
    assert topic_of(Names())[kind] == f"accounts.{kind}"


SIGNUP_SCHEMA: dict[str, Any] = {
    "type": "record",
    "name": "Signup",
    "fields": [{"name": name, "type": "string"} for name in ("kind", "id", "at", "mail")],
}


def of_avro(id_: int = 1) -> bytes:
    row = {"kind": "signup", "id": "7", "at": NOON.isoformat(), "mail": SECRET}
    return of_wire(id_, avro(SIGNUP_SCHEMA, row))


async def test_a_record_of_avro_is_read_by_the_schema_of_its_registry() -> None:
    shop = Shop(registry=Shelf({1: Schema("AVRO", text=json.dumps(SIGNUP_SCHEMA))}))
    good, unknown, wrong = await shop.told(of_avro(), of_avro(id_=2), b"{}")
    assert isinstance(good, Published)
    assert isinstance(unknown, Dead)
    assert (unknown.reason, unknown.detail) == ("unprocessable", "schema 2: the registry has no such schema")
    assert isinstance(wrong, Dead)
    assert wrong.detail == "the value is not in Confluent's wire format"


async def test_a_decimal_beyond_its_schema_is_a_dead_letter_at_once() -> None:
    amount = {"type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 2}
    schema = {**SIGNUP_SCHEMA, "fields": [{"name": "amount", "type": amount}, *SIGNUP_SCHEMA["fields"]]}
    shop = Shop(registry=Shelf({1: Schema("AVRO", text=json.dumps(schema))}))
    [outcome] = await shop.told(of_wire(1, b"\x80\x80\x40" + b"\1" * 2**19))
    assert outcome == Dead(
        "bad-format", "$", "schema 1: a decimal has more digits than its schema's precision"
    )


async def test_a_registry_that_is_away_holds_the_partition_and_makes_no_dead_letter() -> None:
    shelf = Shelf({1: Schema("AVRO", text=json.dumps(SIGNUP_SCHEMA))}, away=True)
    shop = Shop(registry=shelf)
    with pytest.raises(Transient):
        await shop.told(of_avro())
    shelf.away = False
    assert isinstance((await shop.told(of_avro()))[0], Published)
