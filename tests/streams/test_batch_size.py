"""Fewer records at once after a failure, and more again."""

from __future__ import annotations

from streams.batch_size import BatchSize


def test_it_halves_what_was_tried_down_to_one_record() -> None:
    size = BatchSize(500)
    size.failed(40)
    assert size.records == 20, "half of what was in hand, not of what might have been"
    for _ in range(10):
        size.failed(size.records)
    assert size.records == 1


def test_it_grows_by_a_constant_up_to_the_limit() -> None:
    size = BatchSize(160)
    size.failed(160)
    sizes = []
    for _ in range(9):
        size.succeeded()
        sizes.append(size.records)
    assert sizes == [90, 100, 110, 120, 130, 140, 150, 160, 160]


def test_a_small_limit_grows_too() -> None:
    size = BatchSize(4)
    size.failed(4)
    size.succeeded()
    assert size.records == 3
