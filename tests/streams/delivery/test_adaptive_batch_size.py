"""Fewer records at once after a failure, and more again."""

from __future__ import annotations

from streams.delivery.adaptive_batch_size import BatchSize
from streams.supervision.flight_recorder import FlightRecorder


def of(records_max: int, recorder: FlightRecorder | None = None) -> BatchSize:
    return BatchSize(records_max, (recorder or FlightRecorder()).slot("screen"))


def test_it_halves_what_was_tried_down_to_one_record() -> None:
    size = of(500)
    size.failed(40)
    assert size.records == 20, "half of what was in hand, not of what might have been"
    for _ in range(10):
        size.failed(size.records)
    assert size.records == 1


def test_it_grows_by_a_constant_up_to_the_limit() -> None:
    size = of(160)
    size.failed(160)
    sizes = []
    for _ in range(9):
        size.succeeded()
        sizes.append(size.records)
    assert sizes == [90, 100, 110, 120, 130, 140, 150, 160, 160]


def test_a_small_limit_grows_too() -> None:
    size = of(4)
    size.failed(4)
    size.succeeded()
    assert size.records == 3


def test_what_was_too_many_is_remembered_by_who_starts_again() -> None:
    recorder = FlightRecorder()
    of(500, recorder).failed(500)
    again = of(500, recorder)
    assert again.records == 250
    while again.records < 500:
        again.succeeded()
    assert of(500, recorder).records == 500
    assert of(800, recorder).records == 800, "what got through at its limit says nothing of a higher one"


def test_a_lower_limit_holds_whatever_is_remembered() -> None:
    recorder = FlightRecorder()
    of(500, recorder).failed(500)
    assert of(100, recorder).records == 100
