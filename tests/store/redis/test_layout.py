"""A store of another layout is told apart, and a key has one place in a store of given sizes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from store.addresses import Addresses
from store.redis.layout import LAYOUT, Layout, Sizes, Spread, place

OURS = Layout(Sizes(), Addresses(b"identity"), "samehand:")


def found(ours: Layout, **other: str) -> dict[bytes, bytes]:
    """What stands in a store's `meta` key."""
    return {name.encode(): value.encode() for name, value in {**ours.facts(), **other}.items()}


def test_a_store_of_an_older_layout_is_another_one() -> None:
    """Its records and account map are packed otherwise: it is refused, and rebuilt under another prefix."""
    assert OURS.differences(found(OURS)) == []
    assert OURS.differences(found(OURS, layout="1")) == [f"layout is 1, not {LAYOUT}"]


def test_a_few_shards_keep_short_prints_and_many_long_ones() -> None:
    """Each shard that is asked finds false entries of its own."""
    few, many = (Layout(Sizes(shards=shards), OURS.addresses, "samehand:") for shards in (4, 5))
    assert (few.bans.print_bytes, many.bans.print_bytes) == (2, 3)
    assert few.remembered.print_bytes == many.remembered.print_bytes == 3


def test_a_store_of_other_prints_is_another_one() -> None:
    assert OURS.differences(found(OURS, print_bytes="3")) == ["print_bytes is 3, not 2"]


@given(st.integers(0, 2**64 - 1), st.integers(1, 1 << 20), st.sampled_from([2, 3]))
def test_a_place_is_within_the_buckets_and_its_print_within_its_bytes(
    number: int, buckets: int, print_bytes: int
) -> None:
    bucket, print_ = place(number, Spread(buckets, 1, print_bytes))
    assert 0 <= bucket < buckets
    assert 0 <= print_ < 1 << 8 * print_bytes
