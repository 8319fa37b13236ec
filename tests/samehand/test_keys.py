"""Every kind of key has a cap, and its number is its own for ever."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from samehand.keys import (
    PERSONAL_POSTING_CAP,
    KeyKind,
    falls_silent,
    key_of,
    keys_of,
    kind_of,
    posting_cap,
    value_of,
)


def test_every_kind_is_capped() -> None:
    assert all(0 < posting_cap(kind) <= 1024 for kind in KeyKind)


def test_personal_values_single_fewer_people_out_than_names() -> None:
    assert posting_cap(KeyKind.ADDRESS) == PERSONAL_POSTING_CAP < posting_cap(KeyKind.HANDLE_WORD)


def test_what_a_farm_shares_proposes_somebody_however_large_it_is() -> None:
    assert not any(falls_silent(kind) for kind in (KeyKind.HANDLE_FULL, KeyKind.DEVICE, KeyKind.CONTACT))
    assert falls_silent(KeyKind.NAMING_RUN)
    assert falls_silent(KeyKind.NAMING_WORD)


def test_numbers_fit_a_byte_and_are_used_once() -> None:
    numbers = [kind.value for kind in KeyKind]
    assert len(set(numbers)) == len(numbers)
    assert max(numbers) < 256


@given(st.sampled_from(KeyKind), st.binary())
def test_a_key_says_its_kind_and_its_value(kind: KeyKind, value: bytes) -> None:
    key = key_of(kind, value)
    assert kind_of(key) is kind
    assert value_of(key) == value


def test_an_empty_word_is_no_key() -> None:
    words = ["umar", "", "умар"]
    assert keys_of(KeyKind.NAME_WORD, words) == [
        key_of(KeyKind.NAME_WORD, word.encode()) for word in ("umar", "умар")
    ]
