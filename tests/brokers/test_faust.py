"""Faust itself on the broker: two workers share the work, one ends and comes back, nothing is lost."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from local.apache import ApacheKafka
from local.processes import Child
from local.server import LocalServer
from local.waiting import wait_until
from tests.brokers.clients import read_all, write
from tests.brokers.conftest import MakeTopic

Server = LocalServer | ApacheKafka

WORKER = Path(__file__).with_name("faust_worker.py")
PARTITIONS = 4
WAVE = 100  # events a partition and wave: enough to be shared, few enough to be quick
SETTLE_SECONDS_MAX = 30.0  # a worker starts in 3 s, and a killed one is missed after its session of 6 s


class Copying:
    """A source, a target and the workers between them."""

    def __init__(self, server: Server, make_topic: MakeTopic, folder: Path) -> None:
        self.server = server
        self.source = make_topic(partitions=PARTITIONS)
        self.target = make_topic()
        self._folder = folder
        self._sent: set[bytes] = set()

    @contextlib.contextmanager
    def worker(self, name: str) -> Iterator[Child]:
        """A worker, killed at the end if it still runs."""
        command = [sys.executable, "-W", "ignore", str(WORKER)]
        words = (self.server.address, name, self.source, self.target, str(self._folder / f"{name}-data"))
        child = Child([*command, *words], self._folder / name)
        child.start()
        try:
            yield child
        finally:
            child.kill()

    def feed(self, wave: str) -> None:
        """Send a wave to every partition."""
        for part in range(PARTITIONS):
            values = [f"{wave}.{part}.{number}".encode() for number in range(WAVE)]
            write(self.server.address, self.source, values, part)
            self._sent.update(values)

    def all_copied(self) -> bool:
        """Whether everything sent was copied."""
        return self._sent <= {record.value for record in read_all(self.server.address, self.target)}

    def workers_of(self, wave: str) -> set[bytes]:
        """Who copied a wave."""
        copies = read_all(self.server.address, self.target)
        return {record.key for record in copies if record.value.startswith(wave.encode())}

    def shared(self, wave: str) -> bool:
        """Whether a fresh wave, sent now, is worked by two."""
        self.feed(wave)
        return wait_until(self.all_copied, SETTLE_SECONDS_MAX) and len(self.workers_of(wave)) == 2


def shared_soon(copying: Copying, wave: str) -> bool:
    """Whether waves come to be shared by two workers: joining takes its time."""
    waves = (f"{wave}{number}" for number in range(1_000))
    return wait_until(lambda: copying.shared(next(waves)), SETTLE_SECONDS_MAX)


def test_workers_share(server: Server, make_topic: MakeTopic, tmp_path: Path) -> None:
    """Two Faust workers share a group; when one stops, the other does it all and nothing is lost."""
    copying = Copying(server, make_topic, tmp_path)
    with copying.worker("first") as first, copying.worker("second"):
        assert shared_soon(copying, "together")
        first.stop(60.0)
        copying.feed("alone")
        assert wait_until(copying.all_copied, SETTLE_SECONDS_MAX)
        assert copying.workers_of("alone") == {b"second"}


def test_worker_leaves_and_returns(server: Server, make_topic: MakeTopic, tmp_path: Path) -> None:
    """One of two Faust workers stops and returns, and they share the work again."""
    copying = Copying(server, make_topic, tmp_path)
    with copying.worker("first") as first, copying.worker("second"):
        assert shared_soon(copying, "together")
        first.stop(60.0)
        first.start()
        assert shared_soon(copying, "again")


def test_only_worker_restarts(server: Server, make_topic: MakeTopic, tmp_path: Path) -> None:
    """The only Faust worker stops in mid-work and starts again, and nothing is lost."""
    restart(Copying(server, make_topic, tmp_path), lambda worker: worker.stop(60.0))


def test_worker_killed_and_restarted(server: Server, make_topic: MakeTopic, tmp_path: Path) -> None:
    """A Faust worker killed with -9 in mid-work and started again goes on, and nothing is lost."""
    restart(Copying(server, make_topic, tmp_path), Child.kill)


def restart(copying: Copying, end: Callable[[Child], None]) -> None:
    with copying.worker("only") as only:
        copying.feed("before")
        assert wait_until(lambda: bool(copying.workers_of("before")), SETTLE_SECONDS_MAX)
        end(only)
        only.start()
        copying.feed("after")
        assert wait_until(copying.all_copied, SETTLE_SECONDS_MAX)
