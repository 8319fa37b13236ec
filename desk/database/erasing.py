"""Marks a transaction as one that erases, so that SQLite's log is emptied once it is committed.

What a page held before stands in the log until the log is truncated, whatever `secure_delete` overwrites.
"""

from __future__ import annotations

from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

_MARK: Final = "samehand erases"


def mark(connection: AsyncConnection) -> None:
    """Notes that this transaction overwrites what nobody may read any more."""
    connection.info[_MARK] = True


def take_mark(connection: AsyncConnection) -> bool:
    """Returns whether the connection is marked, and unmarks it."""
    return bool(connection.info.pop(_MARK, False))
