"""What embedded servers have in common: a port, a data folder, a process, and a way to tell it is ready."""

from __future__ import annotations

import shutil
import tempfile
import time
from abc import ABC, abstractmethod
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from local.ports import LOOPBACK, Port, take_port
from local.processes import Child

POLL_SECONDS = 0.01


class DidNotStart(RuntimeError):  # says what happened; "error" would add nothing
    """A server ended or stayed silent instead of answering; the message holds the end of its log."""


class Startable(ABC):
    """As a context manager it starts, and closes at the end or where it does not start.

    ``folder`` holds its data and is kept; without it a temporary one lasts until :meth:`close`.
    """

    name: ClassVar[str]

    def __init__(self, folder: Path | None = None) -> None:
        self._temporary = folder is None
        self.folder = Path(tempfile.mkdtemp(prefix=f"samehand-{self.name}-")) if folder is None else folder
        self.folder.mkdir(parents=True, exist_ok=True)

    @abstractmethod
    def start(self) -> Self: ...

    def close(self) -> None:
        """Remove a temporary folder; extended by what ends the processes that use it."""
        if self._temporary:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        try:
            return self.start()
        except BaseException:
            self.close()
            raise

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class LocalServer(Startable):
    """A server on loopback that can be stopped, killed, frozen and started again on the same port and data.

    ``folder`` holds its log too. ``port``: without it a free one, ours until :meth:`close`.
    """

    start_seconds_max: ClassVar[float] = (
        30.0  # a machine busy with other tests is slow, a broken server for ever
    )
    stop_seconds_max: ClassVar[float] = 10.0  # then it is killed

    def __init__(self, folder: Path | None = None, port: int | None = None) -> None:
        super().__init__(folder)
        self._taken: Port | None = None
        if port is None:
            self._taken = take_port()
            port = self._taken.number
        self.port = port
        self.log = self.folder / f"{self.name}.log"
        self._child: Child | None = None

    @property
    def address(self) -> str:
        return f"{LOOPBACK}:{self.port}"

    @property
    def pid(self) -> int | None:
        return None if self._child is None else self._child.pid

    @abstractmethod
    def command(self) -> list[str]:
        """How to start it. Raises :class:`~local.binaries.NotAvailable`."""

    @abstractmethod
    def answers(self) -> bool:
        """Returns whether it does real work for a client now; may take about a second, never hangs."""

    def start(self) -> Self:
        """Start it and return when it answers. Raises :class:`DidNotStart`."""
        self.launch()
        self.wait_until_ready()
        return self

    def launch(self) -> None:
        """Start it without waiting: for servers that become ready only together."""
        if self._child is None:
            self._child = Child(self.command(), self.log)
        self._child.start()

    def wait_until_ready(self) -> None:
        """Return when it answers. Raises :class:`DidNotStart`."""
        child = self._launched()
        deadline = time.monotonic() + self.start_seconds_max
        while child.pid is not None and time.monotonic() < deadline:
            if self.answers():
                return
            time.sleep(POLL_SECONDS)
        ended = f"ended with {child.exit_code}" if child.pid is None else "did not answer"
        child.kill()
        raise DidNotStart(
            f"{self.name} at {self.address} {ended}; the end of its output:\n{child.last_words()}"
        )

    def stop(self) -> None:
        """End it in order (SIGTERM, then SIGKILL); data stay."""
        if self._child is not None:
            self._child.stop(self.stop_seconds_max)

    def kill(self) -> None:
        """End it at once (SIGKILL); what was on disk stays."""
        if self._child is not None:
            self._child.kill()

    def freeze(self) -> None:
        """Let it hang with its sockets open, as on a stalled disk."""
        self._launched().freeze()

    def thaw(self) -> None:
        """Let it go on after :meth:`freeze`."""
        self._launched().thaw()

    def _launched(self) -> Child:
        if self._child is None:
            raise RuntimeError(f"{self.name} was never started")
        return self._child

    def close(self) -> None:
        """Stop it, give its port back and remove a temporary folder."""
        self.stop()
        if self._taken is not None:
            self._taken.release()
        super().close()
