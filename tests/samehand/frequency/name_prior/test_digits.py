"""Numbers that mean something are common; numbers that mean nothing cost their digits."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.frequency.name_prior import digit_bits
from samehand.frequency.name_prior.digits import DIGIT_BITS


def test_no_digits_cost_nothing() -> None:
    assert digit_bits("") == 0


@pytest.mark.parametrize(
    ("meant", "random"),
    [("1998", "3748"), ("786", "583"), ("007", "583"), ("69", "31"), ("123", "583"), ("420", "583")],
)
def test_a_number_that_means_something_is_more_common(meant: str, random: str) -> None:
    assert digit_bits(meant) < digit_bits(random)


def test_years_of_birth_are_more_common_than_others() -> None:
    assert digit_bits("1999") < digit_bits("1950") < digit_bits("1850")
    assert digit_bits("99") < digit_bits("54")


def test_patterns_are_more_common_than_random_digits_of_their_length() -> None:
    for pattern in ("77777777", "45678", "98765"):
        assert digit_bits(pattern) < digit_bits("59372846"[: len(pattern)])


@given(st.text("0123456789", min_size=1, max_size=60))
def test_a_run_costs_something_but_no_more_than_random_digits_of_its_length(run: str) -> None:
    assert 0 < digit_bits(run) <= 8 + len(run) * DIGIT_BITS
