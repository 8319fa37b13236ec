"""Filling a store from the truth, and moving one into a store of another size.

A store is laid out for a number of bans; more fit in, less snugly. To lay it out anew, make a store with
other :class:`store.redis.Sizes` under another prefix, :func:`copy` the old one into it, let workers read
``accounts.banned`` from where the copy began, and point them at the new prefix. Enrolment is idempotent
and the later ``occurred_at`` wins, so that both may be filled while bans go on arriving.

The copy answers as the original does, but for values at their posting cap: whom those list depends on
who came first.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Protocol

from store.base import Ban, Enrolled

# A batch is a few round trips; of 500 bans each of them is a script of 128 on its shard.
BATCH_BANS = 500


class Source(Protocol):
    """A store that can tell all its bans."""

    def walk(self) -> AsyncIterator[list[Ban]]:
        """All bans, some at a time, in no order."""


class Target(Protocol):
    """A store that bans can be written to."""

    async def enrol(self, bans: Sequence[Ban], *, now: float) -> list[Enrolled]:
        """Writes or replaces fingerprints."""


async def copy(
    source: Source, target: Target, *, now: float, progress: Callable[[int], None] | None = None
) -> int:
    """Enrols everything of one store in another; answers how many bans were new to it."""
    return await fill(target, source.walk(), now=now, progress=progress)


async def fill(
    target: Target,
    bans: AsyncIterator[list[Ban]],
    *,
    now: float,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Enrols bans batch by batch; ``progress`` is told how many were done. Answers how many were new."""
    done = new = 0
    async for batch in bans:
        for at in range(0, len(batch), BATCH_BANS):
            some = batch[at : at + BATCH_BANS]
            became = await target.enrol(some, now=now)
            new += became.count(Enrolled.NEW)
            done += len(some)
            if progress is not None:
                progress(done)
    return new
