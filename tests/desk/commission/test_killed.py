"""A sender that is killed at any step sends nothing twice, and the next one loses nothing."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

from desk.commission.outbox import LEASE_SECONDS
from desk.database.engine import Database
from tests.desk.commission.killed import STEPS
from tests.desk.commission.makers import Owing
from tests.desk_databases import on_each_database
from tests.servers.transparency_database import Step, TransparencyDatabase

STATEMENTS = 110  # two requests


@on_each_database
async def test_kill_at_each_step_sends_nothing_twice_and_loses_nothing(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    def kill(step: Step, name: str) -> None:
        victim = tmp_path / name.removeprefix("/")
        if name == f"/{step}" and victim.exists():
            os.kill(int(victim.read_text("ascii")), signal.SIGKILL)
            victim.unlink()  # once

    with TransparencyDatabase(at=kill) as commission:
        await Owing(database, commission.url).owe(*range(STATEMENTS))
        line = [sys.executable, "-m", "tests.desk.commission.killed", database_url, commission.url]
        ran = await asyncio.to_thread(
            subprocess.run, [*line, str(tmp_path), *STEPS], check=False, timeout=120
        )
        assert ran.returncode == 0, "senders that were not killed"
        left = {step: STATEMENTS - len(commission.stored[f"/{step}"]) for step in STEPS}
        assert set(left.values()) == {STATEMENTS, 10}, "some were killed before a request, some after"
        for step in STEPS:
            owing = Owing(database, f"{commission.url}/{step}")
            owing.clock.pass_(LEASE_SECONDS)
            await owing.send()
            assert {row.state for row in (await owing.rows()).values()} == {"sent"}, step
        stated = {
            step: Counter(one["incompatible_content_ground"] for one in commission.stored[f"/{step}"])
            for step in STEPS
        }
    twice = sum(count - 1 for counts in stated.values() for count in counts.values())
    lost = sum(STATEMENTS - len(counts) for counts in stated.values())
    assert (twice, lost) == (0, 0)
