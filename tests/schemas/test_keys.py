"""How an account is named across platforms."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.fields import ACCOUNT_ID_CHARS_MAX
from schemas.keys import AccountRef, account_key, read_account_key
from schemas.malformed import Malformed
from tests.schemas.makers import fault

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


@pytest.mark.parametrize(
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
