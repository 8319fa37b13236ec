"""One child process: started, asked to end, killed, frozen, and never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

DIE_WITH_PARENT = Path(__file__).with_name("die_with_parent.py")
LOG_TAIL_BYTES = 4_000  # enough to hold a server's last words, short enough to be read in an error
KILL_SECONDS_MAX = 10.0  # the kernel buries a killed process within milliseconds, unless the machine is dying


class Child:
    """A command as a child process that dies with us, whichever way we die.

    ``log`` receives what it prints, appended over restarts; ``environment`` is added to ours.
    """

    def __init__(
        self, command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self.command = tuple(command)
        self.log = log
        self._environment = {**os.environ, **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """Its process id; ``None`` while it is not running."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    @property
    def exit_code(self) -> int | None:
        """How its last run ended (negative: the signal); ``None`` while it runs and before its first run."""
        return None if self._process is None else self._process.poll()

    def start(self) -> None:
        if self.pid is None:
            # The kernel ties a child to the *thread* that started it: a thread that never ends has to do it.
            self._process = _starter(os.getpid()).submit(self._spawn).result()

    def _spawn(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-I", "-S", str(DIE_WITH_PARENT), str(os.getpid()), *self.command]
        with self.log.open("ab") as log:
            return subprocess.Popen(  # noqa: S603  # the command is our own launcher's, never a user's text
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self._environment,
                start_new_session=True,  # Ctrl-C is ours to handle: workers stop before what they stand on
            )

    def stop(self, grace_seconds: float) -> None:
        """SIGTERM, and after ``grace_seconds`` SIGKILL."""
        if self._process is None or self.pid is None:
            return
        self._process.send_signal(signal.SIGTERM)
        self._process.send_signal(signal.SIGCONT)  # frozen, it would not see the first
        try:
            self._process.wait(grace_seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """SIGKILL, as the kernel or a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(KILL_SECONDS_MAX)

    def freeze(self) -> None:
        """SIGSTOP: it hangs, its sockets stay open. Returns when it has truly stopped."""
        pid = self._running_pid()
        os.kill(pid, signal.SIGSTOP)
        os.waitid(os.P_PID, pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)

    def thaw(self) -> None:
        """SIGCONT: it goes on where it was frozen."""
        os.kill(self._running_pid(), signal.SIGCONT)

    def last_words(self) -> str:
        """The end of its log, for an error message."""
        if not self.log.exists():
            return ""
        with self.log.open("rb") as log:
            log.seek(max(0, self.log.stat().st_size - LOG_TAIL_BYTES))
            return log.read().decode(errors="replace").strip()

    def _running_pid(self) -> int:
        pid = self.pid
        if pid is None:
            raise RuntimeError(f"{self.command[0]} is not running")
        return pid


@cache
def _starter(_owner: int) -> ThreadPoolExecutor:
    """The thread that starts children; one a process, since a fork does not inherit its parent's threads."""
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="samehand-starter")
