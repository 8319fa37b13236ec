"""HTTP servers of ours: what they refuse, whom they answer, and how many."""

from __future__ import annotations

import asyncio
import resource
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing, suppress
from ipaddress import ip_network
from typing import Any, Final

import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from deliver.endpoints import Endpoint
from deliver.process import DeliverApp, wire
from desk.database.engine import opened
from desk.telemetry import DeskMetrics, State, served
from desk.web.app import create_app
from gate.app import application
from local.ports import LOOPBACK
from streams.clock import SystemClock
from streams.errors import SettingsError
from streams.faust_app.app import WorkerApp
from streams.serving import connections
from streams.serving.connections import SEND_BYTES
from streams.serving.forwarded import HOPS_MAX, Forwarded, Header, client_of, network_of
from streams.serving.protocol import (
    HEADER_BYTES_MAX,
    PIPELINED_MAX,
    REQUEST_BYTES_MAX,
    BoundedHttp,
    BoundedState,
)
from streams.serving.server import HttpServer, bounded_by_files
from streams.serving.token_bucket import TokenBucket
from streams.settings import load
from streams.telemetry.metrics import Metrics
from tests.agents.conftest import MakeLife, life, make_life
from tests.desk.people import an_office
from tests.gate.conftest import Broker, a_gate
from tests.patience import patient
from tests.streams.conftest import free_port
from tests.tables import for_each

# A token bucket through bursts, waits and a clock that is set back.


def test_burst_is_taken_at_once_and_then_one_after_each_wait() -> None:
    bucket = TokenBucket(2.0, 100.0)
    assert [bucket.take(4.0, 2.0, 100.0) for _ in range(3)] == [0.0, 0.0, 0.25]
    assert bucket.take(4.0, 2.0, 100.25) == 0.0
    assert bucket.take(4.0, 2.0, 100.25) == 0.25


def test_silence_fills_a_bucket_to_its_burst_alone() -> None:
    bucket = TokenBucket(0.0, 0.0)
    assert [bucket.take(1.0, 2.0, 1_000.0) for _ in range(3)] == [0.0, 0.0, 1.0]


def test_clock_set_back_neither_refills_nor_takes() -> None:
    bucket = TokenBucket(1.0, 100.0)
    assert bucket.take(1.0, 1.0, 50.0) == 0.0
    assert bucket.take(1.0, 1.0, 50.5) == 0.5


# Whose address counts behind proxies: what our own added, whatever anybody else wrote before it.


PROXY, SECOND_PROXY, CLIENT, LIE = "10.0.0.1", "10.0.0.2", "203.0.113.9", "198.51.100.7"
OURS = (ip_network("10.0.0.0/24"), ip_network("fd00::/64"))


def seen(*lines: str, peer: str = PROXY, header: Header = "x-forwarded-for") -> str:
    return client_of(peer, lines, OURS, header)


@for_each(
    ("lines", "client"),
    [
        pytest.param([CLIENT], CLIENT, id="one proxy"),
        pytest.param([f"{CLIENT}, {SECOND_PROXY}"], CLIENT, id="two proxies"),
        pytest.param([CLIENT, SECOND_PROXY], CLIENT, id="two lines"),
        pytest.param([f"{CLIENT}:4711"], CLIENT, id="a port"),
        pytest.param([f"::ffff:{CLIENT}"], CLIENT, id="IPv4 as IPv6"),
        pytest.param(["[2001:db8::9]:4711"], "2001:db8::9", id="IPv6 with a port"),
        pytest.param([f"{LIE}, {CLIENT}"], CLIENT, id="a hop made up"),
        pytest.param([LIE, CLIENT], CLIENT, id="a line made up"),
        pytest.param([f"{SECOND_PROXY}, {CLIENT}"], CLIENT, id="a proxy of ours made up"),
        pytest.param([f"{LIE}, unknown, {SECOND_PROXY}"], SECOND_PROXY, id="a hop that nobody can read"),
        pytest.param([f"{LIE},"], PROXY, id="an empty hop"),
        pytest.param([], PROXY, id="nothing said"),
        pytest.param([f"{SECOND_PROXY}, {SECOND_PROXY}"], SECOND_PROXY, id="only proxies"),
    ],
)
def test_x_forwarded_for_is_read_from_its_end(lines: list[str], client: str) -> None:
    assert seen(*lines) == client


def test_headers_of_who_is_no_proxy_of_ours_are_ignored() -> None:
    assert seen(LIE, peer=CLIENT) == CLIENT
    assert seen(f"for={LIE}", peer=CLIENT, header="forwarded") == CLIENT


@for_each(
    ("lines", "client"),
    [
        pytest.param([f"for={CLIENT}"], CLIENT, id="one proxy"),
        pytest.param([f'For="{CLIENT}:80";proto=https;by={PROXY}'], CLIENT, id="all that is said"),
        pytest.param(['for="[2001:db8::9]:4711"'], "2001:db8::9", id="IPv6"),
        pytest.param([f"for={LIE}, for={CLIENT}, for={SECOND_PROXY}"], CLIENT, id="two proxies and a lie"),
        pytest.param([f'for={CLIENT};host="a,for={LIE};x=\\""'], CLIENT, id="a host that is made up"),
        pytest.param([f'for="{LIE}, for={CLIENT}'], PROXY, id="a quote that is left open"),
        pytest.param([f'for={LIE};x=", for="{CLIENT}"'], PROXY, id="a quote that takes the next one's"),
        pytest.param([f"for={LIE};for={CLIENT}"], PROXY, id="said twice"),
        pytest.param(["for=unknown"], PROXY, id="unknown"),
        pytest.param(["for=_hidden, for=10.0.0.2"], SECOND_PROXY, id="hidden"),
        pytest.param([f'for="{LIE}', f"for={CLIENT}"], CLIENT, id="a broken line before ours"),
    ],
)
def test_forwarded_is_read_from_its_end(lines: list[str], client: str) -> None:
    assert seen(*lines, header="forwarded") == client


@given(st.lists(st.text(st.characters(max_codepoint=255), max_size=40), max_size=4))
def test_nothing_that_a_caller_writes_before_it_moves_what_our_proxy_saw(made_up: list[str]) -> None:
    assert seen(*made_up, CLIENT) == CLIENT
    assert seen(",".join([*made_up, CLIENT])) == CLIENT
    assert seen(*made_up, f"for={CLIENT}", header="forwarded") == CLIENT
    joined = seen(", ".join([*made_up, f"for={CLIENT}"]), header="forwarded")
    assert joined in (CLIENT, PROXY), "what breaks the line is nobody's, and no other's address"


def test_a_chain_of_proxies_has_an_end() -> None:
    assert seen(", ".join([CLIENT, *[SECOND_PROXY] * (HOPS_MAX + 1)])) == SECOND_PROXY


@for_each(
    ("address", "network"),
    [
        (CLIENT, CLIENT),
        ("2001:db8::1:2:3:4", "2001:db8::/64"),
        ("2001:db8::ffff:0:0:1", "2001:db8::/64"),
        (f"::ffff:{CLIENT}", CLIENT),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "testclient"),
        ("", ""),
    ],
)
def test_whoever_has_a_line_is_one_caller(address: str, network: str) -> None:
    assert network_of(address) == network


@for_each(("peer", "client"), [(PROXY, (CLIENT, 0)), (LIE, (LIE, 0)), ("10.0.1.1", ("10.0.1.1", 0))])
async def test_application_is_told_the_client(peer: str, client: tuple[str, int]) -> None:
    told: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        told.append(scope["client"])

    header = (b"x-forwarded-for", CLIENT.encode())
    other = (b"forwarded", f"for={LIE}".encode())
    scope = {"type": "http", "client": (peer, 4711), "headers": [other, header]}
    await Forwarded(app, OURS, "x-forwarded-for")(scope, None, None)
    assert told == [client]


def test_setting_takes_addresses_and_networks() -> None:
    assert load({"SAMEHAND_TRUSTED_PROXIES": "10.0.0.0/24, fd00::/64"}).trusted_proxies == OURS
    assert load({}).trusted_proxies == ()


@for_each("given", ["0.0.0.0/0", "::/0", "10.0.0.1/8", "proxy", "10.0.0.0/8;fd00::/8"])
def test_setting_takes_nothing_else(given: str) -> None:
    with pytest.raises(SettingsError, match="SAMEHAND_TRUSTED_PROXIES"):
        load({"SAMEHAND_TRUSTED_PROXIES": given})


async def test_proxy_that_nobody_named_is_told_of_once_and_not_believed() -> None:
    told: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        told.append(scope["client"])

    forwarded = Forwarded(app, (), "x-forwarded-for")
    scope = {"type": "http", "client": (PROXY, 4711), "headers": [(b"x-forwarded-for", CLIENT.encode())]}
    with capture_logs() as lines:
        for _ in range(3):
            await forwarded(scope, None, None)
    assert [client[0] for client in told] == [PROXY] * 3
    [line] = lines
    assert CLIENT not in str(line)
    assert PROXY not in str(line)


# Whoever sends headers slowly, without end, or not at all holds no connection for long.


REQUEST = b"GET / HTTP/1.1\r\nhost: gate\r\n\r\n"
SHORT_SECONDS = 0.2


class Hasty(BoundedHttp):
    """The same, for a test that waits for it."""

    header_seconds = SHORT_SECONDS


class Patient(BoundedHttp):
    """The same, for a test that must not be overtaken by time."""

    header_seconds = write_seconds = 60.0


class Unread(BoundedHttp):
    """The same, for a test of who does not read."""

    header_seconds = 60.0
    write_seconds = SHORT_SECONDS


HEADERS = b"host transfer-encoding"
LARGE_BYTES = 4 * SEND_BYTES
LARGE: list[Any] = []
ASK_LARGE = REQUEST.replace(b" / ", b" /large ")


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Answers each request at once, whatever of its body has come.

    Of `/later` nobody ever decides; `/after` answers the names of its headers once its body has come;
    `/large` is more than the kernel holds, and is counted.
    """
    body = b"ok"
    if scope["path"] == "/large":
        LARGE.append(scope)
        body = b"x" * LARGE_BYTES
    if scope["path"] == "/later":
        await asyncio.Event().wait()
    if scope["path"] == "/after":
        while (await receive()).get("more_body"):
            pass
        body = b" ".join(name for name, _ in scope["headers"])
    length = str(len(body)).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", length)]})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
async def serve() -> AsyncIterator[Any]:
    servers: list[asyncio.Server] = []

    async def started(kind: type[BoundedHttp]) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        config = uvicorn.Config(app, log_config=None, lifespan="off")
        config.load()
        state = BoundedState()
        server = await asyncio.get_running_loop().create_server(
            lambda: kind(config=config, server_state=state, app_state={}), LOOPBACK, 0
        )
        servers.append(server)
        return await asyncio.open_connection(LOOPBACK, server.sockets[0].getsockname()[1])

    yield started
    for server in servers:
        server.close()


async def answered(reader: asyncio.StreamReader) -> None:
    assert b"200" in await reader.readuntil(b"\r\n\r\n")
    assert await reader.readexactly(2) == b"ok"


async def test_who_says_nothing_is_hung_up_on(serve: Any) -> None:
    reader, writer = await serve(Hasty)
    assert await reader.read() == b""
    writer.close()


async def test_who_says_a_letter_at_a_time_is_hung_up_on(serve: Any) -> None:
    reader, writer = await serve(Hasty)
    ended = asyncio.ensure_future(reader.read())
    for letter in REQUEST[:-1] * 100:
        if ended.done():
            break
        writer.write(bytes([letter]))
        await asyncio.wait([ended], timeout=SHORT_SECONDS / 10)
    with suppress(ConnectionResetError):  # a letter may have met the closed connection
        assert await ended == b""
    writer.close()


async def test_a_second_request_is_waited_for_no_longer_than_the_first(serve: Any) -> None:
    reader, writer = await serve(Hasty)
    writer.write(REQUEST)
    await answered(reader)
    writer.write(REQUEST[:10])
    assert await reader.read() == b""
    writer.close()


@pytest.mark.parametrize("before", [b"", REQUEST])
async def test_request_whose_address_cannot_be_read_is_refused_and_no_fault(
    serve: Any, before: bytes
) -> None:
    """An address that only its end shows to be none: the headers have come by then."""
    faults: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, fault: faults.append(fault))
    reader, writer = await serve(Patient)
    writer.write(before)
    if before:
        await answered(reader)
    writer.write(b"CONNECT a:1 HTTP/1.1\r\nhost: gate\r\n\r\n")
    assert b"400" in await reader.read()
    assert faults == []
    writer.close()


async def test_headers_without_end_are_not_kept(serve: Any) -> None:
    reader, writer = await serve(Patient)
    writer.write(b"GET / HTTP/1.1\r\nx: " + b"x" * HEADER_BYTES_MAX)
    assert await reader.read() == b""
    writer.close()


async def test_headers_without_end_behind_an_unanswered_request_are_not_kept(serve: Any) -> None:
    reader, writer = await serve(Patient)
    writer.write(b"GET /later HTTP/1.1\r\nhost: gate\r\n\r\nGET / HTTP/1.1\r\nx: ")
    with suppress(ConnectionError):  # a piece may have met the closed connection
        for _ in range(20):
            writer.write(b"x" * HEADER_BYTES_MAX)
            await writer.drain()
        async with asyncio.timeout(patient(10)):
            assert await reader.read() == b""
    writer.close()


async def test_what_is_said_behind_a_body_is_no_header_and_has_an_end(serve: Any) -> None:
    reader, writer = await serve(Patient)
    writer.write(
        b"POST /after HTTP/1.1\r\nhost: gate\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n"
        b"authorization: Bearer other\r\n\r\n"
    )
    assert b"200" in await reader.readuntil(b"\r\n\r\n")
    assert await reader.readexactly(len(HEADERS)) == HEADERS
    writer.write(b"POST / HTTP/1.1\r\nhost: gate\r\ntransfer-encoding: chunked\r\n\r\n0\r\n")
    await answered(reader)
    with suppress(ConnectionError):
        for _ in range(2 * REQUEST_BYTES_MAX // (64 * 1024)):
            writer.write(b"x: %s\r\n" % (b"y" * (64 * 1024)))
            await writer.drain()
        async with asyncio.timeout(patient(10)):
            assert await reader.read() == b""
    writer.close()


async def test_a_large_request_with_a_part_of_the_next_one_in_its_last_piece_is_served(serve: Any) -> None:
    reader, writer = await serve(Patient)
    body = b"x" * (4 * HEADER_BYTES_MAX)
    head = b"POST / HTTP/1.1\r\nhost: gate\r\ncontent-length: %d\r\n\r\n" % len(body)
    for _ in range(3):
        writer.write(head + body + REQUEST[:10])
        await answered(reader)
        writer.write(REQUEST[10:])
        await answered(reader)
    writer.close()


async def test_requests_one_after_another_are_served_by_one_connection(serve: Any) -> None:
    reader, writer = await serve(Patient)
    for _ in range(3):
        writer.write(REQUEST)
        await answered(reader)
    writer.close()


async def test_who_is_answered_before_the_bodys_end_hears_it_and_may_go_on(serve: Any) -> None:
    reader, writer = await serve(Patient)
    body = b"x" * (4 * HEADER_BYTES_MAX)
    writer.write(b"POST / HTTP/1.1\r\nhost: gate\r\ncontent-length: %d\r\n\r\nx" % len(body))
    await answered(reader)
    writer.write(body[1:] + REQUEST)
    await answered(reader)
    writer.close()


async def test_a_body_that_nobody_waits_for_ends_the_connection(serve: Any) -> None:
    reader, writer = await serve(Hasty)
    writer.write(b"POST / HTTP/1.1\r\nhost: gate\r\ncontent-length: 1000000\r\n\r\nx")
    await answered(reader)
    assert await reader.read() == b""
    writer.close()


async def test_answer_that_nobody_reads_ends_its_connection_and_is_followed_by_no_other(serve: Any) -> None:
    LARGE.clear()
    reader, writer = await serve(Unread)
    writer.transport.pause_reading()
    writer.write(ASK_LARGE * 10)
    while not LARGE:  # noqa: ASYNC110  # the server appends to it
        await asyncio.sleep(0.01)
    assert len(LARGE) == 1
    await asyncio.sleep(SHORT_SECONDS)
    writer.transport.resume_reading()
    with suppress(ConnectionResetError):
        assert len(await reader.read()) < 2 * LARGE_BYTES
    assert len(LARGE) == 1
    writer.close()


async def test_answer_read_a_little_at_a_time_gains_no_time(serve: Any) -> None:
    reader, writer = await serve(Unread)
    writer.write(ASK_LARGE)
    writer.transport.pause_reading()
    read = 0
    with suppress(ConnectionResetError):
        for _ in range(100):
            writer.transport.resume_reading()
            piece = await reader.read(64)
            writer.transport.pause_reading()
            if not piece:
                break
            read += len(piece)
            await asyncio.sleep(SHORT_SECONDS / 10)
    assert read < LARGE_BYTES
    writer.close()


async def test_pipelined_requests_are_answered_in_turn_as_their_answers_are_read(serve: Any) -> None:
    LARGE.clear()
    reader, writer = await serve(Patient)
    writer.write(ASK_LARGE * 5 + REQUEST)
    for _ in range(5):
        assert b"200" in await reader.readuntil(b"\r\n\r\n")
        await reader.readexactly(LARGE_BYTES)
    await answered(reader)
    assert len(LARGE) == 5
    writer.close()


async def test_more_pipelined_requests_than_are_kept_end_the_connection_after_those(serve: Any) -> None:
    reader, writer = await serve(Patient)
    writer.write(REQUEST * 500)
    async with asyncio.timeout(patient(10)):
        heard = await reader.read()
    assert heard.count(b"HTTP/1.1 200") == 1 + PIPELINED_MAX
    assert heard.endswith(b"ok")
    writer.close()


# A stranger with connections alone keeps nobody out, whichever server it is and whatever it does on them.


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
    async with asyncio.timeout(patient(PATIENCE_SECONDS)):
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
