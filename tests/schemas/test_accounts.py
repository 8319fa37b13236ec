"""Events of accounts: what is taken, what is refused, and how the fault is named."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime

import msgspec
import pytest
from rich.pretty import pretty_repr

from schemas import examples, fields
from schemas.accounts import Account, Avatar
from schemas.decoding.dates import from_seconds
from schemas.wire import decode_banned, decode_created, decode_deleted, decode_reinstated
from tests.schemas.makers import NOW, a_ban, a_created, as_json, fault, left_out, record_of
from tests.tables import for_each


def created(**account: object) -> object:
    return decode_created(a_created(**account), now=NOW)


def test_an_account_needs_nothing_but_its_id() -> None:
    record = record_of(created(account_id="7"))
    assert record.key == "telegram:7"
    assert record.account.given == ()


def test_the_same_id_on_two_platforms_is_two_accounts() -> None:
    on_x = msgspec.structs.replace(examples.CREATED_SMALLEST, platform="x")
    assert on_x.key != examples.CREATED_SMALLEST.key


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


def test_a_ban_of_a_bare_name_is_enough() -> None:
    ban = examples.BANNED_BY_NAME
    assert (ban.banned_at, ban.policy, ban.account.given) == (None, None, ("display_name",))


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


def test_a_deletion_names_its_account() -> None:
    record = record_of(decode_deleted(msgspec.json.encode(as_json(examples.DELETED)), now=NOW))
    assert (record.key, record.at) == ("x:9907", examples.DELETED.occurred_at.timestamp())


def test_records_cannot_be_changed() -> None:
    account = Account(account_id="1")
    with pytest.raises(AttributeError):
        account.handle = "x"  # type: ignore[misc]  # the assignment is what must fail
