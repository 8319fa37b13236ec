"""Every kind of key has a cap, and its number is its own for ever."""

from __future__ import annotations

from samehand.keys import PERSONAL_POSTING_CAP, KeyKind, posting_cap


def test_every_kind_is_capped() -> None:
    assert all(0 < posting_cap(kind) <= 1024 for kind in KeyKind)


def test_personal_values_single_fewer_people_out_than_names() -> None:
    assert posting_cap(KeyKind.ADDRESS) == PERSONAL_POSTING_CAP < posting_cap(KeyKind.HANDLE_WORD)


def test_numbers_fit_a_byte_and_are_used_once() -> None:
    numbers = [kind.value for kind in KeyKind]
    assert len(set(numbers)) == len(numbers)
    assert max(numbers) < 256
