"""Child processes: started, asked to end, killed, frozen; their ports and their parent."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import ports
from local.die_with_parent import EXIT_ORPHANED
from local.ports import LOOPBACK, NoFreePort, take_port
from local.postgres import EmbeddedPostgres
from local.processes import DIE_WITH_PARENT, LOG_TAIL_BYTES, Child
from local.waiting import wait_until

# One child: started, asked to end, killed, frozen.

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
    assert wait_until(lambda: "deaf" in child.last_words(), 60)
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
        assert wait_until(lambda: "tick" in child.last_words(), 60)
        child.freeze()
        size = child.log.stat().st_size
        time.sleep(0.1)
        assert child.log.stat().st_size == size
        child.thaw()
        assert wait_until(lambda: child.log.stat().st_size > size, 60)
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
    assert wait_until(lambda: child.exit_code == 0, 60)
    assert child.last_words().endswith("goodbye")
    assert len(child.last_words()) <= LOG_TAIL_BYTES


def test_environment_is_added_to_ours(tmp_path: Path) -> None:
    code = "import os; print(os.environ['EXTRA'], 'PATH' in os.environ)"
    child = Child([sys.executable, "-c", code], tmp_path / "log", {"EXTRA": "given"})
    child.start()
    assert wait_until(lambda: child.exit_code == 0, 60)
    assert child.last_words() == "given True"


# A command command dies with its parent, even if the parent is killed or the command is frozen.

PARENT = """
import sys
from pathlib import Path
from local.processes import Child
child = Child(["sleep", "60"], Path(sys.argv[1]))
child.start()
print(child.pid, flush=True)
sys.stdin.read()
"""


def is_alive(pid: int) -> bool:
    """Whether the process still runs; one that only waits to be buried does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except FileNotFoundError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def is_leashed(pid: int) -> bool:
    """Whether the command has taken the leash's place."""
    return Path(f"/proc/{pid}/comm").read_text(encoding="ascii").strip() == "sleep"


@pytest.mark.parametrize("frozen", [False, True], ids=["running", "frozen"])
def test_killed_parent_takes_its_child_along(tmp_path: Path, frozen: bool) -> None:
    command = [sys.executable, "-c", PARENT, str(tmp_path / "log")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert wait_until(lambda: is_leashed(child), 60)
        if frozen:
            os.kill(child, signal.SIGSTOP)
        assert is_alive(child)
        parent.kill()
    assert wait_until(lambda: not is_alive(child), 60)


SERVER_PARENT = """
import sys
from local.postgres import EmbeddedPostgres
server = EmbeddedPostgres()
server.start()
print(server.pid, flush=True)
sys.stdin.read()
"""


def test_a_database_that_runs_as_another_user_ends_with_its_killed_parent(
    postgres: EmbeddedPostgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The fixture says in one line that PostgreSQL is not there."""
    monkeypatch.setenv("TMPDIR", str(postgres.folder.parent))
    command = [sys.executable, "-c", SERVER_PARENT]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        server = int(parent.stdout.readline())
        assert is_alive(server)
        parent.kill()
    assert wait_until(lambda: not is_alive(server), 15)


def test_orphan_does_not_start() -> None:
    not_the_parent = str(os.getppid())
    done = subprocess.run([sys.executable, "-I", "-S", DIE_WITH_PARENT, not_the_parent, "true"], check=False)
    assert done.returncode == EXIT_ORPHANED


# Waiting has an end.


def test_it_ends_when_the_condition_is_met() -> None:
    answers = iter([False, False, True])
    assert wait_until(lambda: next(answers), 60)


def test_it_ends_without_it_too() -> None:
    assert not wait_until(lambda: False, 0.1)


def test_what_is_true_already_needs_no_time() -> None:
    assert wait_until(lambda: True, 0)


# Ports that stay ours.

OTHER_PROCESS = "from local.ports import _lock; import sys; print(_lock(int(sys.argv[1])) is not None)"


def others_can_take(number: int) -> bool:
    done = subprocess.run(
        [sys.executable, "-c", OTHER_PROCESS, str(number)], capture_output=True, text=True, check=True
    )
    return done.stdout.strip() == "True"


def test_port_is_free_and_below_the_ephemeral_range() -> None:
    port = take_port()
    try:
        first_ephemeral = int(ports.EPHEMERAL_RANGE.read_text().split()[0])
        assert ports.FIRST_PORT <= port.number < first_ephemeral
        with socket.socket() as server:
            server.bind((LOOPBACK, port.number))
    finally:
        port.release()


def test_another_process_cannot_take_it_until_released() -> None:
    port = take_port()
    assert not others_can_take(port.number)
    port.release()
    assert others_can_take(port.number)


def test_taken_ports_differ() -> None:
    taken = [take_port() for _ in range(50)]
    assert len({port.number for port in taken}) == 50
    for port in taken:
        port.release()


def test_port_that_somebody_listens_on_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        busy = server.getsockname()[1]
        monkeypatch.setattr(ports, "FIRST_PORT", busy)
        monkeypatch.setattr(ports, "_last_port", lambda: busy)
        with pytest.raises(NoFreePort, match=str(busy)):
            take_port()
