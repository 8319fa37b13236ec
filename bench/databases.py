"""The databases that a desk can have: SQLite always, PostgreSQL where Debian's is there."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from local.binaries import NotAvailable
from local.postgres import EmbeddedPostgres

T = TypeVar("T")


def on_each_database(run: Callable[[str], Coroutine[Any, Any, T]]) -> list[T]:
    """Runs with the URL of an empty database of each kind that is there."""
    with tempfile.TemporaryDirectory() as folder:
        found = [asyncio.run(run(f"sqlite:///{Path(folder) / 'desk.db'}"))]
    try:
        with EmbeddedPostgres() as postgres:
            found.append(asyncio.run(run(postgres.make("bench"))))
    except NotAvailable as missing:
        print(f"PostgreSQL is not measured: {missing}", file=sys.stderr)
    return found
