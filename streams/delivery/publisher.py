"""Publishes records, each confirmed by the broker."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from typing import Protocol

from streams.errors import Transient
from streams.outcomes import Emit


class Publisher(Protocol):
    """Takes records for the broker."""

    async def send(self, emit: Emit) -> Awaitable[object]:
        """Buffer the record. Awaiting the *result* confirms delivery; without the second wait nothing is
        known.

        Either wait raises `Transient` when the broker does not answer.
        """
        ...


async def publish(publisher: Publisher, emits: Sequence[Emit]) -> list[Emit]:
    """Send all and wait for every confirmation; return what must be sent again.

    Those that are `last` are sent once all others are confirmed. Any fault other than an outage is raised
    once all confirmations are in.
    """
    last = [emit for emit in emits if emit.last]
    left = await _confirmed(publisher, [emit for emit in emits if not emit.last])
    return [*left, *last] if left else await _confirmed(publisher, last)


async def _confirmed(publisher: Publisher, emits: Sequence[Emit]) -> list[Emit]:
    """Send all at once; return what must be sent again, in order."""
    confirmations: list[Awaitable[object]] = []
    unsent: list[Emit] = []
    for emit in emits:
        try:
            confirmations.append(await publisher.send(emit))
        except Transient:  # an outage keeps the rest from being buffered
            unsent = list(emits[len(confirmations) :])
            break
    results = await asyncio.gather(*confirmations, return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException) and not isinstance(result, Transient):
            raise result
    unconfirmed = [
        emit for emit, result in zip(emits, results, strict=False) if isinstance(result, Transient)
    ]
    return unconfirmed + unsent
