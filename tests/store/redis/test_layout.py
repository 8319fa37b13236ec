"""A store of another layout is told apart, and a key has one place in a store of given sizes."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from store.addresses import Addresses
from store.redis.layout import LAYOUT, Layout, Sizes, place

OURS = Layout(Sizes(), Addresses(b"identity"), "samehand:")


def found(ours: Layout, **other: str) -> dict[bytes, bytes]:
    """What stands in a store's `meta` key."""
    return {name.encode(): value.encode() for name, value in {**ours.facts(), **other}.items()}


def test_a_store_of_an_older_layout_is_another_one() -> None:
    """Its records and account map are packed otherwise: it is refused, and rebuilt under another prefix."""
    assert OURS.differences(found(OURS)) == []
    assert OURS.differences(found(OURS, layout="1")) == [f"layout is 1, not {LAYOUT}"]


@given(st.integers(0, 2**64 - 1), st.integers(1, 1 << 20))
def test_a_place_is_within_the_buckets_and_its_print_within_24_bits(number: int, buckets: int) -> None:
    bucket, print_ = place(number, buckets)
    assert 0 <= bucket < buckets
    assert 0 <= print_ < 1 << 24
