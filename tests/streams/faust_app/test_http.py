"""The worker's pages: status codes that an orchestrator understands, and clients that cannot wear it out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web as aiohttp_web
from prometheus_client import CollectorRegistry

from streams.faust_app.app import WorkerApp
from streams.faust_app.http import ClosedWeb, answer, page_address
from streams.serving import connections
from streams.settings import load
from streams.telemetry.health import Report
from streams.telemetry.metrics import Metrics
from tests.streams.conftest import free_port
from tests.tables import for_each

PATIENCE_SECONDS = 20.0
ASK = b"GET /health/live HTTP/1.1\r\nHost: worker\r\n\r\n"

Client = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def port() -> AsyncIterator[int]:
    """Where a worker's server listens, for as long as the test runs."""
    settings = load({"SAMEHAND_WEB_PORT": str(free_port())})
    app = WorkerApp(settings, Metrics(CollectorRegistry()))
    await app.web.start_server()
    yield settings.web_port
    await app.web.stop_server()


@for_each(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:6066/"),
        ("0.0.0.0", "http://localhost:6066/"),
        ("::", "http://localhost:6066/"),
        ("fd00::7", "http://[fd00::7]:6066/"),
        ("worker-3", "http://worker-3:6066/"),
    ],
)
def test_the_address_is_one_that_a_browser_can_go_to(host: str, address: str) -> None:
    assert page_address(load({"SAMEHAND_WEB_HOST": host})) == address


@asynccontextmanager
async def connected(port: int, *said: bytes) -> AsyncIterator[Client]:
    """A client that has said that much."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for part in said:
        writer.write(part)
    await writer.drain()
    try:
        yield reader, writer
    finally:
        writer.close()


async def ended(client: Client) -> bytes:
    """What a client hears until the server ends its connection."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await client[0].read()
    except ConnectionResetError:
        return b""


async def answered(client: Client) -> bytes:
    """The first line of an answer, after which all of it is read."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        head = await client[0].readuntil(b"\r\n\r\n")
        length = next(line for line in head.split(b"\r\n") if line.lower().startswith(b"content-length"))
        await client[0].readexactly(int(length.partition(b":")[2]))
    return head.partition(b"\r\n")[0]


def test_healthy_is_200_and_a_fault_is_503_with_its_reason() -> None:
    assert answer(Report({})).status == 200
    response = answer(Report({"store": "emptied"}))
    assert response.status == 503
    assert json.loads(response.text or "") == {"healthy": False, "faults": {"store": "emptied"}}


def test_no_page_of_fausts_is_mounted() -> None:
    kinds = (
        ClosedWeb.default_blueprints,
        ClosedWeb.production_blueprints,
        ClosedWeb.debug_blueprints,
        ClosedWeb.optional_blueprints,
    )
    assert kinds == ([], [], [], [])


async def test_a_connection_is_kept_for_the_next_scrape(port: int) -> None:
    assert connections.KEEPALIVE_SECONDS > 60.0
    async with connected(port, ASK) as client:
        assert await answered(client) == b"HTTP/1.1 200 OK"
        client[1].write(ASK)
        assert await answered(client) == b"HTTP/1.1 200 OK"


class TestAClientThatKeepsTheServerWaiting:
    @pytest.fixture
    async def port(self, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
        """Of a server that waits a hundredth as long."""
        monkeypatch.setattr(connections, "KEEPALIVE_SECONDS", 0.75)
        settings = load({"SAMEHAND_WEB_PORT": str(free_port())})
        app = WorkerApp(settings, Metrics(CollectorRegistry()))
        await app.web.start_server()
        yield settings.web_port
        await app.web.stop_server()

    @pytest.mark.parametrize(
        "said",
        [
            pytest.param(b"", id="nothing"),
            pytest.param(ASK[:20], id="half a line"),
            pytest.param(ASK[:-2], id="half a request"),
        ],
    )
    async def test_is_cut_off(self, port: int, said: bytes) -> None:
        async with connected(port, said) as client:
            assert await ended(client) == b""

    async def test_is_cut_off_after_its_last_answer(self, port: int) -> None:
        async with connected(port, ASK) as client:
            assert await answered(client) == b"HTTP/1.1 200 OK"
            assert await ended(client) == b""

    async def test_gains_no_time_by_dripping(self, port: int) -> None:
        async with connected(port, ASK[:-2]) as (reader, writer):
            ending = asyncio.create_task(ended((reader, writer)))
            drops = 0
            while not ending.done() and drops < 400:
                writer.write(b"X-Drop: 1\r\n")
                drops += 1
                await asyncio.sleep(0.05)
            assert await ending == b""
            assert drops < 400

    async def test_is_answered_and_cut_off_where_its_body_never_comes(self, port: int) -> None:
        post = b"POST /metrics HTTP/1.1\r\nHost: worker\r\nContent-Length: 1000\r\n\r\nhalf of"
        async with connected(port, post) as client:
            assert (await ended(client)).startswith(b"HTTP/1.1 405")


class TestTooManyConnections:
    @pytest.fixture(autouse=True)
    def _few(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(connections, "CONNECTIONS_MAX", 4)

    async def test_the_oldest_silent_ones_make_room_for_a_probe(self, port: int) -> None:
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(12)]
        async with connected(port, ASK) as probe:
            assert await answered(probe) == b"HTTP/1.1 200 OK"
            async with asyncio.timeout(PATIENCE_SECONDS):
                for client in silent[:8]:
                    assert await ended(client) == b""
            assert [client[0].at_eof() for client in silent[9:]] == [False] * 3
        for _, writer in silent:
            writer.close()

    async def test_one_whose_answer_nobody_reads_makes_room(self, port: int) -> None:
        """Its answers fill every buffer, so that an ordinary close would wait for ever."""
        scrapes = b"GET /metrics HTTP/1.1\r\nHost: worker\r\n\r\n" * 5_000
        deaf = [await asyncio.open_connection("127.0.0.1", port) for _ in range(4)]
        for _, writer in deaf:
            writer.write(scrapes)
        await asyncio.sleep(0.5)
        for _ in range(8):
            async with connected(port, ASK) as probe:
                assert await answered(probe) == b"HTTP/1.1 200 OK"
        for _, writer in deaf:
            writer.transport.abort()

    async def test_none_that_is_being_answered_makes_room(self) -> None:
        settings = load({"SAMEHAND_WEB_PORT": str(free_port())})
        app = WorkerApp(settings, Metrics(CollectorRegistry()))
        asked, done = asyncio.Semaphore(0), asyncio.Event()

        async def slow(request: aiohttp_web.Request) -> aiohttp_web.Response:
            asked.release()
            await done.wait()
            return aiohttp_web.Response(text="at last")

        app.web.web_app.router.add_get("/slow", slow)
        await app.web.start_server()
        ask = b"GET /slow HTTP/1.1\r\nHost: worker\r\nConnection: close\r\n\r\n"
        asking = [await asyncio.open_connection("127.0.0.1", settings.web_port) for _ in range(4)]
        for _, writer in asking:
            writer.write(ask)
        for _ in asking:
            await asked.acquire()
        async with connected(settings.web_port, ASK) as refused:
            assert await ended(refused) == b""
        done.set()
        for client in asking:
            assert (await ended(client)).endswith(b"at last")
        await app.web.stop_server()
