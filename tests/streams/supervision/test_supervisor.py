"""The parent acts whatever the worker does: hangs, crashes, stops; and no worker outlives it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from streams.supervision.exit_codes import (
    EXIT_ADDRESS,
    EXIT_BROKER,
    EXIT_CONFIG,
    EXIT_FAILED,
    EXIT_OK,
    EXIT_STUCK,
)
from streams.supervision.flight_recorder import FlightRecorder
from streams.supervision.supervisor import KILLED, RESTARTS_MAX, Birth
from tests.house import ROOT
from tests.streams.supervision.supervised import BUSY_SECONDS

WAIT_SECONDS_MAX = 240.0


class Supervised:
    """A supervisor under test and what its workers left word of."""

    def __init__(self, folder: Path, *steps: str, **environment: str) -> None:
        self._births = folder / "births"
        self._log = folder / "log"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.streams.supervision.supervised", str(folder), *steps],
                cwd=ROOT,
                env={**os.environ, **environment},
                stderr=log,
            )

    @property
    def births(self) -> list[str]:
        return self._births.read_text().splitlines() if self._births.exists() else []

    @property
    def worker(self) -> int:
        return int(self.births[-1].split()[0])

    def told(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._log.read_text().splitlines()]

    def until(self, true: Callable[[], object]) -> None:
        deadline = time.monotonic() + WAIT_SECONDS_MAX
        while not true():
            assert time.monotonic() < deadline, self._log.read_text()
            time.sleep(0.02)

    def ends(self) -> int:
        return self.process.wait(WAIT_SECONDS_MAX)


Start = Callable[..., Supervised]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[Supervised] = []

    def starting(*steps: str, **environment: str) -> Supervised:
        started.append(Supervised(tmp_path, *steps, **environment))
        return started[-1]

    yield starting
    for one in started:
        one.process.kill()
        one.process.wait(WAIT_SECONDS_MAX)


def alive(pid: int) -> bool:
    """Whether a process runs: one that is dead and not buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("code", [EXIT_OK, EXIT_BROKER, EXIT_ADDRESS, EXIT_CONFIG])
def test_an_end_on_purpose_is_passed_on_and_nothing_is_started_again(start: Start, code: int) -> None:
    ran = start(f"code:{code}")
    assert ran.ends() == code
    assert len(ran.births) == 1


@pytest.mark.parametrize(
    ("step", "reason", "words"),
    [
        (f"code:{EXIT_FAILED}", "failed", "ended with code 1"),
        (f"code:{EXIT_STUCK}", "stuck", "ended with code 75"),
        ("signal:9", "killed", "killed by SIGKILL"),
        ("signal:11", "killed", "killed by SIGSEGV"),
        ("silent", "hung", "it gave no sign of life"),
        ("hang", "hung", "it gave no sign of life"),
    ],
)
def test_after_a_crash_or_a_hang_another_is_started_and_told_why(
    start: Start, step: str, reason: str, words: str
) -> None:
    ran = start(step, "code:0")
    assert ran.ends() == EXIT_OK
    assert ran.births[1].partition(" ")[2] == f"{words} {{'{reason}': 1}}"


def test_a_log_that_nobody_reads_holds_a_worker_and_not_who_looks_after_it(tmp_path: Path) -> None:
    nobody, full = os.pipe()
    os.set_blocking(full, False)
    with suppress(BlockingIOError):
        while True:
            os.write(full, b"x" * 4096)
    os.set_blocking(full, True)
    ran = subprocess.Popen(
        [sys.executable, "-m", "tests.streams.supervision.supervised", str(tmp_path), "silent", "code:0"],
        cwd=ROOT,
        stderr=full,
    )
    try:
        assert ran.wait(WAIT_SECONDS_MAX) == EXIT_OK
    finally:
        ran.kill()
        ran.wait()
        os.close(nobody)
        os.close(full)


def test_one_that_ends_again_and_again_is_given_up_so_that_the_orchestrator_sees_it(start: Start) -> None:
    ran = start("code:1")
    assert ran.ends() == EXIT_FAILED
    assert len(ran.births) == RESTARTS_MAX + 1
    assert ran.told()[-1]["event"] == "the worker keeps ending: not started again"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_stop_reaches_the_worker_which_ends_as_it_would_alone(start: Start, number: signal.Signals) -> None:
    ran = start("stop")
    ran.until(lambda: ran.births)
    worker = ran.worker
    ran.process.send_signal(number)
    ran.process.send_signal(signal.SIGTERM)  # impatient people press twice
    assert ran.ends() == EXIT_OK
    assert not alive(worker)
    assert ran.told() == []


def test_the_end_of_its_terminal_is_a_stop_unless_it_was_told_to_outlive_it(start: Start) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as `nohup` does
    try:
        ran = start("stop")
    finally:
        signal.signal(signal.SIGHUP, before)
    ran.until(lambda: ran.births)
    ran.process.send_signal(signal.SIGHUP)
    os.kill(ran.worker, signal.SIGHUP)
    with pytest.raises(subprocess.TimeoutExpired):
        ran.process.wait(0.5)
    ran.process.terminate()
    assert ran.ends() == EXIT_OK


def test_a_stop_while_nobody_runs_is_a_stop(start: Start) -> None:
    ran = start("code:1", PAUSE_SECONDS="50")
    ran.until(ran.told)
    ran.process.send_signal(signal.SIGTERM)
    assert ran.ends() == EXIT_OK
    assert len(ran.births) == 1


def test_a_worker_that_hangs_while_it_is_told_to_stop_is_killed_and_not_started_again(start: Start) -> None:
    ran = start("hang")
    ran.until(lambda: ran.births)
    ran.process.send_signal(signal.SIGTERM)
    assert ran.ends() == EXIT_STUCK
    assert len(ran.births) == 1


def test_kill_9_of_the_parent_ends_the_worker(start: Start) -> None:
    ran = start("deaf")
    ran.until(lambda: ran.births)
    worker = ran.worker
    ran.process.kill()
    ran.until(lambda: not alive(worker))


def test_a_parent_that_was_frozen_with_its_worker_kills_nobody(start: Start) -> None:
    ran = start("stop")
    ran.until(lambda: ran.births)
    for pid in (ran.process.pid, ran.worker):
        os.kill(pid, signal.SIGSTOP)
    time.sleep(BUSY_SECONDS + 1.0)
    for pid in (ran.worker, ran.process.pid):
        os.kill(pid, signal.SIGCONT)
    time.sleep(1.5)
    assert len(ran.births) == 1
    assert alive(ran.worker)


def test_a_worker_that_is_frozen_alone_is_killed(start: Start) -> None:
    ran = start("stop")
    ran.until(lambda: ran.births)
    os.kill(ran.worker, signal.SIGSTOP)
    ran.until(lambda: len(ran.births) == 2)


def test_orphans_are_buried(start: Start, tmp_path: Path) -> None:
    """As process 1 of a container it inherits them; here it is a subreaper, which is the same."""
    ran = start("orphan", "stop")
    ran.until(lambda: len(ran.births) == 2)
    orphan = (tmp_path / "orphan").read_text()
    ran.until(lambda: not Path(f"/proc/{orphan}").exists())


def test_only_what_nobody_inside_does_comes_from_outside() -> None:
    born = [
        Birth(FlightRecorder(), ended)
        for ended in ("", KILLED, "killed by SIGSEGV", "it gave no sign of life")
    ]
    assert [one.from_outside for one in born] == [True, True, False, False]
