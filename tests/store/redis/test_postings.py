"""Posting lists, packed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import ConnectionPool
from redis.asyncio.connection import Connection

from samehand.keys import KeyKind, key_of
from store.redis.layout import Spread
from store.redis.packing import pack_quickly
from store.redis.postings import Probes, matches, place_of

# What numpy reads out of packed postings is what an entry at a time would say.

SLOTS = st.integers(0, (1 << 24) - 1)
ENTRIES = st.lists(st.tuples(st.integers(0, 5), SLOTS), max_size=12)


def probes(numbers: list[int], spread: Spread) -> Probes:
    """One query that asks for keys of these hashed values."""
    keys = [key_of(KeyKind.EMAIL, bytes((place,))) for place in range(len(numbers))]
    # Above the print stands which key it is: prints may be equal, whole hashes are not.
    hashed = [place << 40 | number for place, number in enumerate(numbers)]
    return Probes.of([keys], lambda _: np.array(hashed, np.uint64), spread)


@pytest.mark.parametrize("print_bytes", [2, 3])
@pytest.mark.parametrize(("shards", "slot_bits"), [(1, 24), (200, 24), (200, 16)])
def test_an_entry_is_found_by_its_whole_print(print_bytes: int, shards: int, slot_bits: int) -> None:
    """Prints that differ in one byte alone are other prints; an absent posting holds nothing."""
    spread = Spread(7, 1, print_bytes, shards, slot_bits)

    @given(st.lists(st.tuples(st.integers(0, 5), ENTRIES), max_size=6), st.integers(0, print_bytes - 1))
    def holds(asked: list[tuple[int, list[tuple[int, int]]]], byte: int) -> None:
        def packed(several: list[tuple[int, int]]) -> bytes | None:
            parts = [
                (one << 8 * byte).to_bytes(print_bytes, "big") + spread.place(shard_of(slot), slot_of(slot))
                for one, slot in several
            ]
            return b"".join(parts) or None

        def shard_of(slot: int) -> int:
            return slot % shards

        def slot_of(slot: int) -> int:
            return slot % (1 << slot_bits)

        asking = probes([one << 8 * byte for one, _ in asked], spread)
        probe, held = matches([packed(several) for _, several in asked], asking, 3 * shards)
        expected = [
            (number, place_of(3 * shards + shard_of(slot), slot_of(slot)))
            for number, (wanted, several) in enumerate(asked)
            for one, slot in several
            if one == wanted
        ]
        assert list(zip(probe.tolist(), held.tolist(), strict=True)) == expected

    holds()


# Packing in C says the same to Redis as the client would.

ARGUMENTS = st.lists(st.binary(max_size=40) | st.text(max_size=20) | st.integers() | st.floats(), max_size=80)
COMMANDS = st.sampled_from(["MGET", "EVALSHA", "SCRIPT LOAD", "CLIENT SETINFO"])


@given(COMMANDS, ARGUMENTS)
def test_a_command_reads_the_same(command: str, arguments: list[bytes | str | int | float]) -> None:
    pool = ConnectionPool()
    pack_quickly(pool)
    quick = pool.make_connection()  # type: ignore[no-untyped-call]  # redis-py does not annotate it
    plain = Connection()
    assert isinstance(quick, Connection)
    assert b"".join(quick.pack_command(command, *arguments)) == b"".join(
        plain.pack_command(command, *arguments)
    )
