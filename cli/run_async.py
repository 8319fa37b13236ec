"""Running a coroutine from a command so that Ctrl-C ends it at once."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


def awaited(work: Coroutine[Any, Any, T]) -> T:
    """What ``work`` returns.

    Unlike ``asyncio.run``, which turns an interrupt into a cancellation that only a waiting coroutine would
    notice: reading a file and scoring over a store in memory never wait.
    """
    with asyncio.Runner() as runner:
        return runner.get_loop().run_until_complete(work)
