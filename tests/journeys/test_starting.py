"""A worker that cannot start says so in one line and ends with a code of its own, outside its group."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from local.ports import LOOPBACK, take_port
from local.processes import Child
from store.pepper.pepper import write_pepper_file
from streams.supervision.exit_codes import EXIT_ADDRESS, EXIT_REFUSED, EXIT_SETTINGS, EXIT_STORE
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


@pytest.fixture
def started(platform: Platform, tmp_path: Path) -> Callable[..., tuple[int, dict[str, Any]]]:
    """Starts another worker beside one that runs, on the same store, with some settings changed."""

    def start(**changed: str) -> tuple[int, dict[str, Any]]:
        return refused({**platform.environment, "SAMEHAND_WEB_PORT": str(free_port()), **changed})

    return start


def test_a_taken_port(started: Callable[..., tuple[int, dict[str, Any]]]) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = str(taken.getsockname()[1])
        code, told = started(SAMEHAND_WEB_PORT=port)
    assert code == EXIT_ADDRESS
    assert f"{LOOPBACK}:{port}" in told["why"]
    assert "SAMEHAND_WEB_PORT" in told["cure"]


def test_a_folder_that_is_not_there(
    started: Callable[..., tuple[int, dict[str, Any]]], tmp_path: Path
) -> None:
    """It once crashed 20 times in a row, with no word of which folder."""
    code, told = started(SAMEHAND_DATA_DIR=str(tmp_path / "not" / "there"))
    assert code == EXIT_SETTINGS
    assert "not/there" in told["why"]
    assert "SAMEHAND_DATA_DIR" in told["cure"]


def test_other_shards(started: Callable[..., tuple[int, dict[str, Any]]]) -> None:
    code, told = started(SAMEHAND_STORE_SHARDS="3")
    assert code == EXIT_STORE
    assert "shards is 1 in Redis and 3 here" in told["why"]
    assert "SAMEHAND_STORE_SHARDS" in told["cure"]


def test_another_pepper(started: Callable[..., tuple[int, dict[str, Any]]], tmp_path: Path) -> None:
    other = tmp_path / "another-pepper"
    write_pepper_file(other)
    code, told = started(SAMEHAND_PEPPER_FILE=str(other))
    assert code == EXIT_STORE
    assert "another pepper file" in told["why"]
    assert "SAMEHAND_PEPPER_FILE" in told["cure"]


def test_a_refused_login_to_redis(started: Callable[..., tuple[int, dict[str, Any]]], tmp_path: Path) -> None:
    secret = tmp_path / "wrong-password"
    secret.write_text("not the password")
    code, told = started(SAMEHAND_REDIS_USERNAME="samehand", SAMEHAND_REDIS_PASSWORD_FILE=str(secret))
    assert code == EXIT_REFUSED
    assert "refuses the login" in told["why"]
    assert "SAMEHAND_REDIS_PASSWORD_FILE" in told["cure"]
    assert "not the password" not in str(told)


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


@pytest.mark.parametrize("closed", ["<&-", "<&- >&- 2>&-"])
def test_a_worker_without_standard_input_works_and_ends_in_order(
    platform: Platform, tmp_path: Path, closed: str
) -> None:
    """As some who start services leave it: its first socket would else be number 0, and libuv aborts."""
    port = take_port()
    page = f"http://{LOOPBACK}:{port.number}/health/ready"
    worker = Child(
        ["sh", "-c", f'exec "$0" -m cli worker {closed}', sys.executable],
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
