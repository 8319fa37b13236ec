"""What travels from enrol to lookback."""

from __future__ import annotations

import msgspec

from schemas import examples
from schemas.enrolled import BanEnrolled
from schemas.wire import decode_enrolled, encode
from tests.schemas.makers import NOW, as_json, fault, record_of


def test_an_enrolled_ban_names_the_account_and_its_times() -> None:
    record = record_of(decode_enrolled(encode(examples.ENROLLED), now=NOW))
    assert (record, record.key) == (examples.ENROLLED, "x:2201")
    assert record.at == examples.BANNED.at


def test_no_profile_travels_with_it() -> None:
    assert set(BanEnrolled.__struct_fields__) == {
        "platform",
        "account_id",
        "banned_at",
        "occurred_at",
        "freed_at",
        "version",
    }


def test_a_newer_version_is_refused() -> None:
    newer = {**as_json(examples.ENROLLED), "version": 2}
    assert fault(decode_enrolled(msgspec.json.encode(newer), now=NOW)) == ("unknown-version", "$.version")
