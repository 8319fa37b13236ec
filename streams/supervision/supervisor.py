"""The supervisor: a parent process that restarts a worker which hangs or crashes.

A regular expression, or any call into C, may hold the interpreter: then no time limit and no watchdog within
the process can act. The parent kills a worker whose heartbeats stop, starts another after a crash, and ends
with the worker's own exit code. It knows neither Kafka nor Redis nor the pepper. The worker is a fork of it
and not a program of its own: it starts with what is imported already.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import Final, Literal

import structlog

from streams.supervision.exit_codes import (
    EXIT_ADDRESS,
    EXIT_BROKER,
    EXIT_CONFIG,
    EXIT_OK,
    EXIT_REFUSED,
    EXIT_SETTINGS,
    EXIT_STORE,
    EXIT_STUCK,
)
from streams.supervision.flight_recorder import FlightRecorder

POLL_SECONDS: Final = 0.25
START_SECONDS_MAX: Final = 180.0
"""Until the first heartbeat: imports, ten seconds for a broker, and the reading of the control topic."""

PAUSE_SECONDS_MIN: Final = 0.5
PAUSE_SECONDS_MAX: Final = 30.0
RESTARTS_MAX: Final = 20
"""In a row. A record that ends its worker takes four, and may have company; what ends 20 workers in a row
needs a person, and the orchestrator has to show it."""

HEALTHY_SECONDS: Final = 300.0
"""A worker that lived so long ended for another reason than its predecessor."""

_FINAL: Final = frozenset(
    {EXIT_OK, EXIT_SETTINGS, EXIT_STORE, EXIT_BROKER, EXIT_ADDRESS, EXIT_REFUSED, EXIT_CONFIG}
)
"""Codes of ends on purpose, and of faults that another start would meet again."""

_FORWARDED: Final = (signal.SIGTERM, signal.SIGINT)
_STANDARD_ERROR: Final = 2
_PR_SET_PDEATHSIG: Final = 1  # linux/prctl.h

Reason = Literal["hung", "killed", "failed", "stuck"]
REASONS: Final[tuple[Reason, ...]] = ("hung", "killed", "failed", "stuck")
"""Why a worker was started again: no sign of life; a signal ended it; a fault; its own watchdog."""

KILLED: Final = f"killed by {signal.SIGKILL.name}"

log = structlog.get_logger("samehand.supervisor")


@dataclass(frozen=True, slots=True)
class Birth:
    """A worker's start: its recorder, how its predecessor ended, and the restarts so far by reason."""

    recorder: FlightRecorder
    ended: str = ""
    restarts: Mapping[str, int] = field(default_factory=dict)

    @property
    def from_outside(self) -> bool:
        """True if somebody else may have ended the predecessor: a person, an orchestrator, want of memory."""
        return self.ended in ("", KILLED)


def supervise(work: Callable[[Birth], int], recorder: FlightRecorder) -> int:
    """Run `work` in a child until it ends on purpose; return its exit code. **Returns in the child too.**

    Must be called from the main thread of a process that has no other. Logs must be set up.
    """
    return _Supervisor(work, recorder).run()


class _Supervisor:
    def __init__(self, work: Callable[[Birth], int], recorder: FlightRecorder) -> None:
        self._work = work
        self._recorder = recorder
        self._restarts: Counter[str] = Counter()
        self._child = 0
        self._stopping = False
        self._hung = False
        self._awake, self._alarm = os.pipe()
        os.set_blocking(self._alarm, False)
        os.set_blocking(self._awake, False)

    def run(self) -> int:
        own = os.getpid()
        code = self._look_after()
        if os.getpid() == own:
            for number in (
                *_FORWARDED,
                signal.SIGHUP,
            ):  # a second one while we leave must not make another end of it
                signal.signal(number, signal.SIG_IGN)
        return code

    def _look_after(self) -> int:
        for number in _FORWARDED:
            signal.signal(number, self._forward)
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # as `nohup` leaves it
            signal.signal(signal.SIGHUP, self._forward)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # or nothing would wake us
        signal.set_wakeup_fd(self._alarm, warn_on_full_buffer=False)
        in_a_row, ended = 0, ""
        while True:
            began = time.monotonic()
            self._hung = False
            if (born := self._fork(Birth(self._recorder, ended, dict(self._restarts)))) is not None:
                return self._work(born)
            status = self._wait()
            code = EXIT_STUCK if self._hung else _exit_code(status)
            if self._stopping or (os.WIFEXITED(status) and code in _FINAL):
                return EXIT_OK if self._stopping and _by(status) in _FORWARDED else code
            reason, ended = self._told(status)
            in_a_row = 0 if time.monotonic() - began > HEALTHY_SECONDS else in_a_row
            in_a_row += 1
            self._restarts[reason] += 1
            if in_a_row > RESTARTS_MAX:
                if _is_read():
                    log.critical(
                        "the worker keeps ending: not started again", ended=ended, restarts=RESTARTS_MAX
                    )
                return code
            pause = min(PAUSE_SECONDS_MAX, PAUSE_SECONDS_MIN * 2 ** (in_a_row - 1))
            if _is_read():
                log.error(
                    "the worker ended, starting another", ended=ended, reason=reason, pause_seconds=pause
                )
            if self._pause(pause):
                return EXIT_OK

    def _fork(self, birth: Birth) -> Birth | None:
        """Returns the birth in the child, None in the parent. Signals are blocked until both are ready."""
        parent = os.getpid()
        sys.stdout.flush()
        sys.stderr.flush()
        self._recorder.beat(START_SECONDS_MAX)
        before = signal.pthread_sigmask(signal.SIG_BLOCK, (*_FORWARDED, signal.SIGHUP, signal.SIGCHLD))
        self._child = os.fork()
        if self._child == 0:
            # The child undoes what the parent set up to look after it.
            signal.set_wakeup_fd(-1)
            os.close(self._awake)
            os.close(self._alarm)
            for number in (signal.SIGTERM, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            # A terminal that ends signals us too; the parent acts on it.
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            die_with(parent)
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            return birth
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return None

    def _wait(self) -> int:
        """Wait for the child; return its `waitpid` status. Kills it when its heartbeats stop."""
        beats, silent = self._recorder.beats, 0.0
        while (status := self._reaped()) is None:
            began = time.monotonic()
            self._sleep(POLL_SECONDS)
            # Not the clock's difference: while we were frozen too, or the machine slept, no worker hung.
            silent += min(time.monotonic() - began, 2 * POLL_SECONDS)
            if (now := self._recorder.beats) != beats:
                beats, silent = now, 0.0
            if silent > self._recorder.patience_seconds and not self._hung:
                self._hung = True
                os.kill(self._child, signal.SIGKILL)
                if _is_read():
                    log.critical("the worker hangs: it is killed", silent_seconds=round(silent, 1))
        self._child = 0
        return status

    def _reaped(self) -> int | None:
        """Reaps every child that ended, as process 1 of a container must; the worker's status if it did."""
        worker_status: int | None = None
        with suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == 0:
                    break
                worker_status = status if pid == self._child else worker_status
        return worker_status

    def _told(self, status: int) -> tuple[Reason, str]:
        """How the child ended: for a label, and in words."""
        code = _exit_code(status)
        if self._hung:
            return "hung", "it gave no sign of life"
        if number := _by(status):
            return "killed", f"killed by {signal.Signals(number).name}"
        return ("stuck" if code == EXIT_STUCK else "failed"), f"ended with code {code}"

    def _pause(self, seconds: float) -> bool:
        """Wait. Returns whether a stop was requested meanwhile."""
        until = time.monotonic() + seconds
        while not self._stopping and (left := until - time.monotonic()) > 0:
            self._sleep(left)
            self._reaped()
        return self._stopping

    def _sleep(self, seconds: float) -> None:
        """Wait until a signal arrives, or so long."""
        if select.select([self._awake], [], [], seconds)[0]:
            with suppress(BlockingIOError):
                os.read(self._awake, 1024)

    def _forward(self, number: int, _: FrameType | None) -> None:
        self._stopping = True
        if self._child:
            with suppress(ProcessLookupError):
                os.kill(self._child, signal.SIGTERM if number == signal.SIGHUP else number)


def die_with(parent: int) -> None:
    """End this process with its parent, however that dies; outside Linux the heartbeat checks."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:  # it died before the line above
        os._exit(EXIT_STUCK)


def _is_read() -> bool:
    """Returns whether our log takes a line. An unread pipe would block us, as it blocks the worker."""
    with suppress(OSError, ValueError):  # closed: nothing to wait for
        return bool(select.select([], [_STANDARD_ERROR], [], 0)[1])
    return True


def _by(status: int) -> int:
    """The signal that ended a process, 0 for none."""
    return os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0


def _exit_code(status: int) -> int:
    """The exit code as shells count: 128 and the signal that ended it."""
    return 128 + _by(status) if _by(status) else os.WEXITSTATUS(status)
