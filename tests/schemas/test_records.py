"""Records: what each holds, refuses and promises."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, datetime
from math import inf, nan
from typing import Any, get_args

import jsonschema  # type: ignore[import-untyped]  # ships no types, and its stubs are not in the lock
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import inspect
from msgspec.structs import replace
from rich.pretty import pretty_repr

from samehand import account as mind
from schemas import examples, fields
from schemas.accounts import Account, AccountBanned, Admin, Avatar, Basis
from schemas.alert_headers import ALERT_HEADERS, alert_headers
from schemas.alert_state import AlertState, unquoted_alert
from schemas.alerts import NOTICE, QUOTES_REMOVED, AlertSummary, MirrorAlert
from schemas.basis_rights import BasisRights, RightsTable, UnusableRights, kind_of, read_rights
from schemas.decoding.dates import from_seconds
from schemas.examples import ACTIONED, ALERT, DELETED, EXAMPLES, REINSTATED, STATE, SUMMARY, WAVE, WITHDRAWN
from schemas.fields import ACCOUNT_ID_CHARS_MAX
from schemas.generate import FOLDER, RECORDS, render
from schemas.internal.enrolled import BanEnrolled
from schemas.internal.related import RELATED_MAX, RelatedAccount, RelatedAnswer
from schemas.keys import AccountRef, account_key, read_account_key
from schemas.malformed import Malformed
from schemas.record import Record
from schemas.revisions import BY_TIME_MAX, COUNTED_FROM, by_time, next_revision
from schemas.unusable import FieldFault, Unusable
from schemas.wire import (
    Decoded,
    Decoder,
    UnknownFields,
    decode_actioned,
    decode_alert,
    decode_alert_state,
    decode_banned,
    decode_created,
    decode_deleted,
    decode_reinstated,
    decode_verdict,
    decode_wave,
    encode,
)
from streams.deadletters.record import letter_of
from streams.outcomes import Arrival, Dead
from tests.schemas.makers import NOW, a_ban, a_created, an_alert, as_json, fault, left_out, record_of
from tests.schemas.test_decoding import DECODERS
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
    assert dates_of(kind)


@for_each("kind", KINDS)
def test_records_are_immutable_and_built_by_name(kind: type[Record]) -> None:
    assert kind.__struct_config__.frozen
    with pytest.raises(TypeError):
        kind(*kind.__struct_fields__)


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


# Events of accounts: what is taken, what is refused, and how the fault is named.


def created(**account: object) -> object:
    return decode_created(a_created(**account), now=NOW)


@for_each(
    ("field", "length"),
    [
        ("account_id", fields.ACCOUNT_ID_CHARS_MAX),
        ("handle", fields.HANDLE_CHARS_MAX),
        ("display_name", fields.DISPLAY_NAME_CHARS_MAX),
        ("bio", fields.BIO_CHARS_MAX),
        ("locale", 64),
        ("email", 320),
        ("phone", 64),
        ("device_id", 256),
        ("ip", 64),
        ("user_agent", 1_024),
        ("payment_token", 256),
        ("referrer", fields.LINK_CHARS_MAX),
    ],
)
def test_text_is_taken_up_to_its_limit_in_characters(field: str, length: int) -> None:
    assert getattr(record_of(created(**{field: "م" * length})).account, field) == "م" * length
    longer = created(**{field: "م" * (length + 1)})
    if field == "account_id":
        assert fault(longer) == ("too-long", "$.account.account_id")
        return
    assert left_out(longer) == ((field, "too-long"),)
    cut = field in {"handle", "display_name", "bio", "user_agent", "referrer"}
    assert getattr(record_of(longer).account, field) == ("م" * length if cut else None)


def test_links_are_limited_in_number_and_in_length() -> None:
    assert len(record_of(created(links=["a.example"] * 50)).account.links) == 50
    more = created(links=[f"a.example/{number}" for number in range(51)])
    assert left_out(more) == (("links", "too-many"),)
    assert record_of(more).account.links == tuple(f"a.example/{number}" for number in range(50))
    longer = created(links=["a.example", "b" * 2_049])
    assert left_out(longer) == (("links", "too-long"),)
    assert record_of(longer).account.links == ("a.example", "b" * 2_048)


@for_each(
    ("decode", "record"),
    [(decode_deleted, DELETED), (decode_reinstated, REINSTATED), (decode_actioned, ACTIONED)],
)
@for_each(
    ("given", "account_id", "faults"),
    [
        ({"kind": "channel"}, "channel:77", ()),
        ({"kind": "group", "account_id": "group:77"}, "group:77", ()),
        ({}, "77", ()),
        ({"kind": "forum"}, "77", (("kind", "bad-format"),)),
    ],
)
def test_end_of_a_channel_names_it_by_number_and_kind(
    decode: Decoder[Any], record: Any, given: dict[str, object], account_id: str, faults: object
) -> None:
    decoded = decode(
        msgspec.json.encode({**msgspec.to_builtins(record), "account_id": "77", **given}), now=inf
    )
    assert isinstance(decoded, Decoded)
    assert decoded.record.key == f"{decoded.record.platform}:{account_id}"
    assert left_out(decoded) == faults


@for_each(
    ("given", "kept", "faults"),
    [
        ({"kind": "forum"}, {"kind": "account", "account_id": "77"}, (("kind", "bad-format"),)),
        ({"kind": 5}, {"kind": "account"}, (("kind", "wrong-type"),)),
        ({"kind": "channel"}, {"account_id": "channel:77"}, ()),
        ({"kind": "bot", "account_id": "bot:77"}, {"account_id": "bot:77"}, ()),
        ({"kind": "group", "moved_from": "76"}, {"moved_from": "group:76"}, ()),
        ({"kind": "channel", "moved_from": "group:76"}, {"moved_from": "group:76"}, ()),
        (
            {"admins": [str(it) for it in range(50)] + [{"account_id": "99", "acted": True}]},
            {"admins": (Admin(account_id="99", acted=True), *[str(it) for it in range(49)])},
            (("admins", "too-many"),),
        ),
        ({"kind": "group", "account_id": "7" * 256}, {"account_id": "7" * 256}, ()),
        ({"created_by": "a\n"}, {"created_by": None}, (("created_by", "bad-format"),)),
        ({"admins": "5"}, {"admins": ()}, (("admins", "wrong-type"),)),
        (
            {"admins": ["5", {"account_id": "6"}, 7]},
            {"admins": ("5", Admin(account_id="6"))},
            (("admins", "wrong-type"),),
        ),
        ({"admins": [{"acted": True}]}, {"admins": ()}, (("admins", "incomplete"),)),
        (
            {"admins": [{"account_id": "6", "acted": "yes"}]},
            {"admins": (Admin(account_id="6"),)},
            (("admins", "wrong-type"),),
        ),
        (
            {"admins": [{"account_id": str(number)} for number in range(51)]},
            {"admins": tuple(Admin(account_id=str(number)) for number in range(50))},
            (("admins", "too-many"),),
        ),
        (
            {"invite_links": ["t.me/+x"] * 17},
            {"invite_links": ("t.me/+x",) * 16},
            (("invite_links", "too-many"),),
        ),
        ({"invite_links": [7, "a" * 2_049]}, {"invite_links": ("a" * 2_048,)}, None),
        ({"invite_links": {"a": 1}}, {"invite_links": ()}, (("invite_links", "wrong-type"),)),
    ],
)
def test_of_a_channel_what_can_be_read_is_kept_and_the_rest_counted(
    given: dict[str, object], kept: dict[str, object], faults: tuple[tuple[str, str], ...] | None
) -> None:
    outcome = created(**{"account_id": "77"} | given)
    account = record_of(outcome).account
    assert {name: getattr(account, name) for name in kept} == kept
    assert left_out(outcome) == faults or faults is None


def test_kinds_of_the_mind_are_those_of_the_wire() -> None:
    assert get_args(get_args(fields.AccountKind)[0]) == mind.KINDS


def test_of_links_those_that_can_be_read_are_kept() -> None:
    odd = created(links=["a.example", 7, None, "b.example/\x00", {"url": "c.example"}])
    assert record_of(odd).account.links == ("a.example", "b.example/\x00")
    assert left_out(odd) == (("links", "wrong-type"),)
    for other in (None, "a.example", {"0": "a.example"}, 7):
        assert left_out(created(links=other)) == (("links", "wrong-type"),)


@for_each("account_id", ["a\x00b", "\x00", "a\n", "a\r\nb", "\x7f"])
def test_an_id_has_no_control_characters(account_id: str) -> None:
    assert fault(created(account_id=account_id)) == ("bad-format", "$.account.account_id")


@for_each("field", ["device_id", "payment_token"])
def test_other_ids_have_no_control_characters_but_may_be_empty(field: str) -> None:
    for control in ("a\x00b", "a\n", "\x7f"):
        assert left_out(created(**{field: control})) == ((field, "bad-format"),)
        assert record_of(created(**{field: control})).account.given == ()
    assert record_of(created(**{field: ""})).account.given == ()


def test_an_id_is_never_empty_and_never_absent() -> None:
    assert fault(created(account_id="")) == ("too-short", "$.account.account_id")
    assert fault(created(account_id=None)) == ("wrong-type", "$.account.account_id")
    assert fault(created(account_id=7)) == ("wrong-type", "$.account.account_id")
    event = as_json(examples.CREATED_SMALLEST)
    del event["account"]["account_id"]
    assert fault(decode_created(msgspec.json.encode(event), now=NOW)) == (
        "missing-field",
        "$.account.account_id",
    )


@for_each("field", ["version", "occurred_at", "platform", "account"])
def test_the_frame_of_an_event_is_complete(field: str) -> None:
    event = as_json(examples.CREATED_SMALLEST)
    del event[field]
    assert fault(decode_created(msgspec.json.encode(event), now=NOW)) == ("missing-field", f"$.{field}")


@for_each(("given", "reason"), [(None, "wrong-type"), ("", "missing-field"), ("a\n", "bad-format")])
def test_an_event_without_a_usable_id_is_named_after_its_moment(given: object, reason: str) -> None:
    """Two events of one account must not claim each other's alerts."""
    event = {**as_json(examples.CREATED_SMALLEST), "event_id": given}
    outcome = decode_created(msgspec.json.encode(event), now=NOW)
    assert record_of(outcome).event_id == "unnamed-2026-03-01T11:30:00+00:00"
    assert left_out(outcome) == (("event_id", reason),)
    del event["event_id"]
    assert left_out(decode_created(msgspec.json.encode(event), now=NOW)) == (("event_id", "missing-field"),)


@for_each("platform", ["X", "a:b", "", "x\n", "ш", "a" * 33, "two words"])
def test_a_platform_is_a_short_lower_case_word(platform: str) -> None:
    event = {**as_json(examples.CREATED_SMALLEST), "platform": platform}
    assert fault(decode_created(msgspec.json.encode(event), now=NOW)) == ("bad-format", "$.platform")


@for_each("field", ["email_hmac", "phone_hmac", "device_hmac", "ip_hmac", "payment_hmac"])
def test_keyed_values_are_lower_case_hex_of_10_to_32_bytes(field: str) -> None:
    for size in (10, 20, 32):
        assert getattr(record_of(created(**{field: "a7" * size})).account, field) == "a7" * size
    for wrong in ("a7" * 9, "a7" * 33, "a7" * 10 + "a", "A7" * 10, "g7" * 10, "a7" * 10 + "\n", ""):
        assert left_out(created(**{field: wrong})) == ((field, "bad-format"),)


PDQ = "0f" * 32


def test_an_avatar_is_a_hash_with_its_quality_or_a_picture() -> None:
    hashed = record_of(created(avatar={"pdq": PDQ, "quality": 80})).account.avatar
    assert (hashed.pdq, hashed.quality, hashed.image) == (PDQ, 80, None)
    picture = base64.b64encode(b"\x89PNG").decode()
    assert record_of(created(avatar={"image": picture})).account.avatar.image == b"\x89PNG"


@for_each(
    ("avatar", "reason"),
    [
        ({}, "incomplete"),
        ({"quality": 90}, "incomplete"),
        ({"pdq": PDQ}, "incomplete"),
        ({"pdq": PDQ[:-1], "quality": 90}, "bad-format"),
        ({"pdq": PDQ, "quality": 101}, "out-of-range"),
        ({"pdq": PDQ, "quality": -1}, "out-of-range"),
        ({"pdq": PDQ, "quality": 10**40}, "out-of-range"),
        ({"pdq": PDQ, "quality": "90"}, "wrong-type"),
        ({"image": "not base64!"}, "bad-format"),
        ("https://example.org/a.png", "wrong-type"),
    ],
)
def test_other_avatars_are_left_out(avatar: object, reason: str) -> None:
    raw = a_created(account_id="7").replace(
        b'"account":{', b'"account":{"avatar":%s,' % json.dumps(avatar).encode()
    )
    outcome = decode_created(raw, now=NOW)
    assert (record_of(outcome).account.avatar, left_out(outcome)) == (None, (("avatar", reason),))


def test_a_picture_is_kept_though_its_hash_cannot_be_used() -> None:
    outcome = created(avatar={"pdq": "zz", "image": base64.b64encode(b"GIF").decode()})
    assert record_of(outcome).account.avatar == Avatar(image=b"GIF")
    assert left_out(outcome) == (("avatar", "bad-format"),)


def test_a_picture_is_taken_up_to_256_kib() -> None:
    assert record_of(created(avatar={"image": base64.b64encode(bytes(256 * 1024)).decode()}))
    larger = base64.b64encode(bytes(256 * 1024 + 1)).decode()
    assert left_out(created(avatar={"image": larger})) == (("avatar", "too-long"),)


def test_code_cannot_build_an_avatar_that_decoding_would_refuse() -> None:
    with pytest.raises(ValueError, match="quality"):
        Avatar(pdq=PDQ)


def test_no_value_of_a_profile_is_in_its_repr() -> None:
    shown = repr(examples.BANNED) + pretty_repr(examples.BANNED) + f"{examples.BANNED_PROFILE}"
    assert "2201" in shown
    assert "email" in shown
    for name in examples.BANNED_PROFILE.given:
        value = getattr(examples.BANNED_PROFILE, name)
        for text in value if isinstance(value, tuple) else (str(value),):
            assert text not in shown


def test_a_ban_knows_why_on_whose_word_and_until_when() -> None:
    ban = record_of(decode_banned(a_ban(), now=NOW))
    assert (ban.policy, ban.basis.authority, ban.queue) == ("violent-extremism", "UN", "extremism")
    assert ban.at == ban.banned_at.timestamp()


def test_a_ban_may_end_in_the_future_but_not_begin_there() -> None:
    for latest in ("9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59-14:00"):
        expires_at = record_of(decode_banned(a_ban(expires_at=latest), now=NOW)).expires_at
        assert from_seconds(expires_at.timestamp()).year == 9999, "no year is later"
    for banned_at, reason in {
        "9999-12-31T23:59:59Z": "future-date",
        "1970-01-01T00:00:00Z": "past-date",
        "yesterday": "bad-date",
        17: "wrong-type",
    }.items():
        outcome = decode_banned(a_ban(banned_at=banned_at), now=NOW)
        assert (record_of(outcome).banned_at, left_out(outcome)) == (None, (("banned_at", reason),))


@for_each(
    ("expires_at", "reason"),
    [("1970-01-01T00:00:00Z", "past-date"), ("never", "bad-date"), (17, "wrong-type")],
)
def test_a_ban_whose_end_cannot_be_read_is_refused_since_it_would_never_end(
    expires_at: object, reason: str
) -> None:
    assert fault(decode_banned(a_ban(expires_at=expires_at), now=NOW)) == (reason, "$.expires_at")


@for_each("policy", ["two words", "", "a" * 65, "évasion", "-x"])
def test_a_policy_is_a_code_and_not_a_text(policy: str) -> None:
    outcome = decode_banned(a_ban(policy=policy, queue=policy), now=NOW)
    assert (record_of(outcome).policy, record_of(outcome).queue) == (None, None)
    assert left_out(outcome) == (("policy", "bad-format"), ("queue", "bad-format"))


def test_of_the_basis_the_authority_is_needed_and_the_reference_is_cut() -> None:
    outcome = decode_banned(a_ban(basis={"authority": "UN", "reference": "Q" * 300}), now=NOW)
    assert record_of(outcome).basis.reference == "Q" * 256
    assert left_out(outcome) == (("basis", "too-long"),)
    assert left_out(decode_banned(a_ban(basis={"reference": "Q"}), now=NOW)) == (("basis", "incomplete"),)


def test_half_an_emoji_costs_itself_and_nothing_else() -> None:
    raw = a_created(display_name="Umar", bio="was here").replace(
        b"was here", b"cut \\ud83d here \\ud83d\\ude00"
    )
    outcome = decode_created(raw, now=NOW)
    assert record_of(outcome).account.bio == "cut \ufffd here 😀"
    assert left_out(outcome) == (("bio", "lone-surrogate"),)
    raw = a_created(account_id="a-cut").replace(b"a-cut", b"a\\ud83d")
    assert fault(decode_created(raw, now=NOW)) == ("lone-surrogate", "$.account.account_id")


def test_a_number_that_no_float_holds_costs_its_field_alone() -> None:
    raw = a_created(handle="HERE", bio="bio").replace(b'"HERE"', b"1" * 5_000)
    assert left_out(decode_created(raw, now=NOW)) == (("handle", "wrong-type"),)
    raw = a_created(handle="HERE", bio="bio").replace(b'"HERE"', b"1e999")
    assert left_out(decode_created(raw, now=NOW)) == (("handle", "wrong-type"),)


def test_a_reinstatement_needs_only_what_its_platform_always_knows() -> None:
    raw = b'{"platform":"x","account_id":"2201","reinstated_at":"2026-03-02T00:00:00+05:00"}'
    record = record_of(decode_reinstated(raw, now=NOW))
    assert record.key == "x:2201"
    assert record.at == datetime(2026, 3, 1, 19, tzinfo=UTC).timestamp()


def test_a_reinstatement_is_ordered_by_when_it_occurred() -> None:
    later = {**as_json(examples.REINSTATED), "occurred_at": "2026-03-20T00:00:00Z"}
    record = record_of(decode_reinstated(msgspec.json.encode(later), now=NOW))
    assert record.at == datetime(2026, 3, 20, tzinfo=UTC).timestamp()


# What a platform did: an unusable field costs itself, unless a person would read something false.


def read(**given: Any) -> Any:
    message = {**msgspec.json.decode(encode(ACTIONED)), **given}
    return decode_actioned(msgspec.json.encode(message), now=NOW)


@for_each(
    ("field", "value", "fault"),
    [
        ("ground", "whim", FieldFault.BAD_FORMAT),
        ("source", 7, FieldFault.WRONG_TYPE),
        ("automated_decision", True, FieldFault.WRONG_TYPE),
        ("alert_id", "a" * 129, FieldFault.TOO_LONG),
        ("decided_by", "r\n", FieldFault.BAD_FORMAT),
        ("actioned_at", "2096-01-01T00:00:00Z", FieldFault.FUTURE_DATE),
    ],
)
def test_unusable_field_is_left_out_and_named(field: str, value: object, fault: FieldFault) -> None:
    found = read(**{field: value})
    assert (getattr(found.record, field), found.unusable) == (None, (Unusable(field, fault),))


@for_each(
    ("field", "value"),
    [("action", "hidden"), ("until", "soon"), ("territory", ["PK", "Moon"]), ("territory", "PK")],
)
def test_unusable_action_end_or_territory_refuses_the_record(field: str, value: object) -> None:
    found = read(**{field: value})
    assert isinstance(found, Malformed)
    assert found.path == f"$.{field}"


def test_long_clause_is_cut_and_missing_id_is_made_of_the_moment() -> None:
    message = msgspec.json.decode(encode(ACTIONED))
    del message["event_id"]
    found = decode_actioned(msgspec.json.encode({**message, "clause": "§" * 501}), now=NOW)
    assert not isinstance(found, Malformed)
    assert (len(found.record.clause or ""), found.record.event_id[:8]) == (500, "unnamed-")


@for_each(
    ("occurred_at", "actioned_at", "until", "refused"),
    [
        ("2026-11-20T10:00:00Z", None, "2026-11-20T09:59:59Z", True),
        ("2026-11-20T10:00:00Z", None, "2026-11-20T10:00:00Z", False),
        ("2026-11-20T10:00:00Z", "2026-11-19T10:00:00Z", "2026-11-20T09:00:00Z", False),
        ("2026-11-20T10:00:00Z", "2026-11-19T10:00:00Z", "2026-11-18T09:00:00Z", True),
    ],
)
def test_action_that_ends_before_it_takes_effect_is_refused(
    occurred_at: str, actioned_at: str | None, until: str, refused: bool
) -> None:
    found = read(occurred_at=occurred_at, actioned_at=actioned_at, until=until)
    assert isinstance(found, Malformed) == refused, found
    if refused:
        assert (found.reason, found.path) == ("contradiction", "$.until")


# What people are told, and that it always adds up.

DESIGNED = (
    "alert_id revision status platform account_id account_kind direction matched prior log_odds probability "
    "band evidence counter_evidence rivals others not_read not_compared queue weights_version fold_version "
    "detected_at seconds_since_ban seconds_since_event withdrawn_at withdrawn_reason superseded_by "
    "dismissed_at drawn notice"
)


def test_an_alert_always_sends_every_field_in_the_documented_order() -> None:
    quiet = msgspec.structs.replace(examples.ALERT, queue=None, others=(), seconds_since_ban=None)
    assert list(as_json(quiet)) == DESIGNED.split()


def test_an_alert_of_a_release_that_named_no_rivals_is_read() -> None:
    former = as_json(examples.ALERT)
    del former["rivals"]
    for line in (*former["evidence"], *former["counter_evidence"]):
        del line["explained"]
    read = record_of(decode_alert(msgspec.json.encode(former), now=NOW))
    assert isinstance(read, MirrorAlert)
    assert read.rivals == ()
    assert read == msgspec.structs.replace(examples.ALERT, rivals=())


def test_a_reason_that_adds_odds_is_refused_and_a_share_of_a_former_release_is_read_past() -> None:
    rival = {"name": "household", "takes": -0.01, "sentence": ""}
    assert fault(decode_alert(an_alert(rivals=[rival]), now=NOW)) == ("out-of-range", "$.rivals[0].takes")
    former = decode_alert(an_alert(rivals=[{"name": "household", "share": 0.7, "sentence": ""}]), now=NOW)
    assert isinstance(former, Decoded)
    assert isinstance(former.record, MirrorAlert)
    assert (former.record.rivals[0].takes, former.record.rivals[0].covers) == (0.0, ())


def test_an_alert_says_that_a_person_decides() -> None:
    assert as_json(examples.ALERT)["notice"] == NOTICE == "resemblance, not identity; a person decides"


def test_evidence_sums_to_the_log_odds() -> None:
    assert abs(examples.ALERT.imbalance) < 1e-9
    assert fault(decode_alert(an_alert(log_odds=4.8501), now=NOW)) == ("contradiction", "$.log_odds")
    assert record_of(decode_alert(an_alert(log_odds=4.85 + 1e-10), now=NOW))


@for_each(
    ("field", "value", "reason"),
    [
        ("band", "certain", "not-allowed"),
        ("status", "closed", "not-allowed"),
        ("direction", "sideways", "not-allowed"),
        ("probability", 1.01, "out-of-range"),
        ("probability", -0.01, "out-of-range"),
        ("revision", 0, "out-of-range"),
        ("evidence", {}, "wrong-type"),
        ("alert_id", "", "too-short"),
        ("queue", "a queue", "bad-format"),
    ],
)
def test_an_alert_of_another_shape_is_refused(field: str, value: object, reason: str) -> None:
    assert fault(decode_alert(an_alert(**{field: value}), now=NOW)) == (reason, f"$.{field}")


@for_each("number", [inf, -inf, nan])
@for_each(
    ("record", "field"),
    [
        *((ALERT, name) for name in ("prior", "log_odds", "probability", "seconds_since_ban")),
        (ALERT.evidence[0], "weight"),
        (ALERT.rivals[0], "takes"),
        (WAVE.members[0], "log_odds"),
    ],
)
def test_a_number_that_json_cannot_carry_gets_into_no_record(record: Any, field: str, number: float) -> None:
    with pytest.raises(ValueError, match=field):
        replace(record, **{field: number})


def test_a_summary_travels_on_the_same_topic_and_is_told_apart() -> None:
    summary = record_of(decode_alert(encode(examples.SUMMARY), now=NOW))
    assert isinstance(summary, AlertSummary)
    assert (summary.key, summary.withheld) == ("x:2201", 124)
    assert isinstance(record_of(decode_alert(encode(examples.ALERT), now=NOW)), MirrorAlert)


def test_a_broken_summary_is_named_as_a_summary() -> None:
    broken = {**as_json(examples.SUMMARY), "published": -1}
    assert fault(decode_alert(msgspec.json.encode(broken), now=NOW)) == ("out-of-range", "$.published")


# Whoever routes alerts reads their headers alone.


def test_an_alert_says_in_headers_where_it_belongs() -> None:
    assert dict(alert_headers(ALERT)) == {
        "alert_id": b"5d41402abc4b2a76b9719d911017c592",
        "revision": str(ALERT.revision).encode(),
        "status": b"open",
        "band": b"likely",
        "queue": b"extremism",
        "policy": b"violent-extremism",
    }
    assert [name for name, _ in alert_headers(ALERT)] == list(ALERT_HEADERS)


def test_a_withdrawal_is_told_from_an_alert_without_reading_it() -> None:
    told = dict(alert_headers(WITHDRAWN))
    assert (told["status"], told["revision"]) == (b"withdrawn", str(WITHDRAWN.revision).encode())


def test_what_a_record_does_not_say_has_no_header() -> None:
    assert "band" not in dict(alert_headers(SUMMARY))
    nowhere = replace(ALERT, queue=None, matched=replace(ALERT.matched, policy=None))
    assert set(dict(alert_headers(nowhere))) == {"alert_id", "revision", "status", "band"}


# The state of an alert: one of two, without quotes, and never half withdrawn.

BROKEN = {
    "neither": replace(STATE, alert=None),
    "both": replace(STATE, summary=SUMMARY),
    "unbalanced": replace(STATE, alert=replace(ALERT, log_odds=9.0)),
    "open with a reason": replace(STATE, alert=replace(ALERT, withdrawn_reason="verdict")),
    "withdrawn without one": replace(STATE, alert=replace(WITHDRAWN, withdrawn_reason=None)),
}


def test_state_is_keyed_by_its_alert() -> None:
    summary = AlertState(summary=SUMMARY, since=SUMMARY.detected_at)
    assert (STATE.key, summary.key) == (ALERT.alert_id, SUMMARY.alert_id)
    assert (STATE.record, summary.record) == (STATE.alert, SUMMARY)


@for_each("state", BROKEN.values())
def test_broken_state_is_refused(state: AlertState) -> None:
    read = decode_alert_state(encode(state), now=inf)
    assert isinstance(read, Malformed)
    assert read.reason == "contradiction"


def test_unquoted_alert_has_no_word_of_either_account_and_still_adds_up() -> None:
    bare = unquoted_alert(ALERT)
    lines = (*bare.evidence, *bare.counter_evidence)
    assert {(it.ours, it.theirs, it.because) for it in lines} == {("", "", QUOTES_REMOVED)}
    assert (bare.others, bare.fault()) == ((), None)
    assert b"northwind" not in encode(bare)


# Revisions grow, whatever the clock says.

CLOCKS = st.floats(min_value=-1e18, max_value=1e18, allow_nan=False)


@given(st.integers(0, BY_TIME_MAX), CLOCKS)
def test_next_revision_is_above_the_known_one_and_fits_a_record(known: int, now: float) -> None:
    assert known < next_revision(known, now) < 2**31 - 1


@given(st.integers(0, 2**31), CLOCKS)
def test_next_revision_is_not_below_its_moment(known: int, now: float) -> None:
    assert next_revision(known, now) >= by_time(now) >= 1


def test_next_revision_within_a_second_counts_on_by_one() -> None:
    known = by_time(COUNTED_FROM + 60.0)
    assert next_revision(known, COUNTED_FROM + 60.0) == known + 1


def test_revision_by_time_counts_seconds_since_2020() -> None:
    assert [by_time(COUNTED_FROM + it) for it in (-1.0, 0.5, 1.9, 86_400.0)] == [1, 1, 1, 86_400]
    assert by_time(float("inf")) == BY_TIME_MAX


# Dead letters: the whole address, the value as far as it fits, and a reason without personal values.


def test_what_it_holds_is_not_in_its_repr() -> None:
    arrival = Arrival("accounts.created", 3, 2**40, b"x:secret-key", b"secret-value")
    letter = letter_of(arrival, Dead("not-utf8", "$", "not UTF-8"), NOW)
    assert letter.address == "accounts.created:3:1099511627776"
    assert "secret" not in repr(letter) + pretty_repr(letter)
    assert "not-utf8" in repr(letter)


# Verdicts of reviewers.


def a_verdict(**fields: object) -> object:
    return decode_verdict(msgspec.json.encode({**as_json(examples.VERDICT), **fields}), now=NOW)


@for_each("verdict", ["mirror", "not_mirror", "unsure"])
def test_three_verdicts_are_known(verdict: str) -> None:
    assert record_of(a_verdict(verdict=verdict)).verdict == verdict


@for_each("verdict", ["Mirror", "not mirror", "yes", ""])
def test_any_other_is_refused(verdict: str) -> None:
    assert fault(a_verdict(verdict=verdict)) == ("not-allowed", "$.verdict")


def test_a_verdict_is_not_blind_unless_it_says_so() -> None:
    assert record_of(a_verdict()).blind is False
    assert record_of(a_verdict(blind=True)).blind is True
    unclear = a_verdict(blind="yes")
    assert (record_of(unclear).blind, left_out(unclear)) == (False, (("blind", "wrong-type"),))


@for_each(
    ("field", "value", "reason"),
    [
        ("alert_id", "", "too-short"),
        ("revision", 0, "out-of-range"),
        ("decided_at", "2999-01-01T00:00:00Z", "future-date"),
        ("version", 2, "unknown-version"),
        ("golden", "yes", "wrong-type"),
    ],
)
def test_a_verdict_is_complete_and_sane(field: str, value: object, reason: str) -> None:
    assert fault(a_verdict(**{field: value})) == (reason, f"$.{field}")


def test_a_verdict_holds_without_a_reviewer_and_a_code_that_can_be_read() -> None:
    """A person's work is not lost for what somebody's form sent beside it."""
    verdict = a_verdict(reviewer="", reason_code="free text")
    assert left_out(verdict) == (("reason_code", "bad-format"), ("reviewer", "missing-field"))
    assert (record_of(verdict).reason_code, record_of(verdict).reviewer) == ("unusable", "unusable")


def test_a_record_from_before_verdicts_had_ids_is_told_apart_by_who_gave_it_and_when() -> None:
    without = replace(examples.VERDICT, verdict_id=None)
    assert without.identity != replace(without, reviewer="r-9").identity
    assert without.identity == replace(without).identity
    assert examples.VERDICT.identity == examples.VERDICT.verdict_id


def test_an_id_or_a_policy_that_cannot_be_read_does_not_cost_the_verdict() -> None:
    verdict = a_verdict(verdict_id="", policy="Free Text")
    assert left_out(verdict) == (("verdict_id", "missing-field"), ("policy", "bad-format"))
    assert record_of(verdict).verdict == "mirror"


# What travels from enrol to lookback.


def test_no_profile_travels_with_it() -> None:
    assert set(BanEnrolled.__struct_fields__) == {
        *("platform", "account_id", "banned_at", "occurred_at", "freed_at", "version")
    }


# The record of a wave.


def test_more_members_than_a_wave_has_are_no_wave() -> None:
    read = decode_wave(encode(replace(WAVE, members=WAVE.members * 101)), now=inf)
    assert isinstance(read, Malformed)
    assert read.path == "$.members"


# The table of rights: which basis may alert, be quoted and be exported.


EVERY_RIGHT = BasisRights()
NO_RIGHT = BasisRights(may_alert=False, may_be_quoted=False, may_be_exported=False)


def row(authority: str, programme: str | None = None, right: str = "", *, value: bool = False) -> str:
    """A row with all rights but one."""
    rights = dict.fromkeys(BasisRights._fields, True) | ({right: value} if right else {})
    lines = [f'authority = "{authority}"', *(f"{name} = {str(it).lower()}" for name, it in rights.items())]
    lines += [f'programme = "{programme}"'] if programme else []
    return "[[rights]]\n" + "\n".join(lines) + "\n"


TABLE = read_rights(
    "version = 1\n"
    + row("PK", right="may_alert")
    + row("PK", "Schedule I")
    + row("PK", "Schedule II", "may_be_exported")
    + row("PK", "R\u00e9gime").replace("true", "false")
    + row("*", right="may_be_quoted")
    + row("UN")
)


@for_each(
    ("basis", "rights"),
    [
        (None, EVERY_RIGHT),
        (Basis(authority="platform"), EVERY_RIGHT),
        (Basis(authority="UN"), EVERY_RIGHT),
        (Basis(authority="RU"), BasisRights(may_be_quoted=False)),
        (Basis(authority="PK"), BasisRights(may_alert=False)),
        (Basis(authority="pk", programmes=(" schedule i",)), EVERY_RIGHT),
        (Basis(authority="PK", programmes=("Schedule II",)), BasisRights(may_be_exported=False)),
        (Basis(authority="PK", programmes=("Schedule III",)), BasisRights(may_alert=False)),
        # Spaces, and how letters are composed, make no other programme.
        (Basis(authority="PK", programmes=("Schedule\u00a0 II",)), BasisRights(may_be_exported=False)),
        (Basis(authority="PK", programmes=("Re\u0301gime",)), NO_RIGHT),
        # The narrowest of several decides.
        (
            Basis(authority="PK", programmes=("Schedule I", "Schedule III", "Schedule II")),
            BasisRights(may_alert=False, may_be_exported=False),
        ),
    ],
)
def test_nearest_row_decides_and_of_several_programmes_each_must_have_the_right(
    basis: Basis | None, rights: BasisRights
) -> None:
    assert TABLE.of(basis) == rights


@given(st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{0,31}", fullmatch=True), st.lists(st.text(max_size=8)))
def test_without_rows_every_basis_has_all_rights(authority: str, programmes: list[str]) -> None:
    basis = Basis(authority=authority, programmes=tuple(programmes))
    assert RightsTable().of(basis) == read_rights("version = 1").of(basis) == EVERY_RIGHT


@for_each(
    ("text", "reason"),
    [
        ("", "version"),
        ("version = 2", "version|Invalid enum"),
        ("version = 1\n[[rights]]\nauthority = 'PK'\nmay_alert = false", "missing required field"),
        ("version = 1\n" + row("PK").replace("may_alert", "may_allert"), "unknown field"),
        ("version = 1\n" + row("P K"), "authority"),
        ("version = 1\n" + row("PK") + row("pk"), "row 2 .*already"),
        ("version = 1\n" + row("*", "Schedule I"), "row 1 .*belongs to an authority"),
        ("version = 1\n" + row("PK", " "), "row 1 .*empty"),
        ("version = 1\nrights = 7", "array"),
        ("version = ", "Invalid value"),
        ("version = 1" + "0" * 5_000, "4300 digits"),
    ],
)
def test_unusable_table_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(UnusableRights, match=reason):
        read_rights(text)


@for_each(
    ("basis", "kind"),
    [(None, "none"), (Basis(authority="Platform"), "platform"), (Basis(authority="court-order"), "state")],
)
def test_kind_says_on_whose_word_a_ban_rests(basis: Basis | None, kind: str) -> None:
    assert kind_of(basis) == kind


@for_each(
    ("basis", "may_alert", "counted"),
    [
        ({"authority": "PK", "programmes": ["Schedule I"]}, True, 0),
        ({"authority": "PK", "programmes": ["Schedule I"], "reference": 7}, True, 1),
        ({"authority": "PK", "programmes": ["Schedule I", 7]}, False, 1),
        ({"authority": "PK", "programmes": "Schedule II"}, False, 1),
        ({"authority": "P K", "programmes": ["Schedule I"]}, False, 1),
        ({"reference": "7"}, False, 1),
        ("PK", False, 1),
    ],
)
def test_basis_of_which_authority_or_programmes_cannot_be_read_may_not_alert(
    basis: Any, may_alert: bool, counted: int
) -> None:
    message = {**msgspec.json.decode(encode(examples.BANNED)), "basis": basis}
    found = decode_banned(msgspec.json.encode(message), now=NOW)
    assert isinstance(found, Decoded)
    assert isinstance(found.record, AccountBanned)
    rights = RightsTable({("pk", "schedule ii"): BasisRights(may_alert=False)})
    assert rights.of(found.record.basis).may_alert == may_alert
    assert RightsTable().of(found.record.basis).may_alert, "nothing is restricted"
    assert [it.field for it in found.unusable] == ["basis"] * counted


# The JSON Schema files: current, valid, and of the same opinion as the decoders.


def validator(topic: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(
        msgspec.json.decode((FOLDER / f"{topic}.json").read_bytes()),
        format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER,
    )


@for_each("topic", RECORDS)
def test_the_checked_in_file_is_current(topic: str) -> None:
    assert (FOLDER / f"{topic}.json").read_bytes() == render(topic), "run python -m schemas.generate"


def test_no_file_is_left_over() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {f"{topic}.json" for topic in RECORDS}


@for_each("topic", RECORDS)
def test_a_schema_is_a_schema_and_takes_its_examples(topic: str) -> None:
    judge = validator(topic)
    judge.check_schema(judge.schema)
    for record in EXAMPLES[topic]:
        judge.validate(msgspec.json.decode(encode(record)))
    for example in judge.schema["examples"]:
        judge.validate(example)


@for_each("topic", RECORDS)
def test_every_struct_is_described(topic: str) -> None:
    for name, definition in validator(topic).schema["$defs"].items():
        assert definition["title"] == name
        assert len(definition["description"]) > 20
        assert "Args" not in definition["description"]


@for_each(
    ("field", "value"),
    [
        ("account_id", ""),
        ("account_id", "a\n"),
        ("account_id", "a\x00b"),
        ("handle", "x" * 257),
        ("display_name", 7),
        ("bio", "x" * 10_001),
        ("links", ["x"] * 51),
        ("email_hmac", "A7" * 10),
        ("avatar", {"pdq": "zz", "quality": 1}),
    ],
)
def test_a_schema_refuses_what_the_decoder_refuses(field: str, value: object) -> None:
    event = as_json(EXAMPLES["accounts.created"][0])
    judge = validator("accounts.created")
    assert judge.is_valid(event)
    event["account"][field] = value
    assert not judge.is_valid(event)
