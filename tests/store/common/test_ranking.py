"""Rarity is never negative, and less for what is common; short postings are read while there is room."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from samehand.keys import KeyKind, falls_silent, posting_cap
from store.common.ranking import READ_A_KEPT, READ_AT_LEAST, STEPS_A_BIT, allotment, rarity_steps, read_at_all

HANDLE, RUN, NAME, PICTURE, DEVICE = (
    KeyKind.HANDLE_WORD,
    KeyKind.NAMING_RUN,
    KeyKind.NAME_WORD,
    KeyKind.AVATAR_BLOCK,
    KeyKind.DEVICE,
)
QUESTIONS = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from([HANDLE, NAME, PICTURE, DEVICE]), st.integers(0, 256)),
    max_size=40,
).map(lambda asked: sorted(asked, key=lambda one: one[0]))


def test_one_in_a_million_is_worth_twenty_bits() -> None:
    assert rarity_steps(1 << 20, 1) == 20 * STEPS_A_BIT
    assert rarity_steps(1 << 20, 256) == 12 * STEPS_A_BIT


@given(st.integers(0, 10**9), st.integers(1, 10**6), st.integers(1, 10**6))
def test_a_longer_posting_is_never_worth_more(total: int, one: int, other: int) -> None:
    shorter, longer = sorted((one, other))
    assert rarity_steps(total, shorter) >= rarity_steps(total, longer) >= 0


def read(asked: list[tuple[int, KeyKind, int]], keep: int = 64) -> list[bool]:
    """Whether each question (query, kind, length of its posting) is read."""
    columns = np.array(asked, np.int64).reshape(-1, 3)
    kinds = columns[:, 1].astype(np.uint8)
    answer: list[bool] = read_at_all(columns[:, 0], kinds, columns[:, 2], keep).tolist()
    return answer


@given(st.sampled_from(KeyKind))
def test_a_name_above_its_cap_is_silent_and_a_personal_value_never(kind: KeyKind) -> None:
    cap = posting_cap(kind)
    assert read([(0, kind, cap)]) == [True]
    assert read([(0, kind, cap + 1)]) == [not falls_silent(kind)]


def test_what_is_silent_takes_no_room() -> None:
    assert (
        read([(0, HANDLE, 257)] * 9 + [(0, RUN, 33)] * 9 + [(0, HANDLE, 256)] * 2)
        == [False] * 18 + [True] * 2
    )


def test_the_longest_postings_are_left() -> None:
    assert read([(0, HANDLE, 256), (0, HANDLE, 200), (0, HANDLE, 250)]) == [False, True, True]


def test_a_name_and_another_query_have_entries_of_their_own() -> None:
    assert all(read([(0, HANDLE, 256), (0, HANDLE, 256), (0, NAME, 256), (1, HANDLE, 256)]))


def test_the_same_handle_and_personal_values_are_always_read() -> None:
    assert allotment(KeyKind.HANDLE_FULL) == allotment(KeyKind.EMAIL) == allotment(DEVICE)
    assert all(read([(0, HANDLE, 256), (0, HANDLE, 256), *[(0, DEVICE, 60)] * 20]))


def test_who_keeps_more_reads_more() -> None:
    asked = [(0, HANDLE, 256)] * 9
    assert [sum(read(asked, keep)) for keep in (1, 64, 128, 256)] == [2, 2, 4, 8]


@given(QUESTIONS, st.integers(1, 300))
def test_no_unread_posting_would_have_fitted(asked: list[tuple[int, KeyKind, int]], keep: int) -> None:
    chosen = read(asked, keep)
    most = max(READ_AT_LEAST, READ_A_KEPT * keep)
    for query, purse, length in (one for one, taken in zip(asked, chosen, strict=True) if not taken):
        spent = [
            n for (q, p, n), taken in zip(asked, chosen, strict=True) if taken and (q, p) == (query, purse)
        ]
        assert purse != DEVICE
        assert max(spent, default=0) <= length
        assert sum(spent) <= most < sum(spent) + length
