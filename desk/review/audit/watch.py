"""Verifies the audit while the desk runs: follows the chain round after round."""

from __future__ import annotations

from typing import Final

from desk.database import audit as rows
from desk.database.engine import Database
from desk.review.audit.chain import Break, Chain, Head, against

LINES_AT_ONCE: Final = 500
"""Of each look: a few milliseconds of hashing while people decide."""


class AuditWatch:
    """Follows the chain a piece a look, from its first line to its last, and then anew.

    A line that was followed may be changed afterwards, so one round is not enough. An end that is cut off
    while the desk runs is noticed by what the watch has seen, and by the head that the database notes as
    published; what was cut before, `samehand desk audit verify` alone notices, by the heads on Kafka.
    """

    def __init__(self, database: Database, lines_at_once: int = LINES_AT_ONCE) -> None:
        self._database = database
        self._lines_at_once = lines_at_once
        self._chain = Chain()
        self.seen: Head | None = None
        """The end of the last round that held, or None before one did."""
        self._heads: list[Head] = []
        self._hashes: dict[int, tuple[str]] = {}
        self.broken: Break | None = None
        """What the last round found, and a round under way as soon as it finds something."""

    async def look(self) -> None:
        """Follows the next lines. Raises `DatabaseUnavailable`."""
        async with self._database.read() as connection:
            if self._chain.number == 0:
                published = await rows.published_head(connection)
                self._heads = [] if self.seen is None else [self.seen]
                if published is not None:
                    self._heads.append(Head(published.number, published.hash))
            lines = await rows.lines(connection, self._chain.number, self._lines_at_once)
        chain, wanted = self._chain, {head.number for head in self._heads}
        chain.follow(lines)
        self._hashes.update((line.number, (line.hash,)) for line in lines if line.number in wanted)
        if chain.broken is None and len(lines) == self._lines_at_once:
            return
        self.broken = chain.broken or against(self._hashes, chain.number, self._heads)
        if self.broken is None and chain.number:
            self.seen = Head(chain.number, chain.hash)
        self._chain, self._hashes = Chain(), {}
