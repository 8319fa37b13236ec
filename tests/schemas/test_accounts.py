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
from schemas.wire import decode_banned, decode_created, decode_deleted, decode_reinstated
from tests.schemas.makers import NOW, a_ban, a_created, as_json, fault, record_of


def created(**account: object) -> object:
    return decode_created(a_created(**account), now=NOW)


def test_an_account_needs_nothing_but_its_id() -> None:
    record = record_of(created(account_id="7"))
    assert record.key == "telegram:7"
    assert record.account.given == ()


def test_the_same_id_on_two_platforms_is_two_accounts() -> None:
    on_x = msgspec.structs.replace(examples.CREATED_SMALLEST, platform="x")
    assert on_x.key != examples.CREATED_SMALLEST.key


@pytest.mark.parametrize(
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
    assert fault(created(**{field: "م" * (length + 1)})) == ("too-long", f"$.account.{field}")


def test_links_are_limited_in_number_and_in_length() -> None:
    assert len(record_of(created(links=["a.example"] * 50)).account.links) == 50
    assert fault(created(links=["a.example"] * 51)) == ("too-many", "$.account.links")
    assert fault(created(links=["a.example", "b" * 2_049])) == ("too-long", "$.account.links[1]")


@pytest.mark.parametrize("account_id", ["a\x00b", "\x00", "a\n", "a\r\nb", "\x7f"])
def test_an_id_has_no_control_characters(account_id: str) -> None:
    assert fault(created(account_id=account_id)) == ("bad-format", "$.account.account_id")


@pytest.mark.parametrize("field", ["device_id", "payment_token"])
def test_other_ids_have_no_control_characters_but_may_be_empty(field: str) -> None:
    assert fault(created(**{field: "a\x00b"})) == ("bad-format", f"$.account.{field}")
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


@pytest.mark.parametrize("field", ["event_id", "version", "occurred_at", "platform", "account"])
def test_the_frame_of_an_event_is_complete(field: str) -> None:
    event = as_json(examples.CREATED_SMALLEST)
    del event[field]
    assert fault(decode_created(msgspec.json.encode(event), now=NOW)) == ("missing-field", f"$.{field}")


@pytest.mark.parametrize("platform", ["X", "a:b", "", "x\n", "ш", "a" * 33, "two words"])
def test_a_platform_is_a_short_lower_case_word(platform: str) -> None:
    event = {**as_json(examples.CREATED_SMALLEST), "platform": platform}
    assert fault(decode_created(msgspec.json.encode(event), now=NOW)) == ("bad-format", "$.platform")


@pytest.mark.parametrize("field", ["email_hmac", "phone_hmac", "device_hmac", "ip_hmac", "payment_hmac"])
def test_keyed_values_are_lower_case_hex_of_10_to_32_bytes(field: str) -> None:
    for size in (10, 20, 32):
        assert getattr(record_of(created(**{field: "a7" * size})).account, field) == "a7" * size
    for wrong in ("a7" * 9, "a7" * 33, "a7" * 10 + "a", "A7" * 10, "g7" * 10, "a7" * 10 + "\n", ""):
        assert fault(created(**{field: wrong})) == ("bad-format", f"$.account.{field}")


PDQ = "0f" * 32


def test_an_avatar_is_a_hash_with_its_quality_or_a_picture() -> None:
    hashed = record_of(created(avatar={"pdq": PDQ, "quality": 80})).account.avatar
    assert (hashed.pdq, hashed.quality, hashed.image) == (PDQ, 80, None)
    picture = base64.b64encode(b"\x89PNG").decode()
    assert record_of(created(avatar={"image": picture})).account.avatar.image == b"\x89PNG"


@pytest.mark.parametrize(
    ("avatar", "reason", "path"),
    [
        ({}, "missing-field", "$.account.avatar"),
        ({"quality": 90}, "missing-field", "$.account.avatar"),
        ({"pdq": PDQ}, "missing-field", "$.account.avatar"),
        ({"pdq": PDQ[:-1], "quality": 90}, "bad-format", "$.account.avatar.pdq"),
        ({"pdq": PDQ, "quality": 101}, "out-of-range", "$.account.avatar.quality"),
        ({"pdq": PDQ, "quality": -1}, "out-of-range", "$.account.avatar.quality"),
        ({"pdq": PDQ, "quality": 10**40}, "out-of-range", "$.account.avatar.quality"),
        ({"pdq": PDQ, "quality": "90"}, "wrong-type", "$.account.avatar.quality"),
        ({"image": "not base64!"}, "bad-format", "$.account.avatar.image"),
        ("https://example.org/a.png", "wrong-type", "$.account.avatar"),
    ],
)
def test_other_avatars_are_refused(avatar: object, reason: str, path: str) -> None:
    raw = a_created(account_id="7").replace(
        b'"account":{', b'"account":{"avatar":%s,' % json.dumps(avatar).encode()
    )
    assert fault(decode_created(raw, now=NOW)) == (reason, path)


def test_a_picture_is_taken_up_to_256_kib() -> None:
    assert record_of(created(avatar={"image": base64.b64encode(bytes(256 * 1024)).decode()}))
    larger = base64.b64encode(bytes(256 * 1024 + 1)).decode()
    assert fault(created(avatar={"image": larger})) == ("too-long", "$.account.avatar.image")


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
    assert record_of(decode_banned(a_ban(expires_at="9999-12-31T23:59:59Z"), now=NOW)).expires_at.year == 9999
    assert fault(decode_banned(a_ban(banned_at="9999-12-31T23:59:59Z"), now=NOW)) == (
        "future-date",
        "$.banned_at",
    )
    assert fault(decode_banned(a_ban(expires_at="1970-01-01T00:00:00Z"), now=NOW)) == (
        "past-date",
        "$.expires_at",
    )


@pytest.mark.parametrize("policy", ["two words", "", "a" * 65, "évasion", "-x"])
def test_a_policy_is_a_code_and_not_a_text(policy: str) -> None:
    assert fault(decode_banned(a_ban(policy=policy), now=NOW)) == ("bad-format", "$.policy")


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
