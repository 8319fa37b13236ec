"""Bodies of callers who have not shown yet who they are: a webhook's signature is of the whole body."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

HELD_BYTES_MAX: Final = 128 * 1024 * 1024
"""Of all of them together: a hundred of the largest, and a quarter of what else a gate needs by the chart.

Without it a thousand connections, each a byte short of a MiB, hold a gigabyte of anybody's.
"""


class TooMuch(Exception):
    """More is held than may be: send it again later."""


@dataclass(slots=True)
class Bodies:
    """What is held of bodies now."""

    held_bytes: int = 0
    held_bytes_max: int = HELD_BYTES_MAX

    @asynccontextmanager
    async def whole(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """The body of some chunks, which counts until it is let go.

        Raises:
            TooMuch: this body, or what is held beside it, is too much.
        """
        mine = 0
        read: list[bytes] = []
        try:
            async for chunk in chunks:
                mine += len(chunk)
                self.held_bytes += len(chunk)
                if self.held_bytes > self.held_bytes_max:
                    raise TooMuch
                read.append(chunk)
            yield b"".join(read)
        finally:
            self.held_bytes -= mine
