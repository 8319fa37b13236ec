"""One child: started, asked to end, killed, frozen."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.processes import LOG_TAIL_BYTES, Child
from local.waiting import wait_until

STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"


def python(folder: Path, code: str) -> Child:
    return Child([sys.executable, "-c", code], folder / "log")


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[Child]:
    child = Child(["sleep", "60"], tmp_path / "log")
    child.start()
    yield child
    child.kill()


def how_it_ended(child: Child) -> int | None:
    """Its exit code, once it is gone."""
    assert child.pid is None
    return child.exit_code


def test_it_runs_until_stopped(sleeper: Child) -> None:
    assert sleeper.pid is not None
    assert sleeper.exit_code is None
    sleeper.stop(5)
    assert how_it_ended(sleeper) == -signal.SIGTERM


def test_start_is_idempotent_and_restarts(sleeper: Child) -> None:
    first = sleeper.pid
    sleeper.start()
    assert sleeper.pid == first
    sleeper.kill()
    sleeper.start()
    assert sleeper.pid not in (None, first)


def test_deaf_child_is_killed_after_its_grace(tmp_path: Path) -> None:
    child = python(tmp_path, STUBBORN)
    child.start()
    assert wait_until(lambda: "deaf" in child.last_words(), 5)
    child.stop(0.2)
    assert child.exit_code == -signal.SIGKILL


def test_frozen_child_can_be_stopped(sleeper: Child) -> None:
    sleeper.freeze()
    sleeper.stop(5)
    assert sleeper.exit_code == -signal.SIGTERM


def test_frozen_child_stands_still_until_thawed(tmp_path: Path) -> None:
    ticks = "import time\nwhile True:\n    print('tick', flush=True)\n    time.sleep(.01)"
    child = python(tmp_path, ticks)
    child.start()
    try:
        assert wait_until(lambda: "tick" in child.last_words(), 5)
        child.freeze()
        size = child.log.stat().st_size
        time.sleep(0.1)
        assert child.log.stat().st_size == size
        child.thaw()
        assert wait_until(lambda: child.log.stat().st_size > size, 5)
    finally:
        child.kill()


def test_what_is_not_running_cannot_be_frozen(tmp_path: Path) -> None:
    child = Child(["sleep", "60"], tmp_path / "log")
    with pytest.raises(RuntimeError, match="not running"):
        child.freeze()
    child.stop(1)
    child.kill()


def test_child_outlives_the_thread_that_started_it(tmp_path: Path) -> None:
    child = Child(["sleep", "60"], tmp_path / "log")
    thread = threading.Thread(target=child.start)
    thread.start()
    thread.join()
    time.sleep(0.1)
    assert child.pid is not None
    child.kill()


def test_last_words_are_the_end_of_the_log(tmp_path: Path) -> None:
    child = python(tmp_path, f"print('x' * {LOG_TAIL_BYTES}); print('goodbye')")
    assert child.last_words() == ""
    child.start()
    assert wait_until(lambda: child.exit_code == 0, 5)
    assert child.last_words().endswith("goodbye")
    assert len(child.last_words()) <= LOG_TAIL_BYTES


def test_environment_is_added_to_ours(tmp_path: Path) -> None:
    code = "import os; print(os.environ['EXTRA'], 'PATH' in os.environ)"
    child = Child([sys.executable, "-c", code], tmp_path / "log", {"EXTRA": "given"})
    child.start()
    assert wait_until(lambda: child.exit_code == 0, 5)
    assert child.last_words() == "given True"
