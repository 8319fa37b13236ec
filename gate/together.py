"""Calls that come while others are being answered are answered together: the store is asked once for all.

What waits is taken when the batch before it is done, and a call that nothing is before begins at once.
Each call has the answer to what it asked, and none other; it may stop waiting when it likes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

from store.errors import StoreError
from streams.errors import Transient

TOGETHER_MAX: Final = 8
"""The first of a batch waits for the last: so many are compared within half of the usual deadline, and
most of what asking together saves is saved by the first few."""

A = TypeVar("A")
Q = TypeVar("Q")


class Together(Generic[Q, A]):
    """Asks ``answer`` about several questions at once; it gives one answer each, in their order.

    A cancelled caller is removed from the queue, so that it never exceeds the number of admitted requests.
    """

    def __init__(
        self, answer: Callable[[Sequence[Q]], Awaitable[Sequence[A]]], together_max: int = TOGETHER_MAX
    ) -> None:
        """At most ``together_max`` in a batch."""
        self._answer = answer
        self._together_max = together_max
        self._waiting: dict[asyncio.Future[A], Q] = {}
        self._runs: asyncio.Task[None] | None = None
        self._batch: dict[asyncio.Future[A], Q] = {}

    async def __call__(self, question: Q) -> A:
        """The answer to one question. Raises what ``answer`` raises of it."""
        mine: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting[mine] = question
        if self._runs is None:
            self._runs = asyncio.ensure_future(self._run())
        try:
            return await mine
        finally:
            self._waiting.pop(mine, None)
            if mine.done() and not mine.cancelled():
                mine.exception()  # else asyncio logs one that came just too late, with whatever it quotes
            if self._batch.pop(mine, None) is not None and not self._batch and self._runs is not None:
                self._runs.cancel()  # nobody waits for this batch any more, and others wait behind it

    async def _run(self) -> None:
        """Batch after batch until nobody waits."""
        try:
            while self._waiting:
                for mine in list(self._waiting)[: self._together_max]:
                    self._batch[mine] = self._waiting.pop(mine)
                await self._answered(dict(self._batch))
                self._batch.clear()
        finally:
            self._batch.clear()
            self._runs = asyncio.ensure_future(self._run()) if self._waiting else None

    async def _answered(self, batch: dict[asyncio.Future[A], Q]) -> None:
        """Each has its answer or its fault."""
        try:
            answers = await self._answer(list(batch.values()))
        except (Transient, StoreError) as outage:
            _fail(batch, outage)
        except Exception as fault:
            if len(batch) == 1:
                _fail(batch, fault)
                return
            # One question on which our logic fails must not cost strangers their answers.
            for mine, question in batch.items():
                if not mine.done():
                    await self._answered({mine: question})
        else:
            for mine, answer in zip(batch, answers, strict=True):
                if not mine.done():
                    mine.set_result(answer)


def _fail(batch: dict[asyncio.Future[A], Q], fault: Exception) -> None:
    for mine in batch:
        if not mine.done():
            mine.set_exception(fault)
