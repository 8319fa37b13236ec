"""An audit in a database whose lines are on a broker, and whatever may be done to it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import audit as rows
from desk.database import schema
from desk.database.engine import Database, opened
from desk.feed.audit_heads import KEY_NAME, publish_lines
from desk.review.audit.chain import Head, sealed
from streams.kafka import topics
from streams.kafka.client import writer
from streams.settings import Settings, load

LINES = 5


@dataclass
class Books:
    """An audit in a database, whose lines are on a broker."""

    url: str
    settings: Settings

    @property
    def topic(self) -> str:
        return topics.names(self.settings).audit

    def write(self, count: int = LINES, actor: str = "u1") -> None:
        """So many more lines."""

        async def lines(connection: AsyncConnection) -> None:
            for number in range(count):
                await rows.note(
                    connection, actor=actor, action="decided", subject=f"a{number}", now=number + 0.5
                )

        self.change(lines)

    def publish(self) -> None:
        """Publishes what is not published yet, as a desk does each half second."""

        async def lines(database: Database) -> None:
            key = await database.secret(KEY_NAME)
            with writer(self.settings) as out:
                while await publish_lines(database, key, self.topic, out, lambda: 1.0):
                    pass

        self._within(lines)

    def change(self, work: Callable[[AsyncConnection], Awaitable[Any]]) -> None:
        """Whatever somebody with the database's password may do."""

        async def changed(database: Database) -> None:
            async with database.begin() as connection:
                await work(connection)

        self._within(changed)

    def last(self) -> Head:
        """The last line's number and hash, as it is published."""
        found: list[Head] = []

        async def last(database: Database) -> None:
            key = await database.secret(KEY_NAME)
            async with database.read() as connection:
                line = await rows.last(connection)
            assert line is not None
            found.append(Head(line.number, sealed(key, line.hash)))

        self._within(last)
        return found[0]

    def put_back(self, last: int) -> None:
        """As a restored backup is: without the lines after one, and without the note of their hashes."""

        async def put_back(connection: AsyncConnection) -> None:
            for table in (schema.audit, schema.heads):
                await connection.execute(delete(table).where(table.c.number > last))

        self.change(put_back)

    def _within(self, work: Callable[[Database], Awaitable[None]]) -> None:
        async def done() -> None:
            async with opened(self.url) as database:
                await work(database)

        asyncio.run(done())


def make_topic(settings: Settings) -> None:
    wanted = [it for it in topics.wanted_by_desk(settings) if it.name == topics.names(settings).audit]
    topics.check(settings, wanted, create=True)


def books_of(url: str) -> Books:
    """Some lines that were published, and as many after them, published as well."""
    settings = load()
    make_topic(settings)
    made = Books(url, settings)
    for _ in range(2):
        made.write()
        made.publish()
    return made
