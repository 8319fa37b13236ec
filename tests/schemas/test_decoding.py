"""The door: any bytes give a value, repaired where that harms nobody, and a value says what was wrong."""

from __future__ import annotations

import csv
import io
import json
import re
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import schemas
from schemas import examples, malformed, wire
from schemas.accounts import Account, AccountEvent, Avatar, Tombstone
from schemas.decoding.dates import CLAMP_SECONDS_MAX, from_seconds
from schemas.decoding.faults import from_syntax, from_validation
from schemas.decoding.repair import Repair, plain_values
from schemas.examples import EXAMPLES
from schemas.fields import BIO_CHARS_MAX
from schemas.generate import RECORDS
from schemas.malformed import REASONS, Malformed
from schemas.mapping.csvrows import CsvRow, banned_from_csv, created_from_csv
from schemas.record import Record
from schemas.unusable import FieldFault
from schemas.wire import MESSAGE_BYTES_MAX, Decoded, decode_banned, decode_created, encode
from tests.schemas.makers import NOW, a_ban, a_created, as_json, fault, left_out, record_of
from tests.schemas.strategies import json_values, records
from tests.tables import for_each

# The door: any bytes give a value, and a value says what was wrong without saying whose it was.


DECODERS: dict[str, Callable[..., Any]] = {
    "accounts.created": wire.decode_created,
    "accounts.updated": wire.decode_updated,
    "accounts.remembered": wire.decode_remembered,
    "accounts.scanned": wire.decode_scanned,
    "accounts.deleted": wire.decode_deleted,
    "accounts.banned": wire.decode_banned,
    "accounts.reinstated": wire.decode_reinstated,
    "accounts.actioned": wire.decode_actioned,
    "alerts": wire.decode_alert,
    "alerts.sample": wire.decode_alert,
    "alerts.state": wire.decode_alert_state,
    "alerts.waves": wire.decode_wave,
    "alerts.verdicts": wire.decode_verdict,
    "appeals.decided": wire.decode_appeal_decided,
    "fingerprints.enrolled": wire.decode_enrolled,
    "deadletters": wire.decode_letter,
    "gate.audit": wire.decode_related_asked,
}
TOPICS = sorted(DECODERS)
UNVERSIONED = {"alerts", "alerts.sample", "deadletters"}
LETTERED = [(topic, record) for topic in TOPICS for record in EXAMPLES[topic]]


def an_outcome(topic: str, raw: bytes) -> Decoded[Any] | Malformed:
    """What a decoder says; that it says one of two things is the first thing every test here asserts."""
    outcome = DECODERS[topic](raw, now=NOW)
    assert isinstance(outcome, Decoded | Malformed)
    if isinstance(outcome, Malformed):
        assert outcome.reason in REASONS
        assert outcome.path.startswith("$")
        assert len(outcome.path) < 100
        assert len(outcome.detail) < 100
    else:
        encode(outcome.record)  # what was taken can be sent on
    return outcome


# --- what is taken ---


def test_every_topic_has_a_decoder() -> None:
    assert sorted(RECORDS) == TOPICS


# Of each of two dozen records a third of the examples: they share their fields.
@settings(
    max_examples=max(1, settings().max_examples // 3),
    suppress_health_check=[HealthCheck.too_slow],
    deadline=None,
)
@given(st.data())
@pytest.mark.parametrize(
    ("topic", "record_type"), [(topic, kind) for topic in TOPICS for kind in RECORDS[topic]]
)
def test_every_legal_record_comes_back_as_it_was_sent(
    topic: str, record_type: type[Record], data: st.DataObject
) -> None:
    record = data.draw(records(record_type))
    raw = encode(record)
    assert an_outcome(topic, raw) == Decoded(record, unknown_fields=0, clamped=False)
    assert encode(record) == raw


def test_unknown_fields_are_ignored_and_counted_in_both_places() -> None:
    event = {**as_json(examples.CREATED), "trace": {"deep": [1]}, "shard": 3}
    event["account"]["followers"] = 12
    outcome = decode_created(msgspec.json.encode(event), now=NOW)
    assert outcome == Decoded(examples.CREATED, unknown_fields=3)


def test_unknown_fields_further_in_are_ignored() -> None:
    outcome = decode_banned(a_ban(basis={"authority": "UN", "page": 4}), now=NOW)
    assert isinstance(outcome, Decoded)
    assert outcome.unknown_fields == 0


def test_a_field_is_known_however_its_name_is_escaped() -> None:
    raw = encode(examples.CREATED).replace(b'"account":', b'"acc\\u006funt":')
    assert decode_created(raw, now=NOW) == Decoded(examples.CREATED)
    more = raw.replace(b'"version":1', b'"version":1,"more":1')
    assert decode_created(more, now=NOW) == Decoded(examples.CREATED, unknown_fields=1)


def test_of_duplicate_keys_the_last_wins() -> None:
    raw = a_created(account_id="1").replace(b'"account_id":"1"', b'"account_id":"1","account_id":"2"')
    assert raw.count(b"account_id") == 2
    outcome = decode_created(raw, now=NOW)
    assert record_of(outcome).account.account_id == "2"
    assert isinstance(outcome, Decoded)
    assert outcome.unknown_fields == 0


def test_null_means_absent_where_a_field_is_optional() -> None:
    assert record_of(decode_created(a_created(handle=None), now=NOW)).account.handle is None
    assert left_out(decode_created(a_created(links=None), now=NOW)) == (("links", "wrong-type"),)


def test_a_ban_without_a_value_is_a_tombstone_and_nothing_else_is() -> None:
    assert decode_banned(None, now=NOW) == Tombstone()
    assert fault(decode_banned(b"", now=NOW)) == ("empty", "$")
    assert fault(decode_banned(b"null", now=NOW)) == ("wrong-type", "$")
    for topic in TOPICS:
        if topic != "accounts.banned":
            assert fault(DECODERS[topic](None, now=NOW)) == ("empty", "$")


# --- what is refused ---


@for_each(
    ("raw", "reason"),
    [
        (b"{", "not-json"),
        (b"nonsense", "not-json"),
        (b"\xef\xbb\xbf{}", "not-json"),
        (b'{"version":NaN}', "not-json"),
        (b'{"version":Infinity}', "not-json"),
        (b'{"a":01}', "not-json"),
        (b'{"a":"\x00"}', "not-json"),
        (b"\x00", "not-json"),
        (b"[]", "wrong-type"),
        (b'"text"', "wrong-type"),
        (b"\xff\xfe", "not-utf8"),
        ('{"a":"ü"}'.encode("latin-1"), "not-utf8"),
        ('{"a":"b"}'.encode("utf-16"), "not-utf8"),
        (b'{"unknown":"\xed\xa0\x80"}', "not-utf8"),
        (b'{"unknown\xff":1}', "not-utf8"),
        (b'{"unknown":"\\ud83c', "not-json"),
    ],
)
def test_what_is_not_json_is_refused_wherever_the_fault_lies(raw: bytes, reason: str) -> None:
    assert fault(decode_created(raw, now=NOW)) == (reason, "$")


def test_numbers_beyond_all_limits_are_refused() -> None:
    raw = encode(examples.ALERT).replace(b'"prior":-10.5', b'"prior":1e999')
    assert fault(wire.decode_alert(raw, now=NOW)) == ("out-of-range", "$.prior")
    raw = encode(examples.ALERT).replace(b'"fold_version":1', b'"fold_version":' + b"9" * 10_000)
    assert fault(wire.decode_alert(raw, now=NOW))[0] == "out-of-range"


def test_a_message_is_taken_up_to_one_mebibyte() -> None:
    event = as_json(examples.CREATED)
    room = MESSAGE_BYTES_MAX - len(msgspec.json.encode({**event, "padding": ""}))
    full = msgspec.json.encode({**event, "padding": "x" * room})
    assert len(full) == MESSAGE_BYTES_MAX
    assert decode_created(full, now=NOW) == Decoded(examples.CREATED, unknown_fields=1)
    assert fault(decode_created(full + b" ", now=NOW)) == ("too-large", "$")


@for_each("version", [0, 3, 999, -1])
@for_each("topic", [topic for topic in TOPICS if topic not in UNVERSIONED])
def test_an_unknown_version_is_said_to_be_one(topic: str, version: int) -> None:
    raw = msgspec.json.encode({**as_json(EXAMPLES[topic][0]), "version": version})
    assert fault(an_outcome(topic, raw)) == ("unknown-version", "$.version")


def test_an_unknown_version_is_the_reason_even_where_it_changed_everything_else() -> None:
    raw = b'{"account":[1],"platform":7,"version":2}'
    assert fault(decode_created(raw, now=NOW)) == ("unknown-version", "$.version")
    assert fault(decode_created(b'{"account":[1],"version":"two"}', now=NOW))[0] == "wrong-type"


BOMBS = {"array": (b"[", b"]"), "object": (b'{"a":', b"}")}


@for_each("closed", [True, False])
@for_each("kind", BOMBS)
@for_each(
    "place", [b"%s", b'{"unknown":%s}', b'{"account":%s}', b'{"account":{"links":%s}}', b'{"version":%s}']
)
@for_each("topic", TOPICS)
def test_a_nested_bomb_is_refused(topic: str, place: bytes, kind: str, closed: bool) -> None:
    opening, closing = BOMBS[kind]
    bomb = opening * 100_000 + (b"1" + closing * 100_000 if closed else b"")
    assert isinstance(an_outcome(topic, place % bomb), Malformed)


def test_a_bomb_in_an_unknown_field_is_named() -> None:
    raw = encode(examples.CREATED)[:-1] + b',"unknown":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
    assert fault(decode_created(raw, now=NOW)) == ("nested-too-deep", "$")


@for_each(("topic", "record"), LETTERED)
def test_no_beginning_of_a_message_is_a_message(topic: str, record: Record) -> None:
    raw = encode(record)
    for end in range(len(raw)):
        assert isinstance(an_outcome(topic, raw[:end]), Malformed)


# --- nothing raises, nothing leaks ---


@given(st.sampled_from(TOPICS), st.binary(max_size=200))
def test_arbitrary_bytes_never_raise(topic: str, raw: bytes) -> None:
    an_outcome(topic, raw)


@given(st.data(), st.sampled_from(LETTERED))
def test_damaged_bytes_never_raise(data: st.DataObject, example: tuple[str, Record]) -> None:
    topic, record = example
    raw = bytearray(encode(record))
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(raw) - 1))
        raw[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    an_outcome(topic, bytes(raw))


SECRET = "personal-5d1f"


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every place in a JSON value where another value can be put: container and key."""
    if not isinstance(value, dict | list):
        return []
    keys = list(value) if isinstance(value, dict) else list(range(len(value)))
    return [place for key in keys for place in [(value, key), *places(value[key])]]


def secrets() -> st.SearchStrategy[Any]:
    """Wrong values that carry something personal, as text, in a list, or as a key."""
    texts = st.builds("{}{}{}".format, st.text(max_size=3), st.just(SECRET), st.text(max_size=3))
    return st.one_of(
        texts,
        texts.map(lambda text: [text]),
        texts.map(lambda text: {text: text}),
        texts.map(lambda text: text * 1_000),
        st.builds("{}@example.org".format, st.just(SECRET)),
        texts.map(lambda text: text + "\ud800"),
        texts.map(lambda text: text + "\x00"),
    )


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), st.sampled_from(LETTERED), st.booleans())
def test_wrong_values_give_a_reason_that_names_no_value(
    data: st.DataObject, example: tuple[str, Record], plain: bool
) -> None:
    topic, record = example
    message = as_json(record)
    for _ in range(data.draw(st.integers(1, 3))):
        container, key = data.draw(st.sampled_from(places(message)))
        if data.draw(st.booleans()):
            container[key] = data.draw(secrets() | json_values())
        elif isinstance(container, dict):
            container[data.draw(st.just(SECRET) | st.text(max_size=5))] = container.pop(key)
    raw = json.dumps(message, ensure_ascii=plain).encode(errors="surrogatepass")
    outcome = an_outcome(topic, raw)
    if isinstance(outcome, Malformed):
        assert SECRET not in repr(outcome)


@for_each(("topic", "record"), LETTERED)
def test_a_secret_in_any_single_place_is_never_quoted(topic: str, record: Record) -> None:
    refused = 0
    for number in range(len(places(as_json(record)))):
        for secret in (SECRET, [SECRET], {SECRET: SECRET}, SECRET * 1_000, -1):
            message = as_json(record)
            container, key = places(message)[number]
            container[key] = secret
            outcome = an_outcome(topic, msgspec.json.encode(message))
            refused += isinstance(outcome, Malformed)
            assert SECRET not in repr(outcome) or isinstance(outcome, Decoded)
    assert refused > 5


# --- what is sent ---


def test_encoding_is_canonical() -> None:
    assert encode(examples.CREATED_SMALLEST) == (
        b'{"event_id":"01JNNK3S5T0000000000000002","version":1,"occurred_at":"2026-03-01T11:30:00Z",'
        b'"platform":"telegram","account":{"account_id":"5150"}}'
    )


def test_other_scripts_are_sent_as_they_are() -> None:
    assert "شمال میڈیا".encode() in encode(examples.BANNED_BY_NAME)


# Whatever stands in a field that is not vital, the record is kept, and what it lacks is named.


Decode = Callable[..., Any]

READ: list[tuple[Decode, Record]] = [
    (wire.decode_created, msgspec.structs.replace(examples.CREATED, account=examples.BANNED_PROFILE)),
    (wire.decode_updated, examples.UPDATED),
    (wire.decode_remembered, examples.REMEMBERED),
    (wire.decode_banned, examples.BANNED),
    (wire.decode_deleted, examples.DELETED),
    (wire.decode_reinstated, examples.REINSTATED),
    (wire.decode_verdict, examples.VERDICT),
]


def repairable(record: Record) -> list[tuple[str, ...]]:
    """The fields of a record, and of its account, that are not vital, by their paths."""
    found: list[tuple[str, ...]] = [(name,) for name in record.__struct_fields__ if name not in record.VITAL]
    if isinstance(record, AccountEvent):
        found += [("account", name) for name in Account.__struct_fields__ if name not in Account.VITAL]
    return found


PLACES = [(decode, record, path) for decode, record in READ for path in repairable(record)]


def put(record: Record, path: tuple[str, ...], value: object) -> bytes:
    """The message of a record in which one field is another value."""
    message = as_json(record)
    inner = message if len(path) == 1 else message[path[0]]
    inner[path[-1]] = value
    return json.dumps(message).encode()


def vital(record: Record) -> list[Any]:
    """What must be the same in whatever is made of a message."""
    values = [getattr(record, name) for name in sorted(record.VITAL - {"account"})]
    return [*values, record.account.account_id] if isinstance(record, AccountEvent) else values


def at(record: Record, path: tuple[str, ...]) -> Any:
    """The value of a field."""
    for name in path:
        record = getattr(record, name)
    return record


def is_json(value: object) -> bool:
    """NaN and Infinity are none, and a message with one is no message."""
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return False
    return True


WRONG: tuple[Any, ...] = ({}, "a\ud800", "", 1.5)
VALUES = json_values().filter(is_json)


@settings(max_examples=2 * settings().max_examples, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.sampled_from(PLACES),
    VALUES | st.sampled_from(["", "x" * 20_000, "a\n", "a\ud800b", "2999-01-01T00:00:00Z"]),
)
def test_no_value_of_a_field_that_is_not_vital_costs_the_record(
    place: tuple[Decode, Record, tuple[str, ...]], value: object
) -> None:
    decode, record, path = place
    assume(not (path[-1] in Account.LISTS and isinstance(value, list)))  # read as the list that it is
    outcome = decode(put(record, path, value), now=NOW)
    kept = record_of(outcome)
    assert vital(kept) == vital(record)
    others = [other for other in repairable(record) if other != path]
    assert [at(kept, other) for other in others] == [at(record, other) for other in others]
    named = [it.field for it in outcome.unusable]
    assert set(named) <= {path[-1]}
    if not named:  # then nothing was dropped: what was sent is what stands there
        assert msgspec.to_builtins(at(kept, path)) == msgspec.to_builtins(_read(value, at(kept, path)))


def _read(sent: object, kept: object) -> object:
    """What a value that was taken as it came looks like: dates and pictures have other forms in JSON."""
    if isinstance(kept, list | tuple):
        return tuple(sent) if isinstance(sent, list) else sent
    return kept if not isinstance(kept, str | bool | int | type(None)) else sent


@settings(suppress_health_check=[HealthCheck.too_slow])  # of dozens of fields
@given(st.sampled_from(READ), st.data())
def test_all_of_them_at_once_cost_no_more(read: tuple[Decode, Record], data: st.DataObject) -> None:
    decode, record = read
    message = as_json(record)
    for path in repairable(record):
        inner = message if len(path) == 1 else message[path[0]]
        inner[path[-1]] = data.draw(VALUES)
    assert vital(record_of(decode(json.dumps(message).encode(), now=NOW))) == vital(record)


@for_each(("decode", "record"), READ)
def test_a_vital_field_that_cannot_be_used_costs_the_record(decode: Decode, record: Record) -> None:
    for name in record.VITAL:
        for value in WRONG:
            outcome = decode(put(record, (name,), value), now=NOW)
            assert not isinstance(outcome, Decoded), (name, value)
            assert outcome.path.startswith(f"$.{name}")


def test_what_it_reads_by_itself_is_what_the_strict_decoder_reads() -> None:
    for _, record in READ:
        assert Repair(type(record))(plain_values(wire.encode(record))) == (record, ())


def test_a_part_that_says_enough_by_itself_is_kept() -> None:
    message = as_json(examples.BANNED)
    message["account"]["avatar"]["image"] = "no base64"
    kept = record_of(wire.decode_banned(json.dumps(message).encode(), now=NOW))
    assert (
        kept.account.avatar
        == examples.BANNED_PROFILE.avatar
        == Avatar(pdq=kept.account.avatar.pdq, quality=100)
    )


def _hostile(size: int) -> bytes:
    """A message whose every field is wrong in the way that costs most, as long as it may be."""
    message = as_json(examples.BANNED)
    filling = "\ud800" * (size // 24)
    message["account"] |= {
        "bio": filling[: 2 * BIO_CHARS_MAX],
        "links": ["\ud800"] * (size // 24),
        "user_agent": filling,
        "device_id": ["x"] * (size // 24),
        "handle": 7,
    }
    return json.dumps(message).encode()


def test_the_longest_message_takes_time_in_proportion_to_its_length() -> None:
    def seconds(size: int) -> float:
        raw, best = _hostile(size), 9.0
        for _ in range(5):
            began = time.process_time()
            assert isinstance(wire.decode_banned(raw, now=NOW), Decoded)
            best = min(best, time.process_time() - began)
        return best

    whole = MESSAGE_BYTES_MAX * 9 // 10
    assert len(_hostile(whole)) <= MESSAGE_BYTES_MAX
    # 32 times as long: in proportion 32 times, with each against each 1,024 times.
    assert seconds(whole) < 300 * seconds(whole // 32)


# Dates against the reader's clock.


def created(occurred_at: object) -> object:
    event = {**as_json(examples.CREATED_SMALLEST), "occurred_at": occurred_at}
    return decode_created(msgspec.json.encode(event), now=NOW)


def after_now(seconds: float) -> datetime:
    return from_seconds(NOW) + timedelta(seconds=seconds)


@for_each("seconds", [-86_400.0, -1.0, 0.0])
def test_a_date_up_to_now_is_kept_as_it_is(seconds: float) -> None:
    outcome = created(after_now(seconds))
    assert isinstance(outcome, Decoded)
    assert (outcome.record.at, outcome.clamped) == (NOW + seconds, False)


@for_each("seconds", [0.001, 60.0, CLAMP_SECONDS_MAX])
def test_a_date_up_to_five_minutes_ahead_is_clamped_to_now_and_said_so(seconds: float) -> None:
    outcome = created(after_now(seconds))
    assert isinstance(outcome, Decoded)
    assert (outcome.record.at, outcome.clamped) == (NOW, True)


@for_each("seconds", [CLAMP_SECONDS_MAX + 0.001, 86_400.0])
def test_a_date_further_ahead_is_refused(seconds: float) -> None:
    assert fault(created(after_now(seconds))) == ("future-date", "$.occurred_at")


def test_every_date_of_a_record_is_looked_at() -> None:
    outcome = decode_banned(a_ban(occurred_at=after_now(5), banned_at=after_now(9)), now=NOW)
    assert isinstance(outcome, Decoded)
    assert outcome.record.occurred_at == outcome.record.banned_at == from_seconds(NOW)


@for_each("date", ["1989-12-31T23:59:59Z", "1970-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00"])
def test_a_date_before_1990_is_an_unset_one(date: str) -> None:
    assert fault(created(date)) == ("past-date", "$.occurred_at")


@for_each(
    "date",
    [
        "2026-03-01T09:30:00",  # whose time is it?
        "2026-03-01",
        "yesterday",
        "",
        "2026-02-30T00:00:00Z",
        "2026-03-01T24:00:01Z",
        "2026-03-01T23:59:60Z",
        "10000-01-01T00:00:00Z",
    ],
)
def test_what_is_not_rfc_3339_with_a_timezone_is_refused(date: str) -> None:
    assert fault(created(date)) == ("bad-date", "$.occurred_at")


@for_each("date", [1_772_357_400, 1.5, None, True, ["2026"]])
def test_numbers_are_no_dates(date: object) -> None:
    assert fault(created(date)) == ("wrong-type", "$.occurred_at")


def test_a_timezone_other_than_utc_is_the_same_moment() -> None:
    outcome = created("2026-03-01T14:30:00.5+05:00")
    assert isinstance(outcome, Decoded)
    assert outcome.record.at == datetime(2026, 3, 1, 9, 30, 0, 500_000, tzinfo=UTC).timestamp()


# CSV files: the same records, the same limits, and one bad row never spoils the next.


def accounts(text: str | bytes, *, platform: str = "x") -> list[CsvRow[Any]]:
    raw = text.encode() if isinstance(text, str) else text
    return list(created_from_csv(io.BytesIO(raw), now=NOW, platform=platform))


def bans(text: str) -> list[CsvRow[Any]]:
    return list(banned_from_csv(io.BytesIO(text.encode()), now=NOW, platform="x"))


def test_a_list_of_names_is_enough() -> None:
    first, second = accounts("display_name\nNorthwind Media\nUmar Media\n")
    assert (first.number, record_of(first.outcome).key) == (1, "x:1")
    record = record_of(second.outcome)
    assert (record.key, record.event_id, record.account.display_name) == ("x:2", "row-2", "Umar Media")
    assert (record.at, second.dated) == (NOW, False)


def test_columns_come_in_any_order_and_others_are_counted() -> None:
    (row,) = accounts("family,handle,account_id,platform,note\n7,umar_media,u1,telegram,hello\n")
    assert isinstance(row.outcome, Decoded)
    assert row.outcome.unknown_fields == 2
    assert (row.outcome.record.key, row.outcome.record.account.handle) == ("telegram:u1", "umar_media")


def test_an_empty_cell_is_an_absent_field() -> None:
    (row,) = accounts("account_id,handle,email\nu1,,\n")
    assert record_of(row.outcome).account.given == ()


def test_when_the_platform_made_an_account_is_a_column_of_either_list() -> None:
    lists = "account_id,created_at\nu1,2019-03-02T07:00:00Z\nu2,last spring\n"
    for first, second in (accounts(lists), bans(lists)):
        assert record_of(first.outcome).account.created_at == datetime(2019, 3, 2, 7, tzinfo=UTC)
        assert record_of(second.outcome).account.created_at is None
        assert left_out(second.outcome) == (("created_at", "bad-date"),)


def test_a_word_like_null_is_a_name_like_any_other() -> None:
    (row,) = accounts("handle,display_name\nnull,1e5\n")
    account = record_of(row.outcome).account
    assert (account.handle, account.display_name) == ("null", "1e5")


def test_a_file_that_names_its_accounts_names_all_of_them() -> None:
    (row,) = accounts("account_id,handle\n,umar_media\n")
    assert fault(row.outcome) == ("missing-field", "$.account.account_id")


def test_links_are_separated_by_spaces() -> None:
    (row,) = accounts('handle,links\na,"t.me/a  https://example.org/b"\n')
    assert record_of(row.outcome).account.links == ("t.me/a", "https://example.org/b")


def test_a_picture_is_given_by_its_hash() -> None:
    pdq = "0f" * 32
    (row,) = accounts(f"handle,avatar_pdq,avatar_quality\na,{pdq},90\n")
    avatar = record_of(row.outcome).account.avatar
    assert (avatar.pdq, avatar.quality) == (pdq, 90)
    (row,) = accounts(f"handle,avatar_pdq,avatar_quality\na,{pdq},good\n")
    assert left_out(row.outcome) == (("avatar", "wrong-type"),)
    (row,) = accounts(f"handle,avatar_pdq\na,{pdq}\n")
    assert left_out(row.outcome) == (("avatar", "incomplete"),)


def test_a_ban_can_be_written_out_in_full() -> None:
    (row,) = bans(
        "account_id,handle,banned_at,policy,queue,expires_at,basis_authority,basis_reference\n"
        "2201,northwind_media,2026-03-01T09:30:00Z,violent-extremism,extremism,2027-03-01T09:30:00Z,UN,QDe.000\n"
    )
    ban = record_of(row.outcome)
    for name in ("banned_at", "policy", "queue", "expires_at", "basis"):
        assert getattr(ban, name) == getattr(examples.BANNED, name)


def test_a_ban_occurred_when_it_began_so_that_an_old_list_overrides_nothing_newer() -> None:
    dated, undated = bans("handle,banned_at\na,2026-03-01T09:30:00Z\nb,\n")
    assert record_of(dated.outcome).at == record_of(dated.outcome).banned_at.timestamp()
    assert (record_of(undated.outcome).banned_at, record_of(undated.outcome).at) == (None, NOW)
    assert (dated.dated, undated.dated) == (True, False)


def test_an_event_that_tells_its_time_keeps_it() -> None:
    (row,) = accounts("handle,occurred_at\na,2026-03-01T09:30:00Z\n")
    assert record_of(row.outcome).occurred_at == examples.BANNED.occurred_at
    assert row.dated


def test_columns_of_bans_mean_nothing_for_accounts() -> None:
    (row,) = accounts("handle,banned_at,policy\na,never,two words\n")
    assert isinstance(row.outcome, Decoded)
    assert (row.outcome.unknown_fields, row.dated) == (2, False)


@for_each(
    ("row", "reason", "path"),
    [
        ("a,2026-03-01", "bad-date", "$.occurred_at"),
        ("a,2999-03-01T09:30:00Z", "future-date", "$.occurred_at"),
        ("a,1772357400", "bad-date", "$.occurred_at"),
        ("a", "bad-row", "$"),
        ("a,2026-03-01T09:30:00Z,b", "bad-row", "$"),
        ('"a"b,2026-03-01T09:30:00Z', "bad-row", "$"),
        ("x" * 200_000 + ",", "bad-row", "$"),
    ],
)
def test_a_bad_row_says_why_and_the_next_one_is_read(row: str, reason: str, path: str) -> None:
    bad, good = accounts(f"handle,occurred_at\n{row}\ngood,\n")
    assert (bad.number, fault(bad.outcome)) == (1, (reason, path))
    assert (good.number, record_of(good.outcome).account.handle) == (2, "good")


def test_a_cell_that_cannot_be_used_costs_itself_and_not_the_row() -> None:
    (row,) = bans(f"handle,banned_at,policy,device_id\n{'x' * 257},yesterday,two words,{'d' * 257}\n")
    ban = record_of(row.outcome)
    assert (ban.account.handle, ban.banned_at, ban.policy, ban.account.device_id) == (
        "x" * 256,
        None,
        None,
        None,
    )
    assert left_out(row.outcome) == (
        ("handle", "too-long"),
        ("device_id", "too-long"),
        ("banned_at", "bad-date"),
        ("policy", "bad-format"),
    )


def test_a_ban_whose_end_cannot_be_read_is_refused_here_too() -> None:
    (row,) = bans("handle,expires_at\numar,some day\n")
    assert fault(row.outcome) == ("bad-date", "$.expires_at")


def test_bytes_that_are_not_utf8_spoil_their_own_row_alone() -> None:
    good, bad, other = accounts(b"handle\numar\n\xff\xfe\nkarim\n")
    assert fault(bad.outcome) == ("not-utf8", "$")
    assert record_of(good.outcome).account.handle == "umar"
    assert (other.number, record_of(other.outcome).account.handle) == (3, "karim")


def test_a_quote_that_never_closes_is_a_fault_and_not_an_endless_loop() -> None:
    (row,) = accounts('handle\n"umar\nkarim\n')
    assert fault(row.outcome) == ("bad-row", "$")


def test_spreadsheets_byte_order_mark_and_line_ends_are_no_part_of_it() -> None:
    (row,) = accounts("\ufeffhandle\r\numar\r\n\r\n")
    assert record_of(row.outcome).account.handle == "umar"


@for_each(
    ("text", "reason"),
    [
        ("", "empty"),
        ("\n\n", "empty"),
        ("name;mail\na;b\n", "missing-field"),
        ("handle,handle\na,b\n", "bad-row"),
        ('"handle', "bad-row"),
        (",".join(["handle", *(f"c{number}" for number in range(300))]), "too-many"),
    ],
)
def test_a_file_without_usable_names_is_one_fault(text: str, reason: str) -> None:
    (row,) = accounts(text)
    assert (row.number, fault(row.outcome)) == (0, (reason, "$"))


@given(st.binary(max_size=200), st.sampled_from([b"", b"handle,email\n", b"\xef\xbb\xbfaccount_id\n"]))
def test_arbitrary_bytes_of_a_table_never_raise(rest: bytes, names: bytes) -> None:
    for row in (*accounts(names + rest), *banned_from_csv(io.BytesIO(names + rest), now=NOW, platform="x")):
        assert isinstance(row.outcome, Decoded | Malformed)


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20), min_size=1, max_size=5
    )
)
def test_any_name_survives_the_file(names: list[str]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([["display_name"], *([name] for name in names)])
    rows = accounts(text.getvalue())
    assert [record_of(row.outcome).account.display_name for row in rows] == names


@for_each("delimiter", [",", ";", "\t"])
def test_cells_are_separated_as_the_line_of_names_is(delimiter: str) -> None:
    lines = ("account_id|handle|bio", '7|umar_media|"a, b; c\td"')
    (row,) = accounts("\n".join(line.replace("|", delimiter) for line in lines) + "\n")
    account = record_of(row.outcome).account
    assert (account.account_id, account.handle, account.bio) == ("7", "umar_media", "a, b; c\td")


def test_a_name_with_a_semicolon_in_a_single_column_stays_one_name() -> None:
    (row,) = accounts("display_name\nUmar; Media\n")
    assert record_of(row.outcome).account.display_name == "Umar; Media"


# msgspec's messages become reasons, and none is repeated that may quote a value.


def said(message: str) -> tuple[str, str, str]:
    fault = from_validation(msgspec.ValidationError(message))
    return fault.reason, fault.path, fault.detail


@for_each(
    "message",
    [
        "Invalid enum value 'a-secret' - at `$.band`",
        "Something new about 'a-secret' - at `$.band`",
        "Expected `str`, got `int` and a-secret - at `$.band`",
        "a-secret\nover two lines - at `$.band`",
    ],
)
def test_a_message_that_may_quote_is_never_repeated(message: str) -> None:
    reason, path, detail = said(message)
    assert reason in {"not-allowed", "wrong-type"}
    assert path == "$.band"
    assert "secret" not in detail


@for_each(
    ("raw", "reason"),
    [
        (b'["\\ud83c"]', "lone-surrogate"),
        (b'["\\uD83C cut"]', "lone-surrogate"),
        (b'["\\ud83c"', "not-json"),
        (b'["\\\\ud83c"', "not-json"),
        (b"[" * 100_000 + b'"\\ud83c"', "not-json"),
    ],
)
def test_half_a_surrogate_pair_is_told_apart_from_other_nonsense(raw: bytes, reason: str) -> None:
    assert from_syntax(raw).reason == reason


# The bounded list of reasons.

ROOMS = Path(schemas.__file__).parent.parent
SOURCES = [path for room in ("schemas", "streams", "agents") for path in sorted((ROOMS / room).rglob("*.py"))]


def test_every_reason_is_fit_for_a_metric_label() -> None:
    assert all(re.fullmatch(r"[a-z0-9-]{1,32}", reason) for reason in REASONS)
    assert len(set(REASONS)) == len(REASONS) <= 32


def test_every_reason_is_given_somewhere_and_explained() -> None:
    module = Path(malformed.__file__).read_text()
    explained = set(re.findall(r"^([a-z0-9-]+) +\w", module, re.MULTILINE))
    elsewhere = "".join(path.read_text() for path in SOURCES if path.name != "malformed.py")
    for reason in REASONS:
        assert f'"{reason}"' in elsewhere, reason
        assert reason in explained, reason


# The closed list of what may be wrong with a field.


def test_every_reason_is_fit_for_a_metric_label_and_has_a_sentence_of_its_own() -> None:
    assert all(re.fullmatch(r"[a-z0-9-]{1,32}", reason) for reason in FieldFault)
    assert all(re.fullmatch(r"[A-Z].{10,100}\.", reason.sentence) for reason in FieldFault)
    assert len({reason.sentence for reason in FieldFault}) == len(FieldFault) <= 16
