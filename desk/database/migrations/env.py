"""What Alembic runs. The connection, and its transaction, are the caller's."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from desk.database.schema import metadata

connection: Connection = context.config.attributes["connection"]
# SQLite cannot alter most of a table in place: Alembic then copies it.
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
context.run_migrations()
