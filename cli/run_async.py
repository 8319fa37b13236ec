"""Runs coroutines for commands, so that Ctrl-C ends them at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def awaited(work: Coroutine[Any, Any, T]) -> T:
    """What ``work`` returns. Ctrl-C ends it at once, at a prompt too.

    Unlike ``asyncio.run``, which turns an interrupt into a cancellation that only a waiting coroutine would
    notice: reading a file and scoring over a store in memory never wait.
    """
    with asyncio.Runner() as runner:
        return runner.get_loop().run_until_complete(work)


def in_event_loop(command: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """Makes a command of a coroutine function, as :func:`awaited` runs it."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        return awaited(command(*args, **kwargs))

    return run
