"""How a topic stops for too many dead letters, and how an operator lets it go on.

A worker that stops appends a word with the topic's name as key to the control topic, and looks from there
for `samehand letters resume TOPIC`, which appends another. It looks now and then, only while it stands still.
A worker that stops later, or again, appends a later word, so that one resume never counts twice. Offsets
decide, so no clock matters; every worker of the group sees the words: no consumer group reads them.

The last word on a topic stands: a worker that starts while it is `stop` starts stopped, or each restart would
pour out another hundred letters. It starts afresh where its bound is another one, since raising that is the
other way to let a topic go on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Stop:
    """A topic stands still: why, under which bound, and from which offset an operator's word counts."""

    why: str
    bound: str
    since: int = 0


class Resumes(Protocol):
    """Where workers and operators leave word."""

    async def stop(self, topic: str, stop: Stop) -> Stop:
        """Leaves word that `topic` stands still; with the offset since when.

        Raises `Transient` when it cannot be left.
        """
        ...

    async def resumed(self, topic: str, since: int) -> bool:
        """Whether an operator resumed `topic` at or after `since`.

        Raises `Transient` when it cannot be read.
        """
        ...
