"""Brings the tables to this version's state, within the transaction that it is given."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from desk.database.errors import DatabaseOutdated

FOLDER: Final = Path(__file__).with_name("migrations")

MIGRATION_LOCK: Final = 7_265_001
"""Any number that nobody else takes: desks that start together wait for one another with it."""


def config(connection: Connection | None = None) -> Config:
    """Alembic's configuration, without a file of its own."""
    made = Config()
    made.set_main_option("script_location", str(FOLDER))
    made.attributes["connection"] = connection
    return made


def upgrade(connection: Connection) -> None:
    """Runs what is missing. Raises `DatabaseOutdated` for tables of a version that we do not know."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": MIGRATION_LOCK})
    scripts = ScriptDirectory.from_config(config())
    known = {script.revision for script in scripts.walk_revisions()}
    there = MigrationContext.configure(connection).get_current_revision()
    if there is not None and there not in known:
        raise DatabaseOutdated(
            f"the database is of a later version of samehand (its tables are at {there!r}): run that one"
        )
    if there != scripts.get_current_head():
        command.upgrade(config(connection), "head")
