"""Whatever stands in a field that is not vital, the record is kept, and what it lacks is named."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas import examples, wire
from schemas.accounts import Account, AccountEvent, Avatar
from schemas.decoding.repair import Repair, plain_values
from schemas.fields import BIO_CHARS_MAX
from schemas.record import Record
from schemas.wire import MESSAGE_BYTES_MAX, Decoded
from tests.schemas.makers import NOW, as_json, record_of
from tests.schemas.strategies import json_values
from tests.tables import for_each

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


def places(record: Record) -> list[tuple[str, ...]]:
    """The fields of a record, and of its account, that are not vital, by their paths."""
    found: list[tuple[str, ...]] = [(name,) for name in record.__struct_fields__ if name not in record.VITAL]
    if isinstance(record, AccountEvent):
        found += [("account", name) for name in Account.__struct_fields__ if name not in Account.VITAL]
    return found


PLACES = [(decode, record, path) for decode, record in READ for path in places(record)]


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
    outcome = decode(put(record, path, value), now=NOW)
    kept = record_of(outcome)
    assert vital(kept) == vital(record)
    others = [other for other in places(record) if other != path]
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
    for path in places(record):
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


def test_what_is_sound_is_read_by_the_strict_decoder_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError("a sound message was taken apart")

    monkeypatch.setattr(Repair, "__call__", never)
    for decode, record in READ:
        assert decode(wire.encode(record), now=NOW) == Decoded(record)


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
