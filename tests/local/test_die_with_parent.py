"""A command command dies with its parent, even if the parent is killed or the command is frozen."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from local.die_with_parent import EXIT_ORPHANED
from local.processes import DIE_WITH_PARENT
from local.waiting import wait_until

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
        assert wait_until(lambda: is_leashed(child), 5)
        if frozen:
            os.kill(child, signal.SIGSTOP)
        assert is_alive(child)
        parent.kill()
    assert wait_until(lambda: not is_alive(child), 5)


def test_orphan_does_not_start() -> None:
    not_the_parent = str(os.getppid())
    done = subprocess.run([sys.executable, "-I", "-S", DIE_WITH_PARENT, not_the_parent, "true"], check=False)
    assert done.returncode == EXIT_ORPHANED
