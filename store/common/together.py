"""Runs jobs side by side, and leaves none running behind an error."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar, cast

Answer = TypeVar("Answer")
Other = TypeVar("Other")


async def together(jobs: Sequence[Coroutine[Any, Any, Answer]]) -> list[Answer]:
    """Runs several jobs at once, whose commands share their trips.

    Raises the first error after all have ended, so none is left running.
    """
    if len(jobs) == 1:
        return [await jobs[0]]
    answers = await asyncio.gather(*jobs, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return cast(list[Answer], answers)


async def both(one: Coroutine[Any, Any, Answer], other: Coroutine[Any, Any, Other]) -> tuple[Answer, Other]:
    """Like :func:`together`, for two jobs with answers of two types."""
    jobs: list[Coroutine[Any, Any, Any]] = [one, other]
    first, second = await together(jobs)
    return first, second
