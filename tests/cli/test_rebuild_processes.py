"""Which process enrols which partitions."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cli.rebuild_processes import _shares

OFFSETS = st.dictionaries(st.integers(0, 60), st.integers(0, 10_000), min_size=1)


def test_the_longest_partitions_are_shared_out_first() -> None:
    assert _shares({0: 100, 1: 10, 2: 60, 3: 50}, {0: 20}, 2) == [{0: 100, 1: 10}, {2: 60, 3: 50}]


@given(OFFSETS, OFFSETS, st.integers(1, 70))
def test_each_partition_is_in_one_share_and_no_share_is_empty(
    ends: dict[int, int], done: dict[int, int], count: int
) -> None:
    shares = _shares(ends, done, count)
    assert sorted(pair for share in shares for pair in share.items()) == sorted(ends.items())
    assert len(shares) == min(count, len(ends))
