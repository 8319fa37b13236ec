"""Hashes of pictures, and of those that everybody has."""

from __future__ import annotations

import io
from importlib import import_module
from time import process_time
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.account import Avatar
from samehand.errors import UnusableStock
from samehand.pictures import hashing
from samehand.pictures.hashing import IMAGE_BYTES_MAX, Picture, Unseen, seen
from samehand.pictures.stock import NO_STOCK, STOCK_MAX, StockPictures, read_stock
from samehand.signals.avatar import AVATAR, NEAR_BITS, QUALITY_MIN, distance
from tests.samehand.makers import an_account, keyer
from tests.tables import for_each

# A picture becomes hashes that survive its edits; what is no picture becomes a reason.

needs_extra = pytest.mark.skipif(not hashing.installed(), reason="the extra `avatar` is not installed")


def pillow() -> Any:
    return import_module("PIL.Image")


def a_photo(seed: int = 1, side: int = 400) -> Any:
    """Smooth shapes of many sizes, as photographs have them."""
    random = np.random.default_rng(seed)
    pixels = np.zeros((side, side, 3))
    for size in (3, 6, 12, 25, 50):
        patch = pillow().fromarray((random.random((size, size, 3)) * 255).astype(np.uint8))
        pixels += np.asarray(patch.resize((side, side), pillow().Resampling.BICUBIC), float) / size**0.5
    pixels -= pixels.min()
    return pillow().fromarray((pixels * (255 / pixels.max())).astype(np.uint8))


def encoded(image: Any, kind: str = "JPEG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def picture_of(image: Any, kind: str = "JPEG", **options: Any) -> Picture:
    found = seen(encoded(image, kind, **options))
    assert isinstance(found, Picture), found
    return found


def apart(query: Picture, banned: Picture) -> int:
    """Bits between the nearest view of a query's picture and a banned one as it was enrolled."""
    return min(distance(pdq, banned.pdq) for pdq in (query.pdq, *query.variants))


def without_margin(image: Any, share: float) -> Any:
    """What is left of a picture when so much of its width and height is cut away around it."""
    width, height = image.size
    left, top = int(width * share / 2), int(height * share / 2)
    return image.crop((left, top, width - left, height - top))


@needs_extra
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_formats_and_sizes_of_one_picture_hash_alike(kind: str) -> None:
    photo = a_photo()
    assert apart(picture_of(photo.resize((200, 200)), kind), picture_of(photo)) <= 15
    assert picture_of(photo).quality >= QUALITY_MIN


@needs_extra
@pytest.mark.parametrize("seed", range(1, 6))
def test_a_mirrored_picture_and_cuts_either_way_are_found(seed: int) -> None:
    photo = a_photo(seed)
    whole = picture_of(photo)
    mirrored = photo.transpose(pillow().Transpose.FLIP_LEFT_RIGHT)
    assert apart(picture_of(mirrored), whole) <= 15
    for share in (0.04, 0.06, 0.1):
        assert apart(picture_of(without_margin(photo, share)), whole) <= 60
        assert apart(whole, picture_of(without_margin(photo, share))) <= 60


@needs_extra
@given(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))
def test_a_picture_of_any_one_colour_says_nothing_though_its_quality_is_not_given(
    red: int, green: int, blue: int
) -> None:
    picture = picture_of(pillow().new("RGB", (16, 16), (red, green, blue)), "PNG")
    assert AVATAR.distil(an_account(avatar=Avatar(pdq=picture.pdq, quality=100)), keyer) is None


@needs_extra
def test_other_pictures_stay_apart() -> None:
    pictures = [picture_of(a_photo(seed)) for seed in range(1, 9)]
    pairs = [(one, other) for one in pictures for other in pictures if one is not other]
    assert min(apart(one, other) for one, other in pairs) > 60


@needs_extra
def test_what_is_transparent_counts_as_white_whatever_colour_hides_there() -> None:
    hidden = []
    for colour in ("black", "red"):
        canvas = pillow().new("RGBA", (300, 300), colour)
        canvas.putalpha(0)
        canvas.paste(a_photo(side=200), (50, 50))
        hidden.append(picture_of(canvas, "PNG").pdq)
    assert hidden[0] == hidden[1]


@needs_extra
def test_a_flat_picture_is_too_poor_to_say_anything() -> None:
    assert picture_of(pillow().new("RGB", (300, 300), "teal"), "PNG").quality < QUALITY_MIN


@needs_extra
@pytest.mark.parametrize("side", [5_000, 20_000])
def test_a_bomb_is_refused_by_its_header(side: int) -> None:
    bomb = encoded(pillow().new("1", (side, side)), "PNG")
    assert len(bomb) < IMAGE_BYTES_MAX
    found = seen(bomb)
    assert isinstance(found, Unseen)
    assert found.reason == "too-many-pixels"


def of_many_scans(times: int) -> bytes:
    """A progressive JPEG whose last scan, which changes nothing, stands there so many times more."""
    image = encoded(pillow().new("L", (512, 512), "grey"), progressive=True)
    last = image[image.rindex(b"\xff\xda") : -2]
    return image[:-2] + last * times + image[-2:]


@needs_extra
def test_a_jpeg_of_thousands_of_scans_is_refused_before_it_is_decoded() -> None:
    bomb = of_many_scans(10_000)
    assert len(bomb) < IMAGE_BYTES_MAX
    begun = process_time()
    found = seen(bomb)
    assert isinstance(found, Unseen)
    assert found.reason == "too-many-scans"
    assert process_time() - begun < 0.5  # decoding it takes some seconds


@needs_extra
def test_as_many_scans_as_encoders_write_are_read() -> None:
    assert picture_of(a_photo(), progressive=True).quality >= QUALITY_MIN
    assert isinstance(seen(of_many_scans(20)), Picture)


@needs_extra
def test_only_four_formats_are_opened() -> None:
    assert seen(encoded(a_photo(side=64), "BMP")) == Unseen("malformed", "UnidentifiedImageError")


@needs_extra
def test_more_bytes_than_a_record_may_hold_are_not_looked_at() -> None:
    found = seen(bytes(IMAGE_BYTES_MAX + 1))
    assert isinstance(found, Unseen)
    assert found.reason == "too-large"


@needs_extra
@given(cut=st.integers(0, 3_000), flips=st.lists(st.integers(0, 2_999), max_size=8))
def test_damaged_pictures_are_values(cut: int, flips: list[int]) -> None:
    raw = bytearray(_DAMAGED)
    for place in flips:
        raw[place % len(raw)] ^= 0x55
    assert isinstance(seen(bytes(raw[:cut])), Picture | Unseen)


@given(st.binary(max_size=400))
def test_any_bytes_are_a_value(raw: bytes) -> None:
    assert isinstance(seen(raw), Picture | Unseen)


def test_without_the_extra_a_picture_is_unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashing, "_libraries", lambda: None)
    seen.cache_clear()
    found = seen(b"\x89PNG")
    seen.cache_clear()
    assert isinstance(found, Unseen)
    assert found.reason == "extra-not-installed"


_DAMAGED = encoded(a_photo(side=64)) if hashing.installed() else b""


# Pictures that are nobody's: recognised through small edits, and a list with a fault says where.

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


@for_each("line", ["umar", "00" * 31, "00" * 33, "0g" * 32, "00 " * 32])
def test_a_line_that_is_no_hash_is_named(line: str) -> None:
    with pytest.raises(UnusableStock, match="line 3"):
        read_stock(f"# ours\n{DEFAULT.hex()}\n{line}\n")


def test_a_list_without_end_is_refused() -> None:
    lines = "\n".join(number.to_bytes(32, "big").hex() for number in range(STOCK_MAX + 1))
    with pytest.raises(UnusableStock, match="more than 10,000"):
        read_stock(lines)
