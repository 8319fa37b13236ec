"""One request, on a real connection: what is sent, what an answer means, and where nothing is sent to."""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from aiohttp.resolver import ThreadedResolver

from deliver.endpoints import Endpoint, Shape
from deliver.http import ANSWER_BYTES_MAX, Answer, Away, Client, Delivered, Gone, Refused, meaning
from deliver.shapes import body_of
from schemas.examples import ALERT
from tests.certificates import make_certificates
from tests.deliver.receiver import SECRET, Receiver, receiving
from tests.deliver.receiver import Answer as Said
from tests.tables import for_each

LOOPBACK = (ip_network("127.0.0.0/8"),)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


def endpoint(url: str, shape: Shape = "generic", **more: Any) -> Endpoint:
    usual: dict[str, Any] = {"secret": SECRET, "allowed": LOOPBACK, "timeout_seconds": 5.0}
    return Endpoint("a", url, shape, **(usual | more))


async def sent(to: Endpoint, times: int = 1) -> Answer:
    client = Client(to, time.time)
    try:
        for _ in range(times):
            answer = await client.send(ALERT)
    finally:
        await client.close()
    return answer


async def test_what_arrives_is_signed_and_named(receiver: Receiver) -> None:
    assert await sent(endpoint(receiver.url)) == Delivered()
    [request] = receiver.requests
    assert request.body == body_of(ALERT, endpoint(""))
    assert request.message_id == f"{ALERT.alert_id}.{ALERT.revision}"
    assert SECRET.fault(request.headers, request.body, now=time.time()) == ""
    assert (request.path, request.headers["content-type"]) == ("/hooks", "application/json")


async def test_coop_gets_its_key_and_chat_needs_no_secret(receiver: Receiver) -> None:
    await sent(endpoint(receiver.url, "coop", secret=None, key="k-1", item_type="t"))
    await sent(endpoint(receiver.url, "slack", secret=None))
    coop, chat = receiver.requests
    assert coop.headers["x-api-key"] == "k-1"
    assert "x-api-key" not in chat.headers
    assert "webhook-signature" not in chat.headers


@for_each(
    ("status", "means"),
    [
        (200, Delivered()),
        (202, Delivered()),
        (204, Delivered()),
        (301, Away("answered 301")),
        (302, Away("answered 302")),
        (400, Refused(400)),
        (401, Refused(401)),
        (404, Refused(404)),
        (408, Away("answered 408")),
        (410, Gone()),
        (413, Refused(413)),
        (425, Away("answered 425")),
        (429, Away("answered 429")),
        (500, Away("answered 500")),
        (503, Away("answered 503")),
        (599, Away("answered 599")),
    ],
)
def test_what_an_answer_means(status: int, means: Answer) -> None:
    assert meaning(status, "", 0.0) == means


@for_each(
    ("text", "seconds"),
    [
        ("120", 120.0),
        ("0", 0.0),
        ("999999999999999999999999", 3600.0),
        ("Thu, 01 Jan 1970 00:01:40 GMT", 90.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0),
        ("Fri, 01 Jan 2100 00:00:00 GMT", 3600.0),
        ("Fri, 99 Jan 9999 99:00:00 GMT", 0.0),
        ("Fri, 01 Jan 99999999999999999999 00:00:00 GMT", 0.0),
        ("Fri, 01 Jan 2100 00:00:00 +99999999999999999999", 0.0),
        ("-5", 0.0),
        ("soon", 0.0),
        ("١٢", 0.0),
        ("1e9", 0.0),
        ("", 0.0),
        ("," * 10_000, 0.0),
    ],
)
def test_how_long_to_wait_is_believed_up_to_an_hour(text: str, seconds: float) -> None:
    assert meaning(503, text, 10.0) == Away("answered 503", seconds)


async def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.answer = lambda request: Said(307, {"Location": receiver.url + "/elsewhere"})
    assert await sent(endpoint(receiver.url)) == Away("answered 307")
    assert len(receiver.requests) == 1


async def test_of_an_answer_a_bounded_part_is_read(receiver: Receiver) -> None:
    receiver.answer = lambda request: Said(200, body=b"x" * (ANSWER_BYTES_MAX * 40))
    assert await sent(endpoint(receiver.url), times=3) == Delivered()
    assert len(receiver.requests) == 3


async def test_a_slow_answer_is_an_outage(receiver: Receiver) -> None:
    receiver.answer = lambda request: Said(200, wait_seconds=1.0)
    assert await sent(endpoint(receiver.url, timeout_seconds=0.1)) == Away("TimeoutError")


async def test_an_endpoint_that_does_not_listen_is_away() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/hidden"
        answer = await sent(endpoint(url))
    assert isinstance(answer, Away)
    assert "hidden" not in answer.why


@pytest.fixture
async def babble() -> AsyncIterator[str]:
    """A server that speaks something else than HTTP."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    server.close()


async def test_who_speaks_no_http_is_away(babble: str) -> None:
    assert isinstance(await sent(endpoint(babble)), Away)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_nothing_is_sent_to_an_address_that_is_not_public(receiver: Receiver, host: str) -> None:
    answer = await sent(endpoint(f"http://{host}:{receiver.port}/", allowed=()))
    assert isinstance(answer, Away)
    assert "not public" in answer.why
    assert receiver.requests == []


async def test_a_name_that_stands_for_several_addresses_is_reached_at_one_that_is_allowed(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And is asked for once: what was checked is what is connected to."""
    asked: list[str] = []

    async def resolve(self: object, host: str, port: int = 0, family: int = 0) -> list[dict[str, object]]:
        asked.append(host)
        return [
            {"hostname": host, "host": it, "port": port, "family": socket.AF_INET, "proto": 0, "flags": 0}
            for it in ("169.254.169.254", "127.0.0.1")
        ]

    monkeypatch.setattr(ThreadedResolver, "resolve", resolve)
    assert await sent(endpoint(f"http://hooks.example.org:{receiver.port}/")) == Delivered()
    assert asked == ["hooks.example.org"]
    assert receiver.requests[0].headers["host"] == f"hooks.example.org:{receiver.port}"


async def test_a_name_that_nobody_knows_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(self: object, host: str, port: int = 0, family: int = 0) -> list[dict[str, object]]:
        raise OSError(-3, "Temporary failure in name resolution")

    monkeypatch.setattr(ThreadedResolver, "resolve", resolve)
    assert isinstance(await sent(endpoint("http://hooks.example.org/")), Away)


async def test_over_tls_the_receiver_shows_who_it_is(tmp_path: Path) -> None:
    made = make_certificates(tmp_path)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(made.of("server"), made.key_of("server"))
    with receiving(tls) as receiver:
        assert await sent(endpoint(receiver.url, ca_file=made.authority)) == Delivered()
        stranger = await sent(endpoint(receiver.url))
        assert isinstance(stranger, Away)
        assert "Certificate" in stranger.why
        other_name = receiver.url.replace("127.0.0.1", "localhost")  # which the certificate does not name
        assert isinstance(await sent(endpoint(other_name, ca_file=made.authority)), Away)
        assert len(receiver.requests) == 1


async def test_the_environment_names_no_proxy(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    assert await sent(endpoint(receiver.url)) == Delivered()
