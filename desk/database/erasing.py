"""Marks a transaction as one that erases, so that SQLite's log is emptied once it is committed.

What a page held before stands in the log until the log is truncated, whatever `secure_delete` overwrites.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

_MARK: Final = "samehand erases"


def mark(connection: AsyncConnection, *, everywhere: bool = True) -> None:
    """Notes that this transaction overwrites what nobody may read any more, outside the database too if
    `everywhere`."""
    connection.info[_MARK] = everywhere or connection.info.get(_MARK, False)


def take_mark(connection: AsyncConnection) -> bool | None:
    """Returns the mark of the connection (True: everywhere), None without one, and unmarks it."""
    marked: bool | None = connection.info.pop(_MARK, None)
    return marked
