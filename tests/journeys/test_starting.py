"""A worker that cannot start says so in one line and ends with a code of its own, outside its group."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.ports import LOOPBACK
from store.pepper import write_pepper_file
from streams.supervision.exit_codes import EXIT_ADDRESS, EXIT_REFUSED, EXIT_STORE
from tests.journeys.conftest import Platform

pytestmark = pytest.mark.journey

ENDS_SECONDS_MAX = 90.0


def refused(environment: dict[str, str]) -> tuple[int, dict[str, Any]]:
    """Starts a worker that must end by itself: its exit code, and the only line above `info`."""
    ran = subprocess.run(
        [sys.executable, "-m", "desk.cli", "worker"],
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
        return refused({**platform.environment, "SAMEHAND_WEB_PORT": "0", **changed})

    return start


def test_a_taken_port(started: Callable[..., tuple[int, dict[str, Any]]]) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = str(taken.getsockname()[1])
        code, told = started(SAMEHAND_WEB_PORT=port)
    assert code == EXIT_ADDRESS
    assert f"{LOOPBACK}:{port}" in told["why"]
    assert "SAMEHAND_WEB_PORT" in told["cure"]


def test_other_shards(started: Callable[..., tuple[int, dict[str, Any]]]) -> None:
    code, told = started(SAMEHAND_STORE_SHARDS="3")
    assert code == EXIT_STORE
    assert "shards is 1, not 3" in told["why"]
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
