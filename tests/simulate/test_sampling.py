"""Draws fall where they should, and as often."""

from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulate.sampling import Weighted, below, between, digits, one_of, seeded, zipf


def test_each_purpose_has_its_own_generator() -> None:
    assert seeded(1, "names").random() == seeded(1, "names").random()
    assert len({seeded(1, "names").random(), seeded(1, "bans").random(), seeded(2, "names").random()}) == 3


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=20), st.integers(0, 2**32))
def test_a_weighted_draw_is_one_of_the_values(weights: list[float], seed: int) -> None:
    assert Weighted(range(len(weights)), weights).pick(Random(seed)) in range(len(weights))


def test_weights_are_kept() -> None:
    rng = Random(1)
    table = Weighted("abc", [5, 3, 2])
    seen = Counter(table.pick(rng) for _ in range(20_000))
    assert seen["a"] / 20_000 == pytest.approx(0.5, abs=0.02)
    assert seen["c"] / 20_000 == pytest.approx(0.2, abs=0.02)


def test_a_value_of_no_weight_never_comes() -> None:
    rng = Random(1)
    assert {Weighted("ab", [0, 1]).pick(rng) for _ in range(100)} == {"b"}


@pytest.mark.parametrize(("values", "weights"), [([], []), ([1], [1, 2])])
def test_weights_without_values_are_refused(values: list[int], weights: list[float]) -> None:
    with pytest.raises(ValueError, match="as many weights as values"):
        Weighted(values, weights)


def test_zipf_halves_from_rank_to_rank() -> None:
    rng = Random(3)
    names = zipf(range(1, 101), exponent=1.0, offset=0.0)
    seen = Counter(names.pick(rng) for _ in range(50_000))
    for rank in (2, 5, 10):
        assert seen[1] / seen[rank] == pytest.approx(rank, rel=0.15)


@given(st.integers(1, 10**9), st.integers(0, 2**32))
def test_below_stays_below(limit: int, seed: int) -> None:
    assert 0 <= below(Random(seed), limit) < limit


@given(st.integers(-50, 50), st.integers(0, 50), st.integers(0, 2**32))
def test_between_includes_both_ends_and_nothing_beyond(low: int, width: int, seed: int) -> None:
    assert low <= between(Random(seed), low, low + width) <= low + width


def test_every_value_of_a_short_range_comes() -> None:
    rng = Random(0)
    assert {between(rng, 1, 3) for _ in range(100)} == {1, 2, 3}
    assert {one_of(rng, "xyz") for _ in range(100)} == {"x", "y", "z"}


@given(st.integers(1, 12), st.integers(0, 2**32))
def test_digits_have_the_length_asked(length: int, seed: int) -> None:
    drawn = digits(Random(seed), length)
    assert len(drawn) == length
    assert drawn.isdecimal()
