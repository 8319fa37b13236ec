"""Secrets that the desk generates once and keeps, such as the key of its draws."""

from __future__ import annotations

import secrets
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import schema
from desk.database.rows import insert_new

KEY_BYTES: Final = 32


async def stored_secret(connection: AsyncConnection, name: str) -> bytes:
    """Returns the secret of a name, which is generated on the first call."""
    await insert_new(connection, schema.secrets, {"name": name, "value": secrets.token_bytes(KEY_BYTES)})
    result = await connection.execute(select(schema.secrets.c.value).where(schema.secrets.c.name == name))
    return bytes(result.scalar_one())
