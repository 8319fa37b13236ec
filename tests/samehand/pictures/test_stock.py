"""Pictures that are nobody's: recognised through small edits, and a list with a fault says where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.account import Avatar
from samehand.errors import UnusableStock
from samehand.pictures.stock import NO_STOCK, STOCK_MAX, StockPictures, read_stock
from samehand.signals.avatar import NEAR_BITS, distance

HASHES = st.binary(min_size=32, max_size=32)
DEFAULT = bytes(range(32))


def test_comments_blank_lines_and_repeats_are_no_pictures() -> None:
    stock = read_stock(f"\ufeff# our default\n\n{DEFAULT.hex()}  # grey head\r\n{DEFAULT.hex().upper()}\n")
    assert len(stock) == 1
    assert stock.shows(Avatar(pdq=DEFAULT))


@given(st.lists(HASHES, max_size=5), HASHES, st.sets(st.integers(0, 255), max_size=40))
def test_a_picture_is_stock_where_at_most_31_bits_differ_from_a_listed_one(
    others: list[bytes], listed: bytes, flipped: set[int]
) -> None:
    bits = int.from_bytes(listed, "big")
    for bit in flipped:
        bits ^= 1 << bit
    shown = bits.to_bytes(32, "big")
    expected = any(distance(shown, one) <= NEAR_BITS for one in (*others, listed))
    assert StockPictures([*others, listed]).shows(Avatar(pdq=shown)) == expected
    assert not NO_STOCK.shows(Avatar(pdq=shown))


def test_another_view_of_a_stock_picture_is_stock_too() -> None:
    assert StockPictures([DEFAULT]).shows(Avatar(pdq=bytes(32), variants=(b"\xff" * 32, DEFAULT)))


@pytest.mark.parametrize("line", ["umar", "00" * 31, "00" * 33, "0g" * 32, "00 " * 32])
def test_a_line_that_is_no_hash_is_named(line: str) -> None:
    with pytest.raises(UnusableStock, match="line 3"):
        read_stock(f"# ours\n{DEFAULT.hex()}\n{line}\n")


def test_a_list_without_end_is_refused() -> None:
    lines = "\n".join(number.to_bytes(32, "big").hex() for number in range(STOCK_MAX + 1))
    with pytest.raises(UnusableStock, match="more than 10,000"):
        read_stock(lines)
