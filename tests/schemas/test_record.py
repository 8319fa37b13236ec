"""Records and their fields and keys."""

from __future__ import annotations

import re
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import inspect

from schemas import examples, fields
from schemas.accounts import Account, AccountBanned, AccountDeleted
from schemas.examples import EXAMPLES
from schemas.fields import ACCOUNT_ID_CHARS_MAX
from schemas.generate import RECORDS
from schemas.internal.related import RELATED_MAX, RelatedAccount, RelatedAnswer
from schemas.internal.weights import WeightsAdopted
from schemas.keys import AccountRef, account_key, read_account_key
from schemas.malformed import Malformed
from schemas.record import Record
from schemas.wire import UnknownFields, encode
from tests.schemas.makers import NOW, as_json, fault, record_of
from tests.schemas.test_wire import DECODERS
from tests.tables import for_each

# What all records promise.

KINDS = [kind for kinds in RECORDS.values() for kind in kinds]


def dates_of(kind: type[Record]) -> set[str]:
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    return {
        field.name
        for field in info.fields
        if "DateTimeType" in repr(field.type) and "StructType" not in repr(field.type)
    }


@for_each("kind", KINDS)
def test_every_date_at_the_top_is_compared_with_the_clock(kind: type[Record]) -> None:
    assert {*kind.MOMENTS, *kind.FORESEEN} == dates_of(kind)
    # Of decisions about weights the highest number holds, whatever anybody's clock said.
    assert dates_of(kind) or kind is WeightsAdopted


@for_each("kind", KINDS)
def test_records_are_immutable_and_built_by_name(kind: type[Record]) -> None:
    assert kind.__struct_config__.frozen
    with pytest.raises(TypeError):
        kind(*kind.__struct_fields__)


def test_a_record_is_hashable_so_that_tests_and_sets_can_compare_it() -> None:
    for records in EXAMPLES.values():
        assert len({*records, *(msgspec.structs.replace(record) for record in records)}) == len(records)


# How an account is named across platforms.

platforms = st.from_regex(r"[a-z0-9_.-]{1,32}", fullmatch=True)
account_ids = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=[*map(chr, range(32)), "\x7f"]),
    min_size=1,
    max_size=ACCOUNT_ID_CHARS_MAX,
)


@given(platforms, account_ids)
def test_a_key_reads_back_as_the_account_it_was_made_of(platform: str, account_id: str) -> None:
    key = account_key(platform, account_id)
    read = read_account_key(key.encode())
    assert read == AccountRef(platform, account_id)
    assert isinstance(read, AccountRef)
    assert read.key == key


def test_a_colon_in_the_id_is_part_of_the_id() -> None:
    assert read_account_key(b"bluesky:did:plc:abc") == AccountRef("bluesky", "did:plc:abc")


@for_each(
    ("key", "reason"),
    [
        (None, "empty"),
        (b"", "empty"),
        (b"\xff:1", "not-utf8"),
        (b"1234", "bad-format"),
        (b"X:1", "bad-format"),
        (b"x:", "bad-format"),
        (b":1", "bad-format"),
        (b"x:a\x00b", "bad-format"),
        (b"x:1\n", "bad-format"),
        (b"x:" + b"1" * 257, "bad-format"),
    ],
)
def test_another_key_is_a_fault_of_the_key(key: bytes | None, reason: str) -> None:
    assert fault(read_account_key(key)) == (reason, "key")


@given(st.binary(max_size=64))
def test_no_key_raises(key: bytes) -> None:
    assert isinstance(read_account_key(key), AccountRef | Malformed)


# Counting unknown fields: the cheap way and the thorough way agree.

names = st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), st.none(), max_size=4)


@given(names, names)
def test_each_unknown_name_counts_once(top: dict[str, None], inner: dict[str, None]) -> None:
    event = as_json(examples.BANNED)
    account = {**inner, **event["account"]}
    raw = msgspec.json.encode({**top, **event, "account": account})
    expected = len(top.keys() - set(AccountBanned.__struct_fields__))
    expected += len(inner.keys() - set(Account.__struct_fields__))
    assert UnknownFields(AccountBanned).count(raw) == expected


def test_a_record_without_a_profile_has_only_its_top() -> None:
    raw = msgspec.json.encode({**as_json(examples.DELETED), "account": {"unseen": 1}})
    assert UnknownFields(AccountDeleted).count(raw) == 1


# Patterns hold for Python's dialect and for JSON Schema's.

PATTERNED = {
    name: meta.pattern
    for name, alias in vars(fields).items()
    for meta in get_args(alias)[1:]
    if isinstance(meta, msgspec.Meta) and meta.pattern
}


def refused(alias: Any, text: str) -> bool:
    try:
        msgspec.convert(text, alias)
    except msgspec.ValidationError:
        return True
    return False


@for_each("name", PATTERNED)
def test_a_pattern_covers_the_whole_text(name: str) -> None:
    pattern = PATTERNED[name]
    assert pattern.startswith("^")
    assert pattern.endswith(r"$(?!\n)")
    assert not re.search(pattern, "a\n")


@for_each("name", PATTERNED)
def test_no_patterned_field_takes_a_control_character(name: str) -> None:
    assert refused(getattr(fields, name), "ab\x00cd")


@for_each("key", ["x:1", "bluesky:did:plc:abc", "a.b-c_d:" + "1" * 256])
def test_an_account_key_is_platform_and_id(key: str) -> None:
    assert not refused(fields.AccountKey, key)


def test_the_limits_are_the_ones_that_producers_were_told() -> None:
    assert (fields.HANDLE_CHARS_MAX, fields.DISPLAY_NAME_CHARS_MAX, fields.BIO_CHARS_MAX) == (
        256,
        512,
        10_000,
    )
    assert (fields.ACCOUNT_ID_CHARS_MAX, fields.LINKS_MAX, fields.IMAGE_BYTES_MAX) == (256, 50, 256 * 1024)


def test_a_count_stays_exact_in_every_language() -> None:
    assert msgspec.convert(2**53 - 1, fields.Count) == 2**53 - 1
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(2**53, fields.Count)


# The checked-in examples are legal, and complete enough to teach.

ALL = [(topic, record) for topic, records in EXAMPLES.items() for record in records]


@for_each(("topic", "record"), ALL)
def test_an_example_decodes_to_itself(topic: str, record: Record) -> None:
    assert record_of(DECODERS[topic](encode(record), now=NOW)) == record


@for_each("topic", RECORDS)
def test_every_record_of_a_topic_has_an_example(topic: str) -> None:
    assert {type(record) for record in EXAMPLES[topic]} == set(RECORDS[topic])


def test_a_ban_shows_every_kind_of_field_that_a_profile_can_have() -> None:
    shown = {name for record in EXAMPLES["accounts.banned"] for name in as_json(record)["account"]}
    keyed = {name for record in EXAMPLES["accounts.created"] for name in as_json(record)["account"]}
    assert {"handle", "display_name", "bio", "links", "email", "phone", "device_id", "ip", "avatar"} <= shown
    assert {"email_hmac", "device_hmac"} <= keyed


def test_an_answer_on_related_accounts_is_bounded() -> None:
    one = RelatedAccount(platform="x", account_id="7", standing="banned", agrees=("device",), probability=0.1)
    for count, fits in ((RELATED_MAX, True), (RELATED_MAX + 1, False)):
        raw = msgspec.json.encode(RelatedAnswer(standing="banned", related=(one,) * count))
        if fits:
            assert len(msgspec.json.decode(raw, type=RelatedAnswer).related) == count
        else:
            with pytest.raises(msgspec.ValidationError):
                msgspec.json.decode(raw, type=RelatedAnswer)
