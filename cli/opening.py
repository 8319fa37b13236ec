"""The store and the desk's database for a command: opened, lent, and closed afterwards."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from prometheus_client import CollectorRegistry

from agents.common.context import AgentContext, AlertPolicy
from agents.common.weighing import Weighing
from agents.runtime.store_factory import stock_of, store_of
from cli.exit_codes import NotDone
from desk.settings import DeskSettings
from samehand.scoring.weights import default_weights
from store.base import Store
from store.pepper.pepper import Peppers
from store.redis import RedisStore
from streams.kafka.topics import names
from streams.settings import Settings
from streams.settings.basis_rights import basis_rights_of
from streams.telemetry.metrics import Metrics

if TYPE_CHECKING:
    from sqlalchemy import URL
    from sqlalchemy.ext.asyncio import AsyncConnection

    from desk.database.engine import Database


@asynccontextmanager
async def closing_store(
    settings: Settings, peppers: Peppers, *, known_epoch: str = "", carrying: bool = False
) -> AsyncIterator[RedisStore]:
    """The store, not yet opened; its connections are closed afterwards."""
    store = store_of(settings, peppers, known_epoch=known_epoch, carrying=carrying)
    try:
        yield store
    finally:
        await store.close()


def command_context(settings: Settings, peppers: Peppers, store: Store) -> AgentContext:
    """Returns the context of agents that a command runs; nobody scrapes its metrics."""
    return AgentContext(
        store=store,
        keyers=peppers.keyers,
        weighing=Weighing.by(default_weights()),
        topics=names(settings),
        metrics=Metrics(CollectorRegistry()),
        now=time.time,
        alert_policy=AlertPolicy(
            shadow=settings.shadow,
            stock=stock_of(settings),
            quote_bio=settings.quote_bio,
            basis_rights=basis_rights_of(settings),
        ),
    )


@asynccontextmanager
async def opened_desk(settings: DeskSettings, *, create: bool = False) -> AsyncIterator[Database]:
    """The desk's database beside whatever desk is running, for several transactions; see `desk_database`."""
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
        raise NotDone(str(fault)) from fault


@asynccontextmanager
async def desk_database(
    settings: DeskSettings, *, create: bool = False, reading: bool = False, statement_ms: int | None = None
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
