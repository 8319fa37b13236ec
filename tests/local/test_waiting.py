"""Waiting has an end."""

from __future__ import annotations

from local.waiting import wait_until


def test_it_ends_when_the_condition_is_met() -> None:
    answers = iter([False, False, True])
    assert wait_until(lambda: next(answers), 5)


def test_it_ends_without_it_too() -> None:
    assert not wait_until(lambda: False, 0.1)


def test_what_is_true_already_needs_no_time() -> None:
    assert wait_until(lambda: True, 0)
