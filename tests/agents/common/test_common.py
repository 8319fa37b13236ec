"""What agents share: records read and converted, what cannot be read, weights in force, withdrawals."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from dataclasses import replace as replace_fields
from datetime import datetime, timedelta, timezone
from math import inf
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from agents.common.alerts.compose import evidence_lines, innocent_reasons, matched_of
from agents.common.alerts.propose import PendingAlert
from agents.common.alerts.recall import recalled_of
from agents.common.alerts.states import state_emit
from agents.common.alerts.withdrawal import QUOTING, record_of
from agents.common.context import OPERATIONS
from agents.common.decoding import itself, read_all
from agents.common.distil import (
    QUOTED_BIO_CHARS,
    account_of,
    ban_of,
    distilled,
    quoted_of,
    remembered_of,
    with_remembered,
)
from agents.common.metric_labels import fired
from agents.common.queries.related import related
from agents.common.tombstones import OCCURRED_AT_HEADER, occurred_at
from agents.common.unusable_fields import UnusableFields, shape_of
from agents.common.yielder import TURN_RECORDS, Yielder, offload
from samehand.scoring.evidence import Evidence, InnocentReason, Score
from samehand.showings import Showings, Span
from schemas import examples
from schemas.accounts import Account, AccountDeleted, AccountEvent, Avatar, Basis
from schemas.alerts import QUOTES_REMOVED, WITHDRAWN_REASONS, AlertSummary, MirrorAlert, WithdrawnReason
from schemas.decoding.dates import from_seconds
from schemas.examples import ALERT
from schemas.internal.related import RELATED_MAX
from schemas.record import Record
from schemas.unusable import FieldFault, Unusable
from schemas.wire import Decoded, decode_alert_state, decode_deleted, encode
from store.base import OpenAlert, Owed, SummaryCounts
from store.errors import StoreEmptied, StoreMismatch, StoreUnavailable
from store.pepper.pepper import Pepper
from streams.errors import Transient
from streams.outcomes import NOTHING, Arrival
from tests.agents.conftest import Life, MakeLife, dead
from tests.makers import NOON, a_ban, a_change, a_deletion, a_listed_account, a_sign_up, a_verdict, arrival
from tests.samehand.test_pictures import encoded, needs_extra, pillow
from tests.tables import for_each

# Between the wire and the mind nothing is lost and nothing personal is added.


KEYERS = ((1, Pepper(1, b"p" * 32).digest),)
HMAC = "ab" * 10


def an_account(profile: dict[str, Any]) -> Account:
    return Account(account_id="1", **profile)


def test_every_field_of_a_profile_arrives() -> None:
    wire = Account(
        account_id="7",
        handle="umar_media",
        display_name="Umar",
        bio="news",
        links=("https://t.me/umar",),
        locale="ur-PK",
        email="u@valley.example",
        phone="+923012345678",
        device_id="d",
        ip="39.40.12.7",
        user_agent="ua",
        payment_token="tok_1",
        referrer="r",
        avatar=Avatar(pdq="0f" * 32, quality=90),
    )
    account = account_of("telegram", wire)
    assert account.key == "telegram:7"
    for name in ("handle", "display_name", "bio", "links", "locale", "email", "phone", "device_id", "ip"):
        assert getattr(account, name) == getattr(wire, name)
    assert (account.user_agent, account.payment_token, account.referrer) == ("ua", "tok_1", "r")
    assert account.avatar is not None
    assert account.avatar.pdq == bytes.fromhex("0f" * 32)
    assert not account.already_keyed


@for_each(
    ("field", "raw", "name"),
    [
        ("email_hmac", "email", "email"),
        ("phone_hmac", "phone", "phone"),
        ("device_hmac", "device_id", "device"),
        ("ip_hmac", "ip", "ip"),
        ("payment_hmac", "payment_token", "payment"),
    ],
)
def test_the_platforms_own_digest_counts_where_there_is_no_raw_value(field: str, raw: str, name: str) -> None:
    keyed = account_of("x", an_account({field: HMAC}))
    assert keyed.already_keyed == {name: bytes.fromhex(HMAC)}
    both = account_of("x", an_account({field: HMAC, raw: "given"}))
    assert not both.already_keyed


def test_public_words_are_quoted_without_numbers_and_addresses() -> None:
    quoted = quoted_of(
        Account(account_id="1", handle="umar", display_name="Umar +92 301 2345678 u@v.example")
    )
    assert quoted.handle == "umar"
    assert "2345678" not in quoted.display_name
    assert "@" not in quoted.display_name


def test_self_description_is_quoted_on_demand_alone_redacted_and_cut() -> None:
    account = Account(account_id="1", bio="Call +92 301 2345678 or u@v.example, daily")
    assert quoted_of(account).bio == ""
    quoted = quoted_of(account, bio=True).bio
    assert quoted.startswith("Call •••")
    assert "2345678" not in quoted
    assert "@" not in quoted
    whole = quoted_of(Account(account_id="1", bio="b" * QUOTED_BIO_CHARS), bio=True).bio
    assert whole == "b" * QUOTED_BIO_CHARS
    cut = quoted_of(Account(account_id="1", bio="b" * (QUOTED_BIO_CHARS + 1)), bio=True).bio
    assert cut == "b" * (QUOTED_BIO_CHARS - 1) + "…"


def test_self_description_too_long_to_be_redacted_whole_is_quoted_without_its_end() -> None:
    """Masks make it short, so that it is cut for its length alone."""
    numbers = "0301 2345678, " * 60
    for length, quoted in ((1_000, 160), (1_001, 160 - 128), (2_000, 160 - 128)):
        bio = numbers + "b" * (length - len(numbers))
        words = quoted_of(Account(account_id="1", bio=bio), bio=True).bio
        assert words.removesuffix("…") == "•••, " * 60 + "b" * quoted


@for_each("before", range(985, 1_000))
def test_number_where_a_self_description_is_cut_is_not_quoted(before: int) -> None:
    masked = "+92 301 2345678, " * 40
    bio = masked + "b" * (before - len(masked)) + " 0301 2345678" + " end" * 9
    quoted = quoted_of(Account(account_id="1", bio=bio), bio=True).bio
    assert not set(quoted) & set("0123456789")


@for_each(
    ("basis", "kept"),
    [
        (None, (None, None, ())),
        (Basis(authority="platform", reference="case-7"), ("platform", "case-7", ())),
        (Basis(authority="PK", reference="N-7", programmes=("1",)), ("PK", "N-7", ("1",))),
    ],
)
def test_ban_keeps_its_basis(
    basis: Basis | None, kept: tuple[str | None, str | None, tuple[str, ...]]
) -> None:
    facts = ban_of(structs.replace(a_ban("7", handle="umar"), basis=basis), KEYERS).facts
    assert (facts.basis_authority, facts.basis_reference, facts.basis_programmes) == kept


def test_a_ban_without_a_date_gives_no_timing() -> None:
    ban = ban_of(a_ban("7", banned_at=None, handle="umar"), KEYERS)
    assert ban.facts.banned_at is None
    assert [fingerprint.at for fingerprint in ban.fingerprints] == [None]
    assert ban.facts.descent.root_id == "telegram:7"
    assert matched_of(ban.facts).banned_at is None


PAKISTAN = timezone(timedelta(hours=5))
MIDNIGHT = NOON - timedelta(hours=12)
ASIDE = datetime(NOON.year, NOON.month, NOON.day, tzinfo=PAKISTAN)


@for_each(
    ("banned_at", "told_after", "moment"),
    [
        (NOON, timedelta(0), NOON),
        (NOON, timedelta(hours=23), NOON),
        (NOON, timedelta(days=1), MIDNIGHT),
        (MIDNIGHT, timedelta(0), MIDNIGHT),
        (ASIDE, timedelta(0), MIDNIGHT),
        (ASIDE + timedelta(seconds=1), timedelta(0), ASIDE + timedelta(seconds=1)),
    ],
)
def test_of_a_date_without_a_time_and_of_a_ban_told_late_the_day_is_known(
    banned_at: datetime, told_after: timedelta, moment: datetime
) -> None:
    event = a_ban("7", banned_at=banned_at, handle="umar")
    believed_from = (banned_at + told_after - timedelta(days=1)).timestamp()
    ban = ban_of(event, KEYERS, believed_from=believed_from)
    assert [fingerprint.at for fingerprint in ban.fingerprints] == [moment.timestamp()]
    assert ban.fingerprints[0].at_is_day is (moment == MIDNIGHT)
    assert ban.facts.banned_at == banned_at.timestamp()


def test_a_row_of_a_file_has_no_record_that_could_be_late() -> None:
    ban = ban_of(a_ban("7", banned_at=NOON, handle="umar"), KEYERS)
    assert ban.fingerprints[0].at == NOON.timestamp()


MADE = NOON - timedelta(days=30)


@for_each(
    ("event", "at"),
    [
        (a_sign_up("9", at=NOON, created_at=MADE - timedelta(days=1)), NOON),
        (a_change("9", at=NOON), NOON),
        (a_change("9", at=NOON, created_at=MADE), MADE),
        (a_change("9", at=NOON, created_at=MADE - timedelta(seconds=1)), None),  # it may have been bought
        (a_change("9", at=NOON, created_at=NOON + timedelta(seconds=1)), NOON),  # of another clock
        (a_listed_account("9", at=NOON), None),
        (a_listed_account("9", at=NOON, created_at=MADE), MADE),
        (a_listed_account("9", at=NOON, created_at=NOON), NOON),
    ],
)
def test_an_account_that_is_thirty_days_old_at_most_began_when_it_was_made(
    event: AccountEvent, at: datetime | None
) -> None:
    [fingerprint] = remembered_of(event, KEYERS).fingerprints
    assert fingerprint.at == (None if at is None else at.timestamp())


@for_each(
    ("event", "begun"),
    [
        (a_sign_up("9", at=NOON), NOON),
        (a_sign_up("9", at=NOON, created_at=MADE), MADE),
        (a_sign_up("9", at=NOON, created_at=NOON + timedelta(hours=1)), NOON),
        (a_change("9", at=NOON), None),
        (a_change("9", at=NOON, created_at=MADE), MADE),
        (a_change("9", at=NOON, created_at=NOON + timedelta(hours=1)), None),
    ],
)
def test_an_account_showed_nothing_before_it_was_made(event: AccountEvent, begun: datetime | None) -> None:
    shown = remembered_of(event, KEYERS).shown
    assert shown == Showings(None if begun is None else int(begun.timestamp()), int(NOON.timestamp()))


def test_what_a_rival_explains_stands_under_evidence_whatever_it_weighs() -> None:
    lines = (
        Evidence("device", 0.0, "same", "The same device. A household explains it.", explained=True),
        Evidence(
            "network", -0.2, "same-prefix", "The same network. A household explains it.", explained=True
        ),
        Evidence("handle", 2.0, "part", "Alike."),
        Evidence("locale", 0.0, "other-language", "Different."),
    )
    rivals = (InnocentReason("household", 0.75, ("device", "network"), "Two of a household."),)
    found = Score(-3.0, lines, -1.2, 0.23, "none", rivals)
    event = a_sign_up("1", at=NOON, handle="umar")
    (mine,), words = remembered_of(event, KEYERS).fingerprints, quoted_of(event.account)
    both = (found.evidence, found.counter_evidence)
    evidence, against = (evidence_lines(some, mine, mine, words, words) for some in both)
    assert [(it.signal, it.explained) for it in evidence] == [
        ("handle", False),
        ("device", True),
        ("network", True),
    ]
    assert [(it.signal, it.explained) for it in against] == [("locale", False)]
    assert [(it.name, it.takes, it.covers, it.sentence) for it in innocent_reasons(found)] == [
        ("household", 0.75, ("device", "network"), "Two of a household.")
    ]


def test_a_ban_takes_over_since_when_its_account_shows_its_values() -> None:
    ban = ban_of(a_ban("9", at=NOON, handle="umar", bio="honey and candles"), KEYERS)
    before = remembered_of(a_sign_up("9", at=MADE, handle="umar"), KEYERS)
    seconds = int(MADE.timestamp())
    taken = with_remembered(ban, before).facts.shown
    assert (taken.of("handle"), taken.of("avatar")) == (Span(seconds, seconds), Span(seconds, seconds))
    assert taken.of("bio") == Span(int(NOON.timestamp()), int(NOON.timestamp()))
    assert with_remembered(ban, None) == ban


def test_of_a_state_after_the_ban_the_account_s_beginning_counts_alone() -> None:
    ban = ban_of(a_ban("9", at=NOON, handle="umar"), KEYERS)
    later = remembered_of(a_change("9", at=NOON + timedelta(hours=1), created_at=MADE, handle="umar"), KEYERS)
    assert with_remembered(ban, later).facts.shown == Showings(int(MADE.timestamp()), int(NOON.timestamp()))


# What agents are given: the store's outages as delivery knows them, and its time on a clock.


async def failing(fault: Exception) -> None:
    raise fault


@pytest.mark.parametrize("fault", [StoreUnavailable("away"), StoreEmptied("emptied")])
async def test_an_outage_is_waited_out(life: Life, fault: Exception) -> None:
    with pytest.raises(Transient, match=str(fault)):
        await life.context.call_store(failing(fault))


async def test_a_store_of_another_make_is_no_outage(life: Life) -> None:
    with pytest.raises(StoreMismatch):
        await life.context.call_store(failing(StoreMismatch("other layout")))


async def test_every_question_is_timed_under_its_name(life: Life) -> None:
    await life.context.call_store(life.context.store.bans(["x:1"]))
    text = life.context.metrics.exposition().decode()
    assert 'samehand_store_seconds_count{operation="bans"} 1.0' in text
    assert {"enrol", "remember", "bans_like", "propose", "confirm"} <= set(OPERATIONS)


# A batch is read record by record: one that cannot be read does not cost its neighbours.


def test_a_record_on_which_our_own_logic_fails_is_a_dead_letter_that_quotes_nothing(life: Life) -> None:
    def breaks(found: Decoded[AccountDeleted]) -> None:
        raise RuntimeError(f"about {found.record.account_id}")

    outcomes, ready = read_all([arrival(a_deletion("umar"))], decode_deleted, life.context, breaks)
    assert ready == []
    assert dead(outcomes) == ["logic-fault"]
    assert "umar" not in str(outcomes)


def test_fields_that_this_version_does_not_know_are_counted(life: Life) -> None:
    raw = arrival(a_deletion("1")).value
    assert raw is not None
    read_all([arrival(raw[:-1] + b',"novel":1}', topic="t")], decode_deleted, life.context, itself)
    shown = life.context.metrics.exposition().decode()
    assert 'samehand_unknown_fields_total{topic="t"} 1.0' in shown
    assert 'fields_unusable_total{field="unknown",reason="unknown-field",topic="t"} 1.0' in shown


def test_a_worker_whose_clock_is_slow_believes_the_record_that_kafka_stamped(life: Life) -> None:
    life.seconds = (NOON - timedelta(hours=1)).timestamp()
    event = arrival(a_deletion("1", at=NOON))  # stamped at noon
    outcomes, ready = read_all([event], decode_deleted, life.context, itself)
    assert (outcomes, len(ready)) == ([NOTHING], 1)


def test_a_date_after_the_record_itself_is_held_against_foreign_records_alone(life: Life) -> None:
    life.seconds = NOON.timestamp()
    event = arrival(a_deletion("1", at=NOON + timedelta(hours=1)))
    assert dead(read_all([event], decode_deleted, life.context, itself)[0]) == ["future-date"]
    assert len(read_all([event], decode_deleted, life.context, itself, ours=True)[1]) == 1


# What could not be read of an account is counted, and goes with it to the alerts about it.


def test_what_could_not_be_read_goes_with_the_account_and_is_counted(life: Life) -> None:
    left_out = Unusable("phone", FieldFault.WRONG_TYPE)
    found = Decoded(a_sign_up("99", handle="umar_media", ip="nope"), unusable=(left_out,))
    account = distilled(found, life.context.topics.created, life.context)
    assert (account.account, account.quoted.handle) == ("telegram:99", "umar_media")
    assert set(account.not_read) == {left_out, Unusable("ip", FieldFault.UNREADABLE)}
    counted = life.context.metrics.fields_unusable.labels(life.context.topics.created, "ip", "unreadable")
    assert counted._value.get() == 1


# What agents count beside their work: which signals fire, which cannot be read, whom verdicts dismiss.

DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"
PICTURE = b"\x89PNG\r\n\x1a\n"


def counted(life: Life, name: str, **labels: str) -> float:
    return life.context.metrics.registry.get_sample_value(f"samehand_{name}_total", labels) or 0.0


async def test_the_signals_of_published_alerts_are_counted_and_no_others(life: Life) -> None:
    await life.ban(a_ban(handle="umar_media", device_id=DEVICE))
    await life.tell(life.screen, a_sign_up(handle="umar_media_2", device_id=DEVICE))
    await life.tell(life.screen, a_sign_up(handle="nobody_of_note"))
    assert counted(life, "signals", signal="handle") == 1.0
    assert counted(life, "signals", signal="device") == 1.0
    (alert,) = life.alerts
    idle = structs.replace(alert.evidence[0], signal="rule", weight=0.0, explained=False)
    explained = structs.replace(idle, signal="bio", explained=True)
    several = structs.replace(alert, evidence=(*alert.evidence, idle, explained))
    assert fired(several) == fired(alert) | {"bio"}


@pytest.mark.parametrize(
    ("avatar", "times"),
    [
        (None, 0.0),
        (Avatar(pdq="0f" * 32, quality=90), 0.0),
        (Avatar(pdq=bytes(range(0, 256, 8)).hex(), quality=90, image=PICTURE), 0.0),
        (Avatar(image=PICTURE), 1.0),
    ],
    ids=["no avatar", "a hash", "a hash and its picture", "a picture that nothing here reads"],
)
async def test_a_picture_that_cannot_be_read_is_counted(
    life: Life, avatar: Avatar | None, times: float
) -> None:
    await life.tell(life.screen, a_sign_up(handle="umar_media", avatar=avatar))
    assert counted(life, "signal_unavailable", signal="avatar") == times


@needs_extra
async def test_a_picture_too_flat_to_say_anything_was_read(life: Life) -> None:
    flat = encoded(pillow().new("RGB", (64, 64), "teal"), "PNG")
    await life.tell(life.screen, a_sign_up(handle="umar_media", avatar=Avatar(image=flat)))
    assert counted(life, "signal_unavailable", signal="avatar") == 0.0


@pytest.mark.parametrize(("name", "script"), [("zarghun kakar", "latin"), ("زرغون کاکر", "arabic")])
async def test_a_dismissal_counts_by_the_script_of_the_names_it_judged(
    life: Life, name: str, script: str
) -> None:
    await life.ban(a_ban(display_name=name, device_id=DEVICE))
    await life.tell(life.screen, a_sign_up(display_name=name, device_id=DEVICE))
    await life.tell(life.judge, a_verdict(life.alerts[0].alert_id, "not_mirror"))
    assert counted(life, "judged_scripts", script=script, verdict="not_mirror") == 1.0


# Others run while a batch is worked on, and not more often than they need.


# Only a batch that may hold pictures leaves the event loop, and every other gives it its turns.


def yielder() -> Yielder:
    return Yielder(time.perf_counter)


def where(some: Sequence[Arrival]) -> int:
    return threading.get_ident()


@for_each(
    ("value", "elsewhere"),
    [(b'{"account":{"avatar":{"image":"aGk="}}}', True), (b"{}", False), (None, False)],
)
async def test_a_batch_with_a_picture_is_read_in_a_thread(value: bytes | None, elsewhere: bool) -> None:
    [(_, there)] = await offload([arrival(b"{}"), arrival(value)], where, yielder())
    assert (there != threading.get_ident()) is elsewhere


async def test_parts_come_with_the_place_of_their_first_record() -> None:
    count = 2 * TURN_RECORDS + 1
    parts = await offload([arrival(b"{}") for _ in range(count)], len, yielder())
    assert parts == [(0, TURN_RECORDS), (TURN_RECORDS, TURN_RECORDS), (2 * TURN_RECORDS, 1)]


async def test_the_loop_gets_its_turn_within_a_batch_of_heavy_records() -> None:
    """Five hundred records of 10 ms each would hold it for five seconds, longer than a probe waits."""
    beats = 0

    async def heartbeat() -> None:
        nonlocal beats
        while True:
            beats += 1
            await asyncio.sleep(0)

    beating = asyncio.create_task(heartbeat())
    await offload([arrival(b"{}")] * 10 * TURN_RECORDS, lambda some: time.sleep(0.004 * len(some)), yielder())
    beating.cancel()
    assert beats >= 10


async def test_a_defect_of_reading_comes_out() -> None:
    def fails(some: Sequence[Arrival]) -> None:
        raise RuntimeError("ours")

    with pytest.raises(RuntimeError, match="ours"):
        await offload([arrival(b'{"image":1}')], fails, yielder())


# The counter of unreadable values: what it counts, and what it shows of a value.


@for_each(
    ("value", "shape"),
    [
        ("0301 2345678", "0••• •••••••"),
        ("00 92 301", "00 •• •••"),
        ("+92-x", "+••-x"),
        ("nope", "xxxx"),
        ("203.0.113.24, 10.0.0.1", "•••.•.•••.••, ••.•.•.•"),
        ("عمر@\u202e۳", "xxx@•"),
        ("9" * 80, "•" * 40 + "…"),
    ],
)
def test_a_value_is_shown_by_its_shape(value: str, shape: str) -> None:
    assert shape_of(value) == shape


@given(st.text(min_size=1))
def test_no_letter_and_no_digit_but_zeros_in_front_is_shown(value: str) -> None:
    shape = shape_of(value).lstrip("+ ").removeprefix("0").removeprefix("0")
    assert not [sign for sign in shape if sign.isalnum() and sign != "x"]


def test_a_national_number_with_its_locale_is_readable_as_it_is_to_a_worker() -> None:
    unusable = UnusableFields()
    unusable.add(a_sign_up(phone="0301 2345678", locale="ur-PK"), ())
    assert unusable.rows == []
    unusable.add(a_sign_up(phone="0301 2345678"), ())
    assert [(row["field"], row["records"]) for row in unusable.rows] == [("phone", 1)]


def test_what_the_schema_left_out_is_counted_whatever_the_record_is() -> None:
    unusable = UnusableFields()
    for record in (a_sign_up(), a_verdict("alert-1", "mirror")):
        unusable.add(
            record, (Unusable("email", FieldFault.WRONG_TYPE), Unusable("locale", FieldFault.TOO_LONG))
        )
    counted = [(row["field"], row["reason"], row["records"]) for row in unusable.rows]
    assert counted == [("email", "wrong-type", 2), ("locale", "too-long", 2)]


def test_most_frequent_fields_and_shapes_come_first_and_words_for_nothing_are_none() -> None:
    unusable = UnusableFields()
    for phone in ("n/a", "-", "NULL", "0000", "nope", "0301 2345678", "0322 1111111"):
        unusable.add(a_sign_up(phone=phone, email="n/a"), ())
    unusable.add(a_sign_up(email="nope"), ())
    several, once = unusable.sentences
    assert several.startswith(
        "phone: unreadable in 3 records, such as 0••• ••••••• (2), xxxx (1). Phones need +"
    )
    assert once.startswith("email: unreadable in 1 record, such as xxxx.")


# Who is like an account: what is found, how it is scored, and how much of it is told.


async def test_probability_is_that_of_the_alert_from_either_side(life: Life) -> None:
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    await life.tell(life.screen, a_sign_up("99", handle="um4r_media_2", device_id=DEVICE))
    (alert,) = life.alerts
    for account in ("telegram:99", "telegram:77"):
        (one,) = (await related(account, life.context)).related
        assert one.probability == pytest.approx(alert.probability, abs=0.01)
        assert {"device", "handle"} <= set(one.agrees)


async def test_pair_below_the_bands_is_told(life: Life) -> None:
    await life.ban(a_ban("77", handle="umar_media", display_name="Umar Media"))
    late = NOON + timedelta(days=20)
    life.seconds = late.timestamp()
    await life.tell(life.screen, a_sign_up("99", handle="umar_kitchen", display_name="Umar Media", at=late))
    assert life.alerts == []
    (one,) = (await related("telegram:99", life.context)).related
    assert (one.account_id, "name" in one.agrees) == ("77", True)
    assert one.probability < life.context.weighing.weights.alerting_min


async def test_no_more_of_either_are_told_than_half_and_the_likeliest_first(life: Life) -> None:
    await life.tell(life.remember, *[a_sign_up(str(n), device_id=DEVICE) for n in range(RELATED_MAX)])
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    found = await related("telegram:77", life.context)
    chances = [one.probability for one in found.related]
    assert (len(chances), chances) == (RELATED_MAX // 2, sorted(chances, reverse=True))


async def test_likelier_account_is_told_before_a_less_likely_one(life: Life) -> None:
    await life.tell(
        life.remember,
        a_sign_up("1", handle="q1x", device_id=DEVICE),
        a_sign_up("2", handle="um4r_media", device_id=DEVICE),
    )
    await life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    found = (await related("telegram:77", life.context)).related
    assert [one.account_id for one in found] == ["2", "1"]
    assert found[0].probability > found[1].probability


async def test_of_two_who_are_not_banned_what_one_copied_of_the_other_is_set_aside(life: Life) -> None:
    words, early = "kilns of the northern valley, and what survives them", NOON - timedelta(hours=6)
    first = a_sign_up("1", handle="kite_lodz", bio=words, at=early, device_id=DEVICE)
    copier = a_sign_up("2", handle="plain_roses", bio=words, at=early + timedelta(hours=1), device_id=DEVICE)
    await life.tell(life.screen, first)
    await life.tell(life.screen, copier)
    told = {of: (await related(f"telegram:{of}", life.context)).related[0] for of in ("1", "2")}
    assert {of: "bio" in one.agrees for of, one in told.items()} == {"1": True, "2": False}


async def test_another_platform_is_left_out_where_alerts_leave_it_out(make_life: MakeLife) -> None:
    for across, count in ((True, 1), (False, 0)):
        life = make_life(across_platforms=across)
        await life.ban(a_ban("77", platform="x", handle="umar_media", device_id=DEVICE))
        await life.tell(life.screen, a_sign_up("99", handle="umar_media", device_id=DEVICE))
        assert len((await related("telegram:99", life.context)).related) == count


# A state says what the store needs to know an alert again, and quotes nobody.

SEEN_AT, SINCE = ALERT.detected_at.timestamp() - 60, ALERT.detected_at.timestamp()


def test_state_is_sent_after_its_alert_under_its_id(life: Life) -> None:
    emit = state_emit(ALERT, seen_at=SEEN_AT, since=SINCE, context=life.context)
    assert (emit.topic, emit.key, emit.last) == ("t.alerts.state", ALERT.alert_id.encode(), True)
    read = decode_alert_state(emit.value, now=inf)
    assert isinstance(read, Decoded)
    alert = recalled_of(read.record)
    assert (alert.account, alert.banned, alert.band) == ("x:9907", "x:2201", "likely")
    assert (alert.revision, alert.open, alert.seen_at) == (ALERT.revision, True, SEEN_AT)
    assert b"northwind" not in alert.payload


# A tombstone says when: by its header, or else by the broker's clock.


@for_each("headers", [{}, {"other": b"7"}, {OCCURRED_AT_HEADER: b"soon"}])
def test_one_that_somebody_else_wrote_occurred_when_the_broker_took_it(headers: dict[str, bytes]) -> None:
    assert occurred_at(arrival(None, headers=headers)) == NOON.timestamp()


# An alert on its way names the event that claims it.


def test_the_event_that_claims_an_alert_is_named_and_a_ban_is_not() -> None:
    def of(claimant: str) -> str | None:
        return PendingAlert("a1", 1, claimant, "likely", "forward", "", None, "x:1").event_id

    assert of("forward:01J9:Z") == "01J9:Z"
    assert of("update:e") == "e"
    assert of("lookback:x:1:2.0") is None
    assert of("") is None


# What consumers are told of an alert that is taken back.

AT = 1_795_528_800.0


def owed(record: Record | bytes, reason: WithdrawnReason = "reinstated", revision: int = 2) -> Owed:
    """Something that the store owes."""
    payload = record if isinstance(record, bytes) else encode(record)
    return Owed(OpenAlert("a1", "x:9907", "x:2201", "likely", 1, payload, AT), revision, reason, AT)


@for_each("reason", WITHDRAWN_REASONS)
def test_a_withdrawal_says_why_and_when_under_its_own_revision(reason: WithdrawnReason) -> None:
    found = record_of(owed(examples.ALERT, reason, 7))
    assert isinstance(found, MirrorAlert)
    assert (found.status, found.revision, found.withdrawn_reason) == ("withdrawn", 7, reason)
    assert found.withdrawn_at == from_seconds(AT)
    assert found.fault() is None, "it still adds up"


@for_each("reason", WITHDRAWN_REASONS)
def test_it_quotes_nobody_who_is_to_be_forgotten(reason: WithdrawnReason) -> None:
    found = record_of(owed(examples.ALERT, reason))
    assert isinstance(found, MirrorAlert)
    lines = (*found.evidence, *found.counter_evidence)
    if reason in QUOTING:
        assert (*examples.ALERT.evidence, *examples.ALERT.counter_evidence) == lines
    else:
        assert {(line.ours, line.theirs, line.because) for line in lines} == {("", "", QUOTES_REMOVED)}
        assert found.others == ()


def test_an_open_summary_has_the_counts_of_now() -> None:
    one = replace_fields(owed(examples.SUMMARY, revision=4), reason=None, counts=SummaryCounts(50, 2, 7))
    found = record_of(one)
    assert isinstance(found, AlertSummary)
    assert (found.status, found.revision, found.withdrawn_reason) == ("open", 4, None)
    assert (found.published, found.withheld_likely, found.withheld_possible) == (50, 2, 7)


def test_an_alert_that_is_open_again_is_told_as_it_stood_whatever_was_stored_of_its_withdrawal() -> None:
    again = replace_fields(owed(examples.WITHDRAWN), reason=None, revision=3)
    assert record_of(again) == structs.replace(
        examples.WITHDRAWN, revision=3, status="open", withdrawn_at=None, withdrawn_reason=None
    )
