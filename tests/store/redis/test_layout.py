"""A store of another layout is told apart, and a key has one place in a store of given sizes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from samehand.keys import EXACT_POSTING_CAP, PERSONAL_POSTING_CAP, KeyKind, key_of
from store.common.key_digests import Addresses
from store.redis.layout import LAYOUT, Layout, Rows, Sizes, Spread, places

OURS = Layout(Sizes(), Addresses(b"identity"), "samehand:")


def found(ours: Layout, **other: str) -> dict[bytes, bytes]:
    """What stands in a store's `meta` key."""
    return {name.encode(): value.encode() for name, value in {**ours.facts(), **other}.items()}


def test_a_store_of_an_older_layout_is_another_one() -> None:
    """Its records and account map are packed otherwise: it is refused, and rebuilt under another prefix."""
    assert OURS.differences(found(OURS)) == []
    assert OURS.differences(found(OURS, layout="1")) == [f"layout is 1 in Redis and {LAYOUT} here"]


def test_a_key_has_the_same_bucket_in_a_store_of_one_shard_and_of_many() -> None:
    """How many false entries it meets, and which, does not hang on the shards: each key is asked of one."""
    one, many = (Layout(Sizes(shards=shards), OURS.addresses, "samehand:") for shards in (1, 12))
    for here, there in ((one.bans, many.bans), (one.remembered, many.remembered)):
        assert (here.postings, here.print_bytes) == (there.postings, there.print_bytes)


@pytest.mark.parametrize(
    ("shards", "bans", "slot_bits", "place_bytes"),
    [
        (1, 100_000_000, 24, 3),
        (3, 1_000_000, 22, 3),
        (12, 1_000_000, 20, 3),
        (12, 100_000_000, 24, 4),
        (256, 1_000, 16, 3),
        (256, 10_000_000, 24, 4),
    ],
)
def test_a_place_has_four_bytes_where_three_are_scarce(
    shards: int, bans: int, slot_bits: int, place_bytes: int
) -> None:
    spread = Layout(Sizes(shards=shards, bans=bans), OURS.addresses, "samehand:").bans
    assert (spread.slot_bits, spread.place_bytes) == (slot_bits, place_bytes)
    assert shards << spread.slot_bits >= 4 * bans or spread.slot_bits == 24
    assert len(spread.place(shards - 1, (1 << slot_bits) - 1)) == place_bytes


@given(st.sets(st.binary(max_size=9), max_size=60), st.sampled_from([1, 2, 12, 256]), st.integers(0, 255))
def test_rows_come_apart_by_the_shards_of_their_keys(values: set[bytes], shards: int, own: int) -> None:
    spread = Spread(5_000, 1, 2, shards)
    keys = [key_of(KeyKind.HANDLE_WORD, value) for value in values]
    (packed,) = OURS.rows([keys], [OURS.addresses.account("x:1")], spread)
    rows = Rows.of(packed, spread, own % shards)
    parts = {own % shards: rows.own, **rows.others}
    singly = []
    for shard, part in parts.items():
        assert part[:3] == packed[:3]
        for at in range(3, len(part), 9):
            singly.append(part[at : at + 9])
            assert int.from_bytes(part[at : at + 4], "big") % shards == shard
    assert sorted(singly) == sorted(packed[at : at + 9] for at in range(3, len(packed), 9))


def test_a_store_of_other_prints_is_another_one() -> None:
    assert OURS.differences(found(OURS, print_bytes="3")) == ["print_bytes is 3 in Redis and 2 here"]


@given(st.integers(0, 2**64 - 1), st.integers(1, 1 << 20), st.sampled_from([2, 3]))
def test_a_place_is_within_the_buckets_and_its_print_within_its_bytes(
    number: int, buckets: int, print_bytes: int
) -> None:
    where, prints = places(np.array([number], np.uint64), Spread(buckets, 1, print_bytes, 1))
    assert 0 <= where[0] < buckets
    assert 0 <= prints[0] < 1 << 8 * print_bytes


@pytest.mark.parametrize("print_bytes", [2, 3])
def test_rows_say_where_each_account_is_listed(print_bytes: int) -> None:
    """How long a print is, the account's cluster, then bucket, print, cap and kind of each of its keys."""
    spread = Spread(50, 1, print_bytes, 1)
    keys = [key_of(KeyKind.HANDLE_FULL, b"umar"), key_of(KeyKind.EMAIL, b"0123456789")]
    several = [keys, [], keys[:1]]
    where, prints = places(OURS.addresses.keys(keys), spread)
    parts = [
        int(bucket).to_bytes(4, "big")
        + int(print_).to_bytes(print_bytes, "big")
        + cap.to_bytes(2, "big")
        + bytes((kind,))
        for bucket, print_, cap, kind in zip(
            where,
            prints,
            (EXACT_POSTING_CAP, PERSONAL_POSTING_CAP),
            (KeyKind.HANDLE_FULL, KeyKind.EMAIL),
            strict=True,
        )
    ]
    digests = [OURS.addresses.account(f"x:{number}") for number in range(3)]
    rows = OURS.rows(several, digests, spread)
    assert [row[:3] for row in rows] == [bytes((print_bytes,)) + digest.tag[-2:] for digest in digests]
    assert sorted(rows[0][at : at + len(parts[0])] for at in (3, 3 + len(parts[0]))) == sorted(parts)
    assert rows[1][3:] == b""
    assert rows[2][3:] == parts[0]


def test_keys_that_fall_on_one_place_are_listed_once() -> None:
    several, same = [key_of(KeyKind.EMAIL, b"%d" % n) for n in range(300)], [key_of(KeyKind.EMAIL, b"1")] * 2
    one, twice = OURS.rows([several, same], [OURS.addresses.account("x:1")] * 2, Spread(1, 1, 2, 1))
    prints = [one[at + 4 : at + 6] for at in range(3, len(one), 9)]
    assert len(prints) == len(set(prints))
    assert len(twice) == 3 + 9
