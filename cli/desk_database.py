"""The desk's database for commands: a transaction, and faults in one line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli import exit_codes
from streams.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import URL
    from sqlalchemy.ext.asyncio import AsyncConnection

    from desk.database.engine import Database


@asynccontextmanager
async def opened_desk(settings: Settings, *, create: bool = False) -> AsyncIterator[Database]:
    """The database beside whatever desk is running, for several transactions; see `desk_database`."""
    # Half a second of imports, and an extra that other commands do without.
    from desk.database.engine import address as database_address
    from desk.database.engine import opened
    from desk.database.errors import DatabaseError
    from desk.errors import ReviewError

    address = settings.database_url.get_secret_value()
    try:
        if not create and (absence := absence_of(database_address(address))):
            raise DatabaseError(absence)
        async with opened(address, password=settings.database_secret(), alone=False) as database:
            yield database
    except ReviewError as fault:
        raise click.UsageError(str(fault)) from fault
    except DatabaseError as fault:
        raise exit_codes.NotDone(str(fault)) from fault


@asynccontextmanager
async def desk_database(
    settings: Settings, *, create: bool = False, reading: bool = False, statement_ms: int | None = None
) -> AsyncIterator[AsyncConnection]:
    """A transaction beside whatever desk is running; ``reading``: one that writes nothing. ``statement_ms``:
    how long a statement that reads may take, by default as long as a page's.

    Without ``create`` an SQLite file must be there: a mistyped path would else be an empty desk.
    What a rule refuses is a wrong use (exit code 2), an outage could not be done (1).
    """
    from desk.database.engine import STATEMENT_MS

    async with (
        opened_desk(settings, create=create) as database,
        database.read(statement_ms=statement_ms or STATEMENT_MS)
        if reading
        else database.begin() as connection,
    ):
        yield connection


def absence_of(url: URL) -> str:
    """Returns that an SQLite file does not exist, in one phrase; "" for all other databases."""
    on_file = url.get_backend_name() == "sqlite" and not url.query  # a query may make it a URI
    path = Path(url.database or "")
    if on_file and not (path.is_file() or path.is_dir()):  # what a directory is, opening it says
        return (
            f"the desk's database {url.database} does not exist: SAMEHAND_DATABASE_URL names it, and "
            "`samehand desk` or `samehand desk users add` creates it"
        )
    return ""
