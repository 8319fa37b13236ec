"""Device ids in one spelling; placeholders and constants name no device."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.normalize.device import normal_device

ID = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"


@pytest.mark.parametrize(
    "spelling", [ID, ID.upper(), ID.replace("-", ""), f"{{{ID}}}", f"IDFA:{ID}", f" gaid={ID} "]
)
def test_one_id_in_many_spellings(spelling: str) -> None:
    assert normal_device(spelling) == ID


@pytest.mark.parametrize(
    "junk",
    [
        "",
        "unknown",
        "NULL",
        "n/a",
        "abc",
        "00000000-0000-0000-0000-000000000000",
        "ffffffffffffffff",
        "9774d56d682e549c",
        "02:00:00:00:00:00",
        "000000000000000",
        "abababababab",
        "0123456789abcdef",
        "12341234123412341234",
        "x" * 300,
    ],
)
def test_junk_names_no_device(junk: str) -> None:
    assert normal_device(junk) is None


def test_an_opaque_id_is_kept_letter_for_letter() -> None:
    assert normal_device("d:Xy12_opaque-ID99") == "d:Xy12_opaque-ID99"


@given(st.one_of(st.text(max_size=300), st.uuids().map(str)))
def test_any_text_is_an_id_or_nothing_and_a_normal_id_stays(text: str) -> None:
    found = normal_device(text)
    if found is not None:
        assert normal_device(found) == found
