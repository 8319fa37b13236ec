"""Counts the round trips to Redis that have to wait for one another.

Commands sent at the same time cost one trip, and so do commands of one pipeline. A command is as deep as the
deepest one that was answered before it was sent, and one more (a logical clock, Lamport 1978).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from redis.asyncio.connection import AbstractConnection

from store.redis.scripts import SCRIPTS


class Trips:
    """How many trips there were, and for people who debug what was sent in each."""

    def __init__(self) -> None:
        self.waited = 0
        self.sent: list[str] = []
        self._depth: dict[int, int] = {}

    def send(self, connection: AbstractConnection, packed: object) -> None:
        """A connection sends one command or several."""
        self._depth[id(connection)] = self.waited + 1
        digests = re.findall(r"[0-9a-f]{40}", repr(packed))
        what = [name for digest in digests for name, script in SCRIPTS.items() if script.digest == digest]
        self.sent.append(f"{self.waited + 1}: {', '.join(what) or repr(packed)[:120]}")

    def answer(self, connection: AbstractConnection) -> None:
        """A connection has an answer."""
        self.waited = max(self.waited, self._depth[id(connection)])


@contextmanager
def trips() -> Iterator[Trips]:
    """Counts the trips of all connections of this process meanwhile."""
    counted = Trips()
    send, read = AbstractConnection.send_packed_command, AbstractConnection.read_response

    async def sending(self: AbstractConnection, command: Any, *rest: Any, **named: Any) -> None:
        counted.send(self, command)
        await send(self, command, *rest, **named)

    async def reading(self: AbstractConnection, *rest: Any, **named: Any) -> Any:
        answer = await read(self, *rest, **named)
        counted.answer(self)
        return answer

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(AbstractConnection, "send_packed_command", sending)
        patched.setattr(AbstractConnection, "read_response", reading)
        yield counted
