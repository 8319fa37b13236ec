"""How an operator lets a stopped topic go on.

`samehand letters resume TOPIC` appends a record with the topic's name as key to the control topic. A worker
that stopped notes where the control topic ends, and reads it from there now and then, only while it stands
still. A worker that stops later, or again, notes a later end, so that one resume never counts twice. Offsets
decide, so no clock matters; every worker of the group sees the record, since it is read without a consumer
group.
"""

from __future__ import annotations

from typing import Protocol


class Resumes(Protocol):
    """Where operators leave word."""

    async def mark(self) -> int:
        """The present end of what was said. Raises `Transient` when it cannot be read."""
        ...

    async def resumed(self, topic: str, since: int) -> bool:
        """Whether an operator resumed `topic` at or after `since`.

        Raises `Transient` when it cannot be read.
        """
        ...
