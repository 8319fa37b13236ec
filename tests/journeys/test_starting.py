"""A worker that cannot start says so in one line and ends with a code of its own, outside its group."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from local.ports import LOOPBACK, take_port
from local.processes import Child
from streams.supervision.exit_codes import EXIT_STORE
from tests.journeys.conftest import Platform
from tests.printed import printed
from tests.streams.conftest import free_port

pytestmark = pytest.mark.journey

ENDS_SECONDS_MAX = 90.0


def refused(environment: dict[str, str]) -> tuple[int, dict[str, Any]]:
    """Starts a worker that must end by itself: its exit code, and the only line above `info`."""
    ran = subprocess.run(
        [sys.executable, "-m", "cli", "worker"],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=ENDS_SECONDS_MAX,
        check=False,
    )
    events = [json.loads(line) for line in ran.stderr.splitlines()]  # each line is JSON: no traceback
    told = [event for event in events if event["level"] not in ("info", "debug")]
    assert len(told) == 1, ran.stderr
    assert not any("starting" in event["event"] or "assigned" in event["event"] for event in events)
    assert (told[0]["event"], told[0]["code"]) == ("cannot start", ran.returncode)
    return ran.returncode, told[0]


def test_a_worker_that_cannot_start_says_why_in_one_line_outside_its_group(platform: Platform) -> None:
    """Each reason is tried in tests/agents/runtime and tests/streams/faust_app."""
    changed = {"SAMEHAND_WEB_PORT": str(free_port()), "SAMEHAND_STORE_SHARDS": "3"}
    code, told = refused({**platform.environment, **changed})
    assert code == EXIT_STORE
    assert "shards is 1 in Redis and 3 here" in told["why"]
    assert "SAMEHAND_STORE_SHARDS" in told["cure"]


def test_a_second_worker_of_a_group_starts_without_a_warning(platform: Platform, tmp_path: Path) -> None:
    log = tmp_path / "second.log"
    _, *words = printed("samehand worker")
    second = Child(
        [sys.executable, "-m", "cli", *words],
        log,
        {**platform.environment, "SAMEHAND_WEB_PORT": str(free_port())},
    )
    try:
        second.start()
        platform.until(
            lambda: "the store is ready" in log.read_text("utf-8"), "the second to have asked for all of it"
        )
    finally:
        second.stop(60.0)
    told = [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    assert [line for line in told if line["level"] not in ("info", "debug")] == []


def test_a_worker_without_standard_input_and_output_works_and_ends_in_order(
    platform: Platform, tmp_path: Path
) -> None:
    """As some who start services leave it: its first socket would else be number 0, and libuv aborts."""
    port = take_port()
    page = f"http://{LOOPBACK}:{port.number}/health/ready"
    worker = Child(
        ["sh", "-c", 'exec "$0" -m cli worker <&- >&- 2>&-', sys.executable],
        tmp_path / "closed.log",
        {
            **platform.environment,
            "SAMEHAND_WEB_PORT": str(port.number),
            "SAMEHAND_KAFKA_GROUP": f"closed-{port.number}",
        },
    )

    def answers() -> bool:
        with suppress(OSError):
            return bool(urlopen(page, timeout=30.0).status == 200)
        return False

    try:
        worker.start()
        platform.until(answers, "the worker to be ready")
    finally:
        worker.stop(60.0)
        port.release()
    assert worker.exit_code == 0
