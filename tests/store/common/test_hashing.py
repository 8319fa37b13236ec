"""Hashes of many values are the sums that the paper says, of each by itself."""

from __future__ import annotations

from hashlib import blake2b, shake_256

from hypothesis import given
from hypothesis import strategies as st

from store.common.hashing import Hasher

SECRET = bytes(range(32))
VALUES = st.binary(max_size=80) | st.binary(max_size=8).map(lambda value: value + b"\0")


def by_the_book(value: bytes) -> int:
    """The hash of one value, a number at a time."""
    drawn = shake_256(SECRET).digest(16 * 17)
    numbers = [int.from_bytes(drawn[at : at + 8], "little") for at in range(0, len(drawn), 8)]
    short = value if len(value) <= 64 else blake2b(value, key=SECRET, digest_size=64, person=b"long").digest()
    words = [len(value), *(int.from_bytes(short[at : at + 4], "little") for at in range(0, len(short), 4))]
    halves = [
        sum(word * number for word, number in zip(words, numbers[half::2], strict=False)) % 2**64 >> 32
        for half in (0, 1)
    ]
    return halves[0] << 32 | halves[1]


@given(st.lists(VALUES, max_size=12))
def test_many_at_once_are_each_by_itself(values: list[bytes]) -> None:
    assert Hasher(SECRET)(values).tolist() == [by_the_book(value) for value in values]


def test_values_that_differ_in_their_last_zero_alone_are_told_apart() -> None:
    hashes = Hasher(SECRET)([b"", b"\0", b"\0\0", b"a", b"a\0"]).tolist()
    assert len(set(hashes)) == len(hashes)


def test_another_secret_gives_other_hashes() -> None:
    assert Hasher(SECRET)([b"umar"]) != Hasher(SECRET[:-1])([b"umar"])


def test_likely_values_fall_everywhere() -> None:
    """A hundred thousand names in 4,096 places: none has twice its share, on either half."""
    hashes = Hasher(SECRET)([b"\x08umar%d" % number for number in range(100_000)])
    for bits in (hashes >> 52, hashes & 4095):
        counts = [0] * 4096
        for place in bits.tolist():
            counts[place] += 1
        assert max(counts) < 2 * 100_000 / 4096
