"""What the desk makes up for itself once and keeps: the key of its draws."""

from __future__ import annotations

import secrets
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import schema
from desk.database.upsert import insert_new

KEY_BYTES: Final = 32


async def kept(connection: AsyncConnection, name: str) -> bytes:
    """The secret of a name, made when it is first asked for."""
    await insert_new(connection, schema.secrets, {"name": name, "value": secrets.token_bytes(KEY_BYTES)})
    found = await connection.execute(select(schema.secrets.c.value).where(schema.secrets.c.name == name))
    return bytes(found.scalar_one())
