"""Processes with nothing to do use next to no processor, say next to nothing and open no connection."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from gate.keys import new_key
from local.apache import ApacheKafka
from local.ports import LOOPBACK, Port, take_port
from local.processes import Child
from streams.kafka import topics
from streams.kafka.client import admin
from tests.deliver.receiver import SECRET_TEXT
from tests.journeys.bridged import MAPPING, processor_seconds
from tests.journeys.conftest import Platform

pytestmark = [pytest.mark.journey, pytest.mark.kafka]

IDLE_SECONDS = 10.0  # two looks at the topics' ids, five at the store
PROCESSOR_SHARE_MAX = 0.03  # of one core
# Beside busy processes the same work takes up to twice as much of a core; a loop that spins takes 0.4 of it.
BUSY_LOAD_MIN, BUSY_PROCESSOR_SHARE_MAX = 0.8, 0.06
TRIES_MAX = 3
LINES_A_MINUTE = 2
CONNECTIONS_MAX = 2  # a pool grows where two requests meet for the first time; reconnecting opens one a look
SETTLED_SECONDS = 8.0  # the first look at the ids opens the connection that all others use

ENDPOINTS = """
[endpoints.{name}]
url = "http://127.0.0.1:9/"
secret_file = "{secret}"
allow_networks = ["127.0.0.0/8"]
"""


class Site:
    """One process of each command on the same topics."""

    def __init__(self, platform: Platform, folder: Path) -> None:
        self.worker = platform
        self._ports: list[Port] = []
        foreign = f"{platform.settings.topic_prefix}public.users"
        topics.check(platform.settings, create=True)
        with admin(platform.settings) as client:
            order = {"num_partitions": 2, "replication_factor": 1, "configs": {}}
            client.create_topics({foreign: order}, raise_errors=True)
        keys, secret = folder / "keys.json", folder / "secret"
        new_key(keys, "all", frozenset(("score",)), 1e6, datetime.now(UTC))
        secret.write_text(SECRET_TEXT)
        mappings, endpoints = folder / "mappings.toml", folder / "endpoints.toml"
        mappings.write_text(MAPPING.format(topic=foreign), "utf-8")
        endpoints.write_text(ENDPOINTS.format(name="chat", secret=secret), "utf-8")
        gate_port, desk_port = self._port(), self._port()
        self._web: dict[str, int] = {"worker": platform.port.number}
        self.children: dict[str, Child] = {
            "worker": platform.worker,
            "gate": self._child("gate", folder, SAMEHAND_GATE_KEYS=str(keys), SAMEHAND_GATE_PORT=gate_port),
            "desk": self._child(
                "desk",
                folder,
                SAMEHAND_DATABASE_URL=f"sqlite:///{folder / 'desk.db'}",
                SAMEHAND_DESK_HOST=LOOPBACK,
                SAMEHAND_DESK_PORT=desk_port,
            ),
            "bridge": self._child("bridge", folder, SAMEHAND_MAPPINGS=str(mappings)),
            "deliver": self._child("deliver", folder, SAMEHAND_ENDPOINTS=str(endpoints)),
        }

    def _port(self) -> str:
        self._ports.append(take_port())
        return str(self._ports[-1].number)

    def _child(self, command: str, folder: Path, **settings: str) -> Child:
        web = self._port()
        self._web[command] = int(web)
        environment: Mapping[str, str] = {
            **self.worker.environment,
            "SAMEHAND_KAFKA_GROUP": f"{self.worker.settings.kafka_group}-{command}",
            "SAMEHAND_DATA_DIR": str(folder / command),
            "SAMEHAND_WEB_PORT": web,
            **settings,
        }
        return Child([sys.executable, "-m", "cli", command], folder / f"{command}.log", environment)

    def open(self) -> None:
        """Starts all, and returns when each says that it is ready."""
        for child in self.children.values():
            child.start()
        for command, child in self.children.items():
            self.worker.until(
                lambda command=command: self._ready(command),  # type: ignore[misc]  # bound now, on purpose
                f"{command} to be ready; {child.log.read_text('utf-8')[-3000:]}",
            )

    def _ready(self, command: str) -> bool:
        try:
            with urlopen(f"http://{LOOPBACK}:{self._web[command]}/health/ready", timeout=30.0):
                return True
        except (URLError, OSError):
            return False

    def close(self) -> None:
        """Ends all."""
        for child in self.children.values():
            child.kill()
        for port in self._ports:
            port.release()
        self.worker.port.release()

    def lines(self) -> dict[str, list[str]]:
        """What each has written."""
        return {
            command: child.log.read_text("utf-8").splitlines() for command, child in self.children.items()
        }

    def processor_seconds(self) -> dict[str, float]:
        """What each has used with the processes that it started, in user and system mode."""
        return {command: processor_seconds(child.pid or 0) for command, child in self.children.items()}


def connections(*ports: int) -> set[tuple[int, int]]:
    """Every connection with these ports as (port, the other's port), those that ended a minute ago too.

    The kernel remembers an ended one for that long, so none is too short to be seen.
    """
    pairs = set[tuple[int, int]]()
    for line in Path("/proc/net/tcp").read_text("ascii").splitlines()[1:]:
        here, there = (int(address.rpartition(":")[2], 16) for address in line.split()[1:3])
        pairs |= {(port, other) for port, other in ((here, there), (there, here)) if port in ports and other}
    return pairs


@pytest.fixture
def site(tmp_path: Path, apache_kafka: ApacheKafka, redis_url: str) -> Iterator[Site]:
    made = Site(Platform(tmp_path, apache_kafka.address, redis_url), tmp_path)
    try:
        made.open()
        yield made
    finally:
        made.close()


def test_idle_processes_are_idle(site: Site) -> None:
    """Looks at each of them for a while: at its processor time, its lines and its connections."""
    brokers, redis = (site.worker.environment[f"SAMEHAND_{it}"] for it in ("KAFKA_BROKERS", "REDIS_URL"))
    ports = [urlsplit("//" + it.rpartition("//")[2]).port or 0 for it in (brokers, redis)]
    time.sleep(SETTLED_SECONDS)
    least = dict.fromkeys(site.children, math.inf)
    for _ in range(TRIES_MAX):
        used, said, known = site.processor_seconds(), site.lines(), connections(*ports)
        time.sleep(IDLE_SECONDS)
        for command, now in site.processor_seconds().items():
            least[command] = min(least[command], (now - used[command]) / IDLE_SECONDS)
        new = {command: lines[len(said[command]) :] for command, lines in site.lines().items()}
        assert {command: lines for command, lines in new.items() if len(lines) > LINES_A_MINUTE} == {}
        assert len(connections(*ports) - known) <= CONNECTIONS_MAX
        assert known, "connections are seen at all"
        busy = os.getloadavg()[0] >= BUSY_LOAD_MIN
        if max(least.values()) <= (BUSY_PROCESSOR_SHARE_MAX if busy else PROCESSOR_SHARE_MAX):
            return
    raise AssertionError(f"shares of a core while idle: {least}")
