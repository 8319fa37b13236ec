"""Repeats a step of a long command while Redis or Kafka is slow or away, and gives up in the end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from random import uniform
from typing import Final, TypeVar

from cli import output
from store.errors import StoreError, StoreUnavailable
from streams.delivery.backoff import Backoff
from streams.errors import BrokerUnavailable, Transient

T = TypeVar("T")

TRIES_MAX: Final = 60
"""Without any progress: some two minutes of waiting, where a failover takes seconds. A person is watching."""


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
