"""Runs the work of commands: Ctrl-C ends it at once, and outages of Redis and Kafka are waited out."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from random import uniform
from typing import Any, Final, ParamSpec, TypeVar

from cli import output
from store.errors import StoreError, StoreUnavailable
from streams.delivery.backoff import Backoff
from streams.errors import BrokerUnavailable, Transient

P = ParamSpec("P")
T = TypeVar("T")

TRIES_MAX: Final = 60
"""Without any progress: some two minutes of waiting, where a failover takes seconds. A person is watching."""


def awaited(work: Coroutine[Any, Any, T]) -> T:
    """Returns what ``work`` returns. Ctrl-C ends it at once, at a prompt too.

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


async def through_outages(step: Callable[[], Awaitable[T]], progress: Callable[[], int] = lambda: 0) -> T:
    """Runs a step that may be repeated until it succeeds.

    ``progress`` counts what its runs have done: after some the tries are counted anew, so that a Redis which
    answers every other call ends no rebuild of hours. Raises what the last try raised; what no waiting cures
    (a right that is missing, a store that was emptied) at once.
    """
    backoff, tries, done, reason = Backoff(uniform), 0, progress(), ""
    while True:
        try:
            return await step()
        except (StoreError, Transient) as fault:
            # An agent wraps what its store raised.
            cause = fault.__cause__ if isinstance(fault.__cause__, StoreError) else fault
            if not (type(cause) is StoreUnavailable or isinstance(cause, BrokerUnavailable)):
                raise
            if progress() > done:
                tries, done = 0, progress()
            if str(fault) != reason:
                reason = str(fault)
                output.note(f"{reason}; trying again")
            tries += 1
            if tries == TRIES_MAX:
                raise
            await asyncio.sleep(backoff.seconds(tries))
