"""Digests of keys."""

from __future__ import annotations

from collections import Counter
from hashlib import blake2b, shake_256
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from samehand.keys import KeyKind, key_of
from store.common.hashing import Hasher
from store.common.key_digests import Addresses
from store.limits import listed_at_most

# Addresses: the same under one secret, others under another, spread evenly.

HERE, ELSEWHERE = Addresses(b"one secret"), Addresses(b"another secret")


@given(st.text(), st.text())
def test_two_accounts_have_two_digests(one: str, other: str) -> None:
    assert (HERE.account(one) == HERE.account(other)) == (one == other)


@given(st.text())
def test_a_digest_depends_on_the_secret_and_on_what_it_stands_for(name: str) -> None:
    assert HERE.account(name) != ELSEWHERE.account(name)
    assert HERE.account(name) != HERE.alert(name)
    assert HERE.check != ELSEWHERE.check


@given(st.binary(max_size=20))
def test_one_value_of_two_kinds_is_two_keys(value: bytes) -> None:
    kinds = set(HERE.keys([key_of(kind, value) for kind in KeyKind]).tolist())
    assert len(kinds) == len(KeyKind)


@given(st.lists(st.binary(max_size=20), min_size=2, max_size=2))
def test_values_that_list_few_share_no_posting_with_those_that_list_many(values: list[bytes]) -> None:
    """Whatever the print is, the last bits of the hash are part of it."""
    one, other = (HERE.keys([key_of(kind, value) for kind in KeyKind]).tolist() for value in values)
    for (kind, here), (beside, there) in product(
        zip(KeyKind, one, strict=True), zip(KeyKind, other, strict=True)
    ):
        if listed_at_most(kind) != listed_at_most(beside):
            assert here & 0b11 != there & 0b11


def test_accounts_fall_evenly_on_shards() -> None:
    counts = Counter(HERE.account(f"x:{n}").shard(7) for n in range(7_000))
    assert sorted(counts) == list(range(7))
    assert max(counts.values()) < 1_200


def test_a_lone_surrogate_is_an_id_like_any_other() -> None:
    assert len(HERE.account("x:\ud800").raw) == 16


# Hashes of many values are the sums that the paper says, of each by itself.

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
