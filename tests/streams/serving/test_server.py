"""A stranger with connections alone keeps nobody out, whichever server it is and whatever it does on them."""

from __future__ import annotations

import asyncio
import resource
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing, suppress
from typing import Any, Final

import pytest
from prometheus_client import CollectorRegistry

from deliver.endpoints import Endpoint
from deliver.process import DeliverApp, wire
from desk.database.engine import opened
from desk.server import CONNECTIONS_MAX as DESK_CONNECTIONS
from desk.telemetry import DeskMetrics, State, served
from desk.web.app import create_app
from gate.app import application
from gate.process import CONNECTIONS_MAX as GATE_CONNECTIONS
from local.ports import LOOPBACK
from streams.clock import SystemClock
from streams.faust_app.app import WorkerApp
from streams.serving.connections import CONNECTIONS_MAX as PAGES_CONNECTIONS
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

FILES: Final = 4_096

Serve = Callable[[], AbstractAsyncContextManager[int]]


@pytest.fixture(autouse=True)
def _files() -> Iterator[None]:
    """Both ends of each connection are this process's."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < FILES:
        pytest.skip(f"needs {FILES} open files")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, FILES), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@asynccontextmanager
async def running(app: Any, connections_max: int) -> AsyncIterator[int]:
    """The port of a server of ours, as gates and desks have one."""
    settings = load({"SAMEHAND_STOP_SECONDS": "1"})
    server = HttpServer(app, settings, connections_max=connections_max, host=LOOPBACK, port=free_port())
    serving = asyncio.ensure_future(server.serve())
    while not server.started:  # noqa: ASYNC110  # uvicorn tells nobody
        await asyncio.sleep(0.01)
    yield server.config.port
    server.should_exit = True
    await serving


@pytest.fixture(params=["gate", "desk", "desk-metrics", "worker", "deliver"])
def house(request: pytest.FixtureRequest, tmp_path: Any, make_life: MakeLife) -> tuple[Serve, int, bytes]:
    """How to serve it, its bound on connections, and a page that anybody may ask for."""

    @asynccontextmanager
    async def gate() -> AsyncIterator[int]:
        async with running(
            application(a_gate(make_life(), tmp_path / "keys.json", Broker())), GATE_CONNECTIONS
        ) as port:
            yield port

    @asynccontextmanager
    async def desk() -> AsyncIterator[int]:
        async with (
            opened(f"sqlite:///{tmp_path / 'desk.db'}") as database,
            running(create_app(an_office(database).desk), DESK_CONNECTIONS) as port,
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

    known: dict[str, tuple[Serve, int, bytes]] = {
        "gate": (gate, GATE_CONNECTIONS, b"/openapi.json"),
        "desk": (desk, DESK_CONNECTIONS, b"/sign-in"),
        "desk-metrics": (desk_metrics, PAGES_CONNECTIONS, b"/health/live"),
        "worker": (worker, PAGES_CONNECTIONS, b"/metrics"),
        "deliver": (deliver, PAGES_CONNECTIONS, b"/metrics"),
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


@pytest.mark.parametrize("does", SAID)
async def test_server_held_by_connections_answers_others(house: tuple[Serve, int, bytes], does: str) -> None:
    serve, connections_max, path = house
    async with serve() as port:
        await answer_seconds(port, path)
        held = [await connect(port, SAID[does](path)) for _ in range(connections_max + 8)]
        took = [await answer_seconds(port, path) for _ in range(5)]
        for one in held:
            one.close()
    assert max(took) < PATIENCE_SECONDS


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
