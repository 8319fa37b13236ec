"""Packing in C says the same to Redis as the client would."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import ConnectionPool
from redis.asyncio.connection import Connection

from store.redis.packing import pack_quickly

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
