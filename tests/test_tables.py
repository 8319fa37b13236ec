"""A table of cases fails where a case fails, and names it."""

from __future__ import annotations

import inspect

import pytest

from tests.tables import for_each


def test_each_failed_case_is_named_and_the_others_are_tried() -> None:
    tried = list[tuple[int, str]]()

    @for_each("number, word", [(1, "a"), (2, "b"), pytest.param(3, "c")])
    @for_each("offset", [0, 10])
    def is_small(number: int, word: str, offset: int) -> None:
        tried.append((number + offset, word))
        assert number + offset in (1, 11)

    with pytest.raises(ExceptionGroup, match="2 of 3 cases failed") as failed:
        is_small()
    assert [number for number, _ in tried] == [1, 11, 2, 12, 3, 13]
    assert [fault.__notes__ for fault in failed.value.exceptions] == [
        ["case: number=2, word='b'"],
        ["case: number=3, word='c'"],
    ]


async def test_cases_of_a_coroutine_are_awaited_and_share_its_fixtures() -> None:
    @for_each("number", [1, 2])
    async def is_one(number: int, fixture: str) -> None:
        assert (number, fixture) == (1, "shared")

    assert list(inspect.signature(is_one).parameters) == ["fixture"]
    with pytest.raises(ExceptionGroup, match="1 of 2 cases failed"):
        await is_one(fixture="shared")


def test_marked_or_missing_cases_are_refused() -> None:
    with pytest.raises(ValueError, match="a test of its own"):
        for_each("number", [pytest.param(1, marks=pytest.mark.skip)])
    with pytest.raises(ValueError, match="no case"):
        for_each("number", [])
