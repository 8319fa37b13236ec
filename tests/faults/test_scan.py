"""A list of accounts is scanned while the command and its worker are killed: nobody twice, nobody missed."""

from __future__ import annotations

import os
import random
import sys
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from local.processes import Child
from schemas.accounts import AccountBanned
from schemas.wire import encode
from tests.faults.scene import WAIT_SECONDS_MAX, Scene
from tests.faults.table import Row, Table
from tests.makers import a_ban, a_sign_up

ACCOUNTS = int(os.environ.get("SAMEHAND_FAULTS_SCANNED", "20000"))
SECONDS_MAX = WAIT_SECONDS_MAX + ACCOUNTS / 50

pytestmark = [pytest.mark.kafka, pytest.mark.thorough, pytest.mark.timeout(4 * SECONDS_MAX)]

KILLS = 3
BANS = 200
MIRROR_EVERY = 50
THEN = datetime.now(UTC).replace(microsecond=0) - timedelta(days=40)
RNG = random.Random(33)
NAMES = ["".join(RNG.choices("bdfghklmnprstvz", k=9)) for _ in range(BANS)]


def device(number: int) -> str:
    """A device of one ban and its mirrors."""
    return f"6f1c2e9a-33b7-4a51-9c6e-0f6b{number:08d}"


def bans() -> list[AccountBanned]:
    return [
        a_ban(f"b{n}", handle=f"{name}_media", device_id=device(n), at=THEN, banned_at=THEN)
        for n, name in enumerate(NAMES)
    ]


def a_list(path: Path) -> set[str]:
    """Writes the file to scan; returns the keys of the mirrors in it."""
    mirrors = set()
    with path.open("wb") as file:
        for n in range(ACCOUNTS):
            ban = n // MIRROR_EVERY % BANS
            mirror = n % MIRROR_EVERY == 0
            handle = f"{NAMES[ban]}_media_{n}" if mirror else "".join(RNG.choices("aeiouwxyjcq", k=12))
            account = a_sign_up(
                f"s{n}",
                handle=handle,
                device_id=device(ban) if mirror else f"own-{n}",
                at=THEN - timedelta(days=700),
            )
            if mirror:
                mirrors.add(account.key)
            file.write(encode(account) + b"\n")
    return mirrors


def test_list_scanned_while_command_and_worker_are_killed(scene: Scene, fault_table: Table) -> None:
    path = scene.folder / "accounts.jsonl"
    mirrors = a_list(path)
    scene.environment["SAMEHAND_BATCH_RECORDS"] = "500"  # as shipped: what is measured is the pace of a list
    worker = scene.start()
    scene.publish(scene.topics.banned, bans())
    kills = sorted(random.Random(7).sample(range(ACCOUNTS // 10, ACCOUNTS * 9 // 10), 2 * KILLS))
    began = time.monotonic()
    scan = scanning(scene, path)
    for place, read in enumerate(kills):
        until_read(scene, read)
        if place % 2:
            worker.child.kill()
            worker = scene.start()
        else:
            scan.kill()
            scan = scanning(scene, path)
    ended(scene, scan)
    disturbed = time.monotonic() - began
    found = defaultdict(set)
    for alert in scene.alerts():
        found[alert.key].add((alert.alert_id, alert.revision))
    twice = [key for key, alerts in found.items() if len(alerts) > 1]
    missed = mirrors - found.keys()
    before, again = scene.count(scene.topics.alerts), time.monotonic()
    ended(scene, scanning(scene, path))
    pace = ACCOUNTS / (time.monotonic() - again)
    fault = (
        f"a scan of {ACCOUNTS:,} accounts ({pace:,.0f} a second undisturbed), kill -9 of it and its worker "
        f"{KILLS} times each"
    )
    fault_table.add(Row(fault, len(missed), len(twice), scene.repeats(), None, disturbed))
    assert (sorted(missed), twice, found.keys() - mirrors) == ([], [], set())
    assert scene.count(scene.topics.alerts) == before, "a second scan alerts on nobody"


def scanning(scene: Scene, path: Path) -> Child:
    """The command, with its progress saved in the scene's folder."""
    log = scene.folder / "scan.log"
    child = Child([sys.executable, "-m", "cli", "scan", "--json", str(path)], log, scene.environment)
    child.start()
    return child


def until_read(scene: Scene, accounts: int) -> None:
    scene.until(
        lambda: scene.committed(scene.topics.scanned) >= accounts, f"{accounts} accounts", SECONDS_MAX
    )


def ended(scene: Scene, scan: Child) -> None:
    scene.until(lambda: scan.exit_code is not None, "the scan to end", SECONDS_MAX)
    assert scan.exit_code == 0, scan.last_words()
