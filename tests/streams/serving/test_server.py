"""A stranger with connections alone keeps nobody out, whichever server it is and whatever it does on them."""

from __future__ import annotations

import asyncio
import resource
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing, suppress
from typing import Any, Final

import pytest
from prometheus_client import CollectorRegistry

from deliver.endpoints import Endpoint
from deliver.process import DeliverApp, wire
from desk.database.engine import opened
from desk.telemetry import DeskMetrics, State, served
from desk.web.app import create_app
from gate.app import application
from local.ports import LOOPBACK
from streams.clock import SystemClock
from streams.faust_app.app import WorkerApp
from streams.serving import connections
from streams.serving.server import HttpServer, bounded_by_files
from streams.settings import load
from streams.telemetry.metrics import Metrics
from tests.agents.conftest import MakeLife, life, make_life
from tests.desk.people import an_office
from tests.gate.conftest import Broker, a_gate
from tests.streams.conftest import free_port

__all__ = ["life", "make_life"]

PATIENCE_SECONDS: Final = 8.0
"""Of somebody who signs in or scrapes; a shut server makes them wait for ten, or for ever."""

HELD_MAX: Final = 32
"""Connections that each server takes here; deployed ones take up to a thousand, by the same rule."""

Serve = Callable[[], AbstractAsyncContextManager[int]]


@asynccontextmanager
async def running(app: Any) -> AsyncIterator[int]:
    """The port of a server of ours, as gates and desks have one."""
    settings = load({"SAMEHAND_STOP_SECONDS": "1"})
    server = HttpServer(app, settings, connections_max=HELD_MAX, host=LOOPBACK, port=free_port())
    serving = asyncio.ensure_future(server.serve())
    while not server.started:  # noqa: ASYNC110  # uvicorn tells nobody
        await asyncio.sleep(0.01)
    yield server.config.port
    server.should_exit = True
    await serving


@pytest.fixture(params=["gate", "desk", "desk-metrics", "worker", "deliver"])
def house(
    request: pytest.FixtureRequest, tmp_path: Any, make_life: MakeLife, monkeypatch: pytest.MonkeyPatch
) -> tuple[Serve, bytes]:
    """How to serve it, and a page that anybody may ask for."""
    monkeypatch.setattr(connections, "CONNECTIONS_MAX", HELD_MAX)

    @asynccontextmanager
    async def gate() -> AsyncIterator[int]:
        async with running(application(a_gate(make_life(), tmp_path / "keys.json", Broker()))) as port:
            yield port

    @asynccontextmanager
    async def desk() -> AsyncIterator[int]:
        async with (
            opened(f"sqlite:///{tmp_path / 'desk.db'}") as database,
            running(create_app(an_office(database).desk)) as port,
        ):
            yield port

    @asynccontextmanager
    async def desk_metrics() -> AsyncIterator[int]:
        port = free_port()
        async with served(DeskMetrics(CollectorRegistry()), State(), LOOPBACK, port):
            yield port

    @asynccontextmanager
    async def pages(app: WorkerApp) -> AsyncIterator[int]:
        await app.web.start_server()
        yield app.conf.web_port
        await app.web.stop_server()

    def worker() -> AbstractAsyncContextManager[int]:
        return pages(WorkerApp(a_port(), Metrics(CollectorRegistry())))

    def deliver() -> AbstractAsyncContextManager[int]:
        endpoint = Endpoint("one", "")
        return pages(wire([DeliverApp(a_port(), endpoint)], SystemClock()))

    def a_port() -> Any:
        return load({"SAMEHAND_WEB_PORT": str(free_port())})

    known: dict[str, tuple[Serve, bytes]] = {
        "gate": (gate, b"/openapi.json"),
        "desk": (desk, b"/sign-in"),
        "desk-metrics": (desk_metrics, b"/health/live"),
        "worker": (worker, b"/metrics"),
        "deliver": (deliver, b"/metrics"),
    }
    return known[request.param]


def ask(path: bytes) -> bytes:
    return b"GET " + path + b" HTTP/1.1\r\nhost: door\r\n\r\n"


async def connect(port: int, said: bytes) -> socket.socket:
    """A raw connection that says so much and reads nothing."""
    loop = asyncio.get_running_loop()
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
    made.setblocking(False)
    with suppress(ConnectionError):  # ended already
        await loop.sock_connect(made, (LOOPBACK, port))
        await loop.sock_sendall(made, said)
    return made


async def answer_seconds(port: int, path: bytes) -> float:
    """How long an ordinary call takes, and that it is answered."""
    began = time.monotonic()
    async with asyncio.timeout(PATIENCE_SECONDS):
        reader, writer = await asyncio.open_connection(LOOPBACK, port)
        with closing(writer):
            writer.write(ask(path))
            assert (await reader.readline()).split()[1] == b"200"
    return time.monotonic() - began


SAID: Final[dict[str, Callable[[bytes], bytes]]] = {
    "silent": lambda path: b"",
    "half a request": lambda path: ask(path)[:-2],
    "half a body": lambda path: b"POST /v1/webhooks/x HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\nx",
    "pipelined, nothing read": lambda path: ask(path) * 8,
}


async def test_server_held_by_connections_answers_others(house: tuple[Serve, bytes]) -> None:
    serve, path = house
    async with serve() as port:
        for does, said in SAID.items():
            held = [await connect(port, said(path)) for _ in range(HELD_MAX + 8)]
            took = [await answer_seconds(port, path) for _ in range(3)]
            for one in held:
                one.close()
            assert max(took) < PATIENCE_SECONDS, does


@pytest.mark.parametrize(
    ("soft", "hard", "connections", "then"),
    [
        (1_024, 4_096, 1_000, 1_256),
        (1_024, 1_024, 768, 1_024),
        (4_096, 4_096, 1_000, 4_096),
        (100, 100, 1, 100),
    ],
)
def test_connections_leave_files_for_redis_and_kafka(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, connections: int, then: int
) -> None:
    limits = [(soft, hard)]
    monkeypatch.setattr(resource, "getrlimit", lambda which: limits[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda which, given: limits.append(given))
    assert bounded_by_files(1_000) == connections
    assert limits[-1][0] == then
