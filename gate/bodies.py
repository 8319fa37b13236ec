"""Bodies of callers who have not shown yet who they are: a webhook's signature is of the whole body."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

HELD_BYTES_MAX: Final = 128 * 1024 * 1024
"""Of all of them together: a hundred of the largest, and a quarter of what else a gate needs by the chart.

Without it a thousand connections, each a byte short of a MiB, hold a gigabyte of anybody's.
"""

NETWORKS_SHARE: Final = 4
"""A network may hold a fourth of it, 32 of the largest: one that sends slowly leaves room for others."""


class TooMuch(Exception):
    """More is held than may be: send it again later."""


@dataclass(slots=True)
class Bodies:
    """What is held of bodies now."""

    held_bytes: int = 0
    held_bytes_max: int = HELD_BYTES_MAX
    of_networks: Counter[str] = field(default_factory=Counter)
    """Bytes of each network that has some: as many as connections at most."""

    @asynccontextmanager
    async def whole(self, chunks: AsyncIterator[bytes], network: str = "") -> AsyncIterator[bytes]:
        """The body of some chunks of a network, which counts until it is let go.

        Raises:
            TooMuch: this body, or what is held beside it, is too much.
        """
        mine = 0
        read: list[bytes] = []
        try:
            async for chunk in chunks:
                mine += len(chunk)
                self.held_bytes += len(chunk)
                self.of_networks[network] += len(chunk)
                if (
                    self.held_bytes > self.held_bytes_max
                    or self.of_networks[network] > self.held_bytes_max // NETWORKS_SHARE
                ):
                    raise TooMuch
                read.append(chunk)
            yield b"".join(read)
        finally:
            self.held_bytes -= mine
            self.of_networks[network] -= mine
            if not self.of_networks[network]:
                del self.of_networks[network]
