"""The door: any bytes give a value, and a value says what was wrong without saying whose it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas import examples, wire
from schemas.accounts import Tombstone
from schemas.examples import EXAMPLES
from schemas.generate import RECORDS
from schemas.malformed import REASONS, Malformed
from schemas.record import Record
from schemas.wire import MESSAGE_BYTES_MAX, Decoded, decode_banned, decode_created, encode
from tests.schemas.makers import NOW, a_ban, a_created, as_json, fault, left_out, record_of
from tests.schemas.strategies import json_values, records
from tests.tables import for_each

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
    "quarantine": wire.decode_quarantine,
    "weights": wire.decode_weights,
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


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
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
@for_each(
    "topic",
    [topic for topic in TOPICS if topic not in UNVERSIONED],
)
def test_an_unknown_version_is_said_to_be_one(topic: str, version: int) -> None:
    raw = msgspec.json.encode({**as_json(EXAMPLES[topic][0]), "version": version})
    assert fault(an_outcome(topic, raw)) == ("unknown-version", "$.version")


def test_an_unknown_version_is_the_reason_even_where_it_changed_everything_else() -> None:
    raw = b'{"account":[1],"platform":7,"version":2}'
    assert fault(decode_created(raw, now=NOW)) == ("unknown-version", "$.version")
    assert fault(decode_created(b'{"account":[1],"version":"two"}', now=NOW))[0] == "wrong-type"


BOMBS = {
    "array": (b"[", b"]"),
    "object": (b'{"a":', b"}"),
}


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
