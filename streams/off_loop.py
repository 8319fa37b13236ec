"""Reads large foreign records in a thread, so that heartbeats and health are answered meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")

OFF_LOOP_BYTES: Final = 2 * 1024
"""Up to here reading is cheaper than a thread. The dearest bytes take 5 µs each, 10 ms of so many: lists of a
schema that contains itself, and rules that each look through the whole record.
"""


async def off_loop(size_bytes: int, read: Callable[[], T]) -> T:
    """Returns what ``read`` returns; in a thread if it reads more than :data:`OFF_LOOP_BYTES`."""
    return await asyncio.to_thread(read) if size_bytes > OFF_LOOP_BYTES else read()
