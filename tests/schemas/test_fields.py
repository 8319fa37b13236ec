"""Patterns hold for Python's dialect and for JSON Schema's."""

from __future__ import annotations

import re
from typing import Any, get_args

import msgspec
import pytest

from schemas import fields

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


@pytest.mark.parametrize("name", PATTERNED)
def test_a_pattern_covers_the_whole_text(name: str) -> None:
    pattern = PATTERNED[name]
    assert pattern.startswith("^")
    assert pattern.endswith(r"$(?!\n)")
    assert not re.search(pattern, "a\n")


@pytest.mark.parametrize("name", PATTERNED)
def test_no_patterned_field_takes_a_control_character(name: str) -> None:
    assert refused(getattr(fields, name), "ab\x00cd")


@pytest.mark.parametrize("key", ["x:1", "bluesky:did:plc:abc", "a.b-c_d:" + "1" * 256])
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
