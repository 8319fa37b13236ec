"""The desk's database for commands: a transaction, and faults in one line."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import click

from desk.cli import exit_codes
from streams.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


@asynccontextmanager
async def desk_database(settings: Settings) -> AsyncIterator[AsyncConnection]:
    """A transaction beside whatever desk is running.

    What a rule refuses is a wrong use (exit code 2), an outage could not be done (1).
    """
    # Half a second of imports, and an extra that other commands do without.
    from desk.database.engine import opened
    from desk.database.errors import DatabaseError
    from desk.review.errors import ReviewError

    address = settings.database_url.get_secret_value()
    try:
        async with (
            opened(address, password=settings.database_secret(), alone=False) as database,
            database.begin() as connection,
        ):
            yield connection
    except ReviewError as fault:
        raise click.UsageError(str(fault)) from fault
    except DatabaseError as fault:
        raise exit_codes.NotDone(str(fault)) from fault
