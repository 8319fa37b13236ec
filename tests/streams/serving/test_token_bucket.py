"""A token bucket through bursts, waits and a clock that is set back."""

from __future__ import annotations

from streams.serving.token_bucket import TokenBucket


def test_burst_is_taken_at_once_and_then_one_after_each_wait() -> None:
    bucket = TokenBucket(2.0, 100.0)
    assert [bucket.take(4.0, 2.0, 100.0) for _ in range(3)] == [0.0, 0.0, 0.25]
    assert bucket.take(4.0, 2.0, 100.25) == 0.0
    assert bucket.take(4.0, 2.0, 100.25) == 0.25


def test_silence_fills_a_bucket_to_its_burst_alone() -> None:
    bucket = TokenBucket(0.0, 0.0)
    assert [bucket.take(1.0, 2.0, 1_000.0) for _ in range(3)] == [0.0, 0.0, 1.0]


def test_clock_set_back_neither_refills_nor_takes() -> None:
    bucket = TokenBucket(1.0, 100.0)
    assert bucket.take(1.0, 1.0, 50.0) == 0.0
    assert bucket.take(1.0, 1.0, 50.5) == 0.5
