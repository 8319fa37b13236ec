"""How a topic stops for too many dead letters, and how an operator lets it go on.

A worker that stops a topic appends a message, keyed by the topic's name, to the control topic, and polls from
there for the message that `samehand letters resume TOPIC` appends. It polls only while the topic is stopped.
A worker that stops later, or again, appends a later message, so that one resume never counts twice. Offsets
decide, so no clock matters; no consumer group reads the messages, so every worker sees them all.

The last message on a topic holds: a worker that starts while it is `stop` starts stopped, otherwise each
restart would write another hundred letters. It starts unstopped where its bound differs from the message's,
since raising the bound is the other way to let a topic go on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Stop:
    """A stopped topic: why, under which bound, and from which offset an operator's resume counts."""

    why: str
    bound: str
    since: int = 0


class Resumes(Protocol):
    """Where workers note stops, and operators resumes."""

    async def stop(self, topic: str, stop: Stop) -> Stop:
        """Notes that `topic` is stopped; returns the stop with the offset from which a resume counts.

        Raises `Transient` when it cannot be noted.
        """
        ...

    async def resumed(self, topic: str, since: int) -> bool:
        """Returns whether an operator resumed `topic` at or after `since`.

        Raises `Transient` when it cannot be read.
        """
        ...
