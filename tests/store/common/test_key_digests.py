"""Addresses: the same under one secret, others under another, spread evenly."""

from __future__ import annotations

from collections import Counter
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from samehand.keys import KeyKind, key_of
from store.common.key_digests import Addresses
from store.limits import listed_at_most

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
