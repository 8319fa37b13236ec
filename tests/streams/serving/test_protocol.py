"""Whoever sends headers slowly, without end, or not at all holds no connection for long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
import uvicorn

from local.ports import LOOPBACK
from streams.serving.connections import SEND_BYTES
from streams.serving.protocol import (
    HEADER_BYTES_MAX,
    PIPELINED_MAX,
    REQUEST_BYTES_MAX,
    BoundedHttp,
    BoundedState,
)

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
        async with asyncio.timeout(10):
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
        async with asyncio.timeout(10):
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
    async with asyncio.timeout(10):
        heard = await reader.read()
    assert heard.count(b"HTTP/1.1 200") == 1 + PIPELINED_MAX
    assert heard.endswith(b"ok")
    writer.close()
