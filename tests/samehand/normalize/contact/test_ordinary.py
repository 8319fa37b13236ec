"""Dates, prices and versions are judged as a whole: a number with anything left beside them is none."""

from __future__ import annotations

import pytest

from samehand.normalize.contact.ordinary import (
    is_counting,
    is_ordinary,
    is_priced,
    is_version,
    without_times,
)


@pytest.mark.parametrize(
    "run", ["2024-12-25", "25.12.2024 - 31.12.2024", "1446/09/01", "10.30-12.30", "1.500.000"]
)
def test_a_run_that_is_wholly_ordinary_is(run: str) -> None:
    assert is_ordinary(run, 0, len(run))


@pytest.mark.parametrize("run", ["2024-12-25 786", "06.12.23.14.30", "600.123.456", "03012345678", "2345678"])
def test_a_run_with_more_in_it_may_be_a_number(run: str) -> None:
    assert not is_ordinary(run, 0, len(run))


def test_a_currency_makes_a_price_of_a_sum_and_not_of_a_number_with_a_leading_nought() -> None:
    assert is_priced("Rs 2500000", 3, 10)
    assert is_ordinary("Rs 2500000", 3, 10)
    assert not is_ordinary("Rs 02500000", 3, 11)


def test_a_word_before_it_makes_a_version() -> None:
    assert is_version("version 1.2.3.4", 8)
    assert not is_version("diversion 1.2.3.4", 10)


def test_a_time_of_day_parts_numbers() -> None:
    assert without_times("2024 10:30 12") == "2024 ,,,,, 12"
    assert without_times("123:456") == "123:456"


@pytest.mark.parametrize(
    ("numbers", "counts"), [(["39", "40", "41"], True), (["39", "40"], False), (["1", "x", "3"], False)]
)
def test_equal_steps_count_from_three_numbers_on(numbers: list[str], counts: bool) -> None:
    assert is_counting(numbers) is counts
