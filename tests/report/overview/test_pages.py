"""The overview's addresses: served for real, to real connections."""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from importlib.resources import files

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from report.overview import pages
from report.overview.history import LOOK_SECONDS
from report.overview.pages import VIEWERS_MAX, Overview, event
from streams.clock import SystemClock
from streams.telemetry.metrics import Metrics
from tests.report.overview.makers import settle, some_metrics

Client = TestClient[web.Request, web.Application]


@dataclass
class Room:
    """A served overview, and the word that stops it."""

    metrics: Metrics = field(default_factory=some_metrics)
    stopping: bool = False
    unready: str = ""

    def __post_init__(self) -> None:
        self.overview = Overview(
            self.metrics.registry, SystemClock(), lambda: self.stopping, lambda: self.unready
        )


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.fixture
async def client(room: Room) -> AsyncIterator[Client]:
    app = web.Application()
    room.overview.mount(app.router)
    async with TestClient(TestServer(app)) as opened:
        yield opened
        room.stopping = True


async def test_the_page_is_readable_without_any_script(room: Room, client: Client) -> None:
    settle(room.metrics, 1234)
    room.overview.look()
    answer = await client.get("/")
    assert answer.status == 200
    assert "1\u202f234 since the start" in await answer.text()


async def test_it_says_why_records_would_wait(room: Room, client: Client) -> None:
    room.unready = "store: Redis did not answer in time"
    room.metrics.ready.set(0)
    room.overview.look()
    assert "store: Redis did not answer in time" in await (await client.get("/")).text()


@pytest.mark.parametrize("path", ["/", "/overview/stream", "/static/htmx.min.js", "/static/overview.css"])
async def test_every_answer_forbids_all_but_our_own_files(client: Client, path: str) -> None:
    async with client.get(path) as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self';")
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_the_stream_sends_what_changes(room: Room, client: Client) -> None:
    async with client.get("/overview/stream") as answer:
        assert answer.content_type == "text/event-stream"
        for events in (7, 8):
            settle(room.metrics, events)
            room.overview.look()
            assert await answer.content.readline() == b"event: overview\n"
            while (line := await answer.content.readline()) != b"\n":
                assert line.startswith(b"data: ")
                if b"since the start" in line:
                    shown = line.decode()
            assert re.search(rf"\b{7 if events == 7 else 15} since the start", shown)


async def test_a_stop_ends_every_stream_at_once(room: Room, client: Client) -> None:
    async with client.get("/overview/stream") as answer:
        room.overview.look()
        await answer.content.readline()
        room.stopping = True
        async with asyncio.timeout(20.0):
            await answer.content.read()


async def test_who_goes_gives_up_its_place(
    room: Room, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "VIEWERS_MAX", 1)
    async with client.get("/overview/stream") as answer:
        room.overview.look()
        await answer.content.readline()
        answer.close()
    async with asyncio.timeout(60.0):
        while (await client.get("/overview/stream")).status == 503:
            room.overview.look()
            await asyncio.sleep(0.05)
    room.stopping = True


async def test_who_vanished_without_a_word_gives_it_up_in_time(
    room: Room, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing tells the server: what it sends lies in buffers. Who is still there comes back by itself."""
    monkeypatch.setattr(pages, "STREAM_SECONDS", 0.5)
    async with client.get("/overview/stream") as answer:
        room.overview.look()
        async with asyncio.timeout(60.0):
            assert (await answer.content.read()).startswith(b"event: overview\n")


async def test_one_viewer_too_many_is_told_to_come_later(
    room: Room, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "VIEWERS_MAX", 2)
    assert VIEWERS_MAX > 2
    async with client.get("/overview/stream"), client.get("/overview/stream"):
        refused = await client.get("/overview/stream")
        assert refused.status == 503
        assert refused.headers["Retry-After"] == "30"
    room.stopping = True


async def test_looks_go_on_until_the_process_stops(room: Room) -> None:
    watching = asyncio.create_task(room.overview.watch())
    await asyncio.sleep(0)
    room.stopping = True
    async with asyncio.timeout(LOOK_SECONDS + 60.0):
        await watching


def test_each_line_of_an_event_is_marked() -> None:
    assert event("overview", "<p>\n</p>") == b"event: overview\ndata: <p>\ndata: </p>\n\n"


def test_files_of_others_are_unchanged() -> None:
    report = files("report")
    listed = re.findall(
        r"^\| `([\w.-]+)` .* `([0-9a-f]{64})` \|$", report.joinpath("vendored.md").read_text(), re.MULTILINE
    )
    assert len(listed) == 2
    for name, digest in listed:
        assert hashlib.sha256(report.joinpath("static", name).read_bytes()).hexdigest() == digest, name
