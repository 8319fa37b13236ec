"""Senders that are killed (SIGKILL) at a step, each a process of its own.

`python -m tests.desk.killed DATABASE_URL COMMISSION_URL FOLDER STEP…` forks one sender a step, to
`COMMISSION_URL/STEP`. It writes its process id to FOLDER/STEP, for the stand-in to kill it while a request is
on its way, and kills itself at the other steps. It exits with 0 if all of them were killed.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from desk.commission import outbox
from desk.commission.outbox import StatementSender
from desk.database.engine import opened
from tests.desk.owing import Owing

HERE: Final = {
    "before-prepared": ("prepare", True),
    "prepared": ("prepare", False),
    "claimed": ("_claim", False),
    "composed": ("_composed", False),
    "answered": ("_sent", True),
    "settled": ("_sent", False),
}
"""A step in the sender: its method, and whether to die before it."""

THERE: Final = ("arrived", "stored")
"""Steps in the database, which kills the sender."""

STEPS: Final = (*HERE, *THERE)

REQUEST: Final = 10
"""Statements of a request."""


def _dying(method: Callable[..., Awaitable[Any]], *, before: bool) -> Callable[..., Awaitable[Any]]:
    async def die(*given: Any, **named: Any) -> None:
        if not before:
            await method(*given, **named)
        os.kill(os.getpid(), signal.SIGKILL)

    return die


async def _send(database_url: str, url: str, step: str) -> None:
    if step in HERE:
        name, before = HERE[step]
        setattr(StatementSender, name, _dying(getattr(StatementSender, name), before=before))
    async with opened(database_url, alone=False) as database:
        await Owing(database, f"{url}/{step}").send()


def main(database_url: str, url: str, folder: str, *steps: str) -> int:
    outbox.BATCH_MAX = REQUEST  # type: ignore[attr-defined]  # what a request holds changes no step
    survived = 0
    for step in steps:
        child = os.fork()
        if not child:
            Path(folder, step).write_text(str(os.getpid()), "ascii")
            asyncio.run(_send(database_url, url, step))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        survived += not (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL)
    return survived


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
