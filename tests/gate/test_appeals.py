"""Appeals through the gate: accepted once the desk has stored them, refused with its reason, else to be sent
again; their words stand in no line and no figure."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace as with_desk
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web

from gate.app import application
from gate.appeals import DeskRelay
from schemas.appeals import WORDS_CHARS_MAX, AppealMade
from schemas.wire import decode_appeal
from streams.outbound.session import ANYWHERE, Peer
from streams.standard_webhooks import Secret
from streams.telemetry import logs
from tests.gate.conftest import Broker, Caller, MakeLife, a_gate

WORDS = "میں وہ نہیں ہوں \u202e <b>write to me@valley.example</b>"
MADE = AppealMade(appeal_id="c-1 نمبر", alert_id="alert-1", words=WORDS)
KEY = Secret(b"s" * 32)
COOP = {
    "appealId": "c-1 نمبر",
    "appealedBy": {"id": "9907", "typeId": "user"},
    "appealedAt": "2026-03-01T12:00:00.000Z",
    "actionedItem": {"id": "alert-1", "typeId": "samehand-alert", "data": {"band": "likely"}},
    "actionsTaken": ["ban"],
    "appealReason": WORDS,
}

Answers = Callable[[], Awaitable[web.Response]]


class ADesk:
    """A desk that believes what is signed, and answers as a test says."""

    def __init__(self) -> None:
        self.taken: list[AppealMade] = []
        self.answers: Answers = self.stored

    async def stored(self) -> web.Response:
        made = self.taken[-1]
        body = {"appeal_id": made.appeal_id, "alert_id": made.alert_id, "a_later_field": 1}
        return web.json_response(body, status=202)

    async def answer(self, request: web.Request) -> web.Response:
        raw = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        if KEY.fault(headers, raw, now=1_000_000.0):
            return web.json_response({"code": "signature", "message": "no"}, status=401)
        read: Any = decode_appeal(raw, now=1_000_000.0)
        self.taken.append(read.record)
        return await self.answers()


@pytest.fixture
async def desk() -> AsyncIterator[tuple[ADesk, str]]:
    made, app = ADesk(), web.Application()
    app.router.add_post("/api/v1/appeals", made.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)  # nobody waits for the slow one
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    yield made, f"http://{host}:{port}"
    await runner.cleanup()


@pytest.fixture
async def caller(
    make_life: MakeLife, tmp_path: Path, desk: tuple[ADesk, str]
) -> AsyncIterator[tuple[Caller, DeskRelay]]:
    life, broker, keys_file = make_life(), Broker(), tmp_path / "keys.json"
    peer = Peer(ANYWHERE, ca_file=None, timeout_seconds=30.0, connections_max=1)
    relay = DeskRelay(desk[1], KEY, peer, lambda: 1_000_000.0)
    gate = with_desk(a_gate(life, keys_file, broker), desk=relay)
    served: Any = application(gate)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=served), base_url="http://gate") as client:
        yield Caller(client, life, broker, gate.scoring, gate.metrics, keys_file), relay
    await relay.peer.close()


async def test_an_appeal_is_accepted_once_the_desk_has_it_in_either_form(
    caller: tuple[Caller, DeskRelay], desk: tuple[ADesk, str]
) -> None:
    lines = io.StringIO()
    logs.configure("debug", lines)
    for path, body in (
        ("/v1/appeals", MADE),
        ("/v1/appeals?preset=coop", json.dumps(COOP).encode()),
    ):
        answer = await caller[0].post(path, body, "appeals")
        assert (answer.status_code, answer.json()) == (
            202,
            {"appeal_id": MADE.appeal_id, "alert_id": "alert-1"},
        )
    assert desk[0].taken == [MADE, MADE]
    assert caller[0].broker.taken == []
    shown = lines.getvalue() + caller[0].exposition()
    assert '"route": "appeals"' in shown or '"route":"appeals"' in shown
    assert "valley" not in shown


@pytest.mark.parametrize(
    ("body", "path", "reason"),
    [
        (b"", "$", "empty"),
        (b'{"appeal_id": "c-1"}', "$.alert_id", "contradiction"),
        (b'{"appeal_id": "c-1", "platform": "x"}', "$.account_id", "contradiction"),
        (b'{"appeal_id": "c\\n1", "alert_id": "a"}', "$.appeal_id", "bad-format"),
        (b'{"appeal_id": "c-1", "alert_id": "a", "words": 7}', "$.words", "wrong-type"),
        (
            json.dumps({"appeal_id": "c-1", "alert_id": "a", "words": "a" * (WORDS_CHARS_MAX + 1)}).encode(),
            "$.words",
            "too-long",
        ),
        (b'{"appeal_id": "c-1", "alert_id": "a", "words": "\\ud800"}', "$", "lone-surrogate"),
    ],
)
async def test_what_is_no_appeal_is_refused_with_its_place_and_not_relayed(
    caller: tuple[Caller, DeskRelay], desk: tuple[ADesk, str], body: bytes, path: str, reason: str
) -> None:
    answer = await caller[0].post("/v1/appeals", body, "appeals")
    assert (answer.status_code, answer.json()["path"], answer.json()["reason"]) == (400, path, reason)
    assert desk[0].taken == []


async def test_a_key_needs_the_right_and_a_preset_is_known(caller: tuple[Caller, DeskRelay]) -> None:
    assert (await caller[0].post("/v1/appeals", MADE, "verdicts")).status_code == 403
    assert (await caller[0].post("/v1/appeals?preset=other", MADE, "appeals")).status_code == 400


@pytest.mark.parametrize(("status", "code"), [(404, "unknown-alert"), (409, "other-body")])
async def test_a_refusal_of_the_desk_is_the_callers_answer(
    caller: tuple[Caller, DeskRelay], desk: tuple[ADesk, str], status: int, code: str
) -> None:
    async def refuses() -> web.Response:
        return web.json_response({"code": code, "message": "why"}, status=status)

    desk[0].answers = refuses
    answer = await caller[0].post("/v1/appeals", MADE, "appeals")
    assert (answer.status_code, answer.json()["reason"]) == (status, code)
    assert caller[1].fault == ""


async def full() -> web.Response:
    return web.json_response({"code": "unavailable", "message": "no"}, status=503)


async def another() -> web.Response:
    return web.Response(text="<html>", status=404)


async def moved() -> web.Response:
    raise web.HTTPFound("http://127.0.0.1:9/")


async def endless() -> web.Response:
    return web.Response(body=b"x" * 100_000, status=202)


async def slow() -> web.Response:
    await asyncio.sleep(60)
    return web.Response()


@pytest.mark.parametrize("answers", [full, another, moved, endless, slow])
async def test_without_the_desks_word_it_is_to_be_sent_again(
    caller: tuple[Caller, DeskRelay],
    desk: tuple[ADesk, str],
    answers: Answers,
) -> None:
    caller[1].peer = Peer(ANYWHERE, ca_file=None, timeout_seconds=0.5, connections_max=1)
    desk[0].answers = answers
    answer = await caller[0].post("/v1/appeals", MADE, "appeals")
    assert (answer.status_code, answer.json()["reason"], answer.headers["Retry-After"]) == (
        503,
        "desk-away",
        "5",
    )
    assert caller[1].fault


async def test_a_desk_that_does_not_believe_the_gate_is_away(
    caller: tuple[Caller, DeskRelay], desk: tuple[ADesk, str]
) -> None:
    caller[1].key = Secret(b"other" * 8)
    assert (await caller[0].post("/v1/appeals", MADE, "appeals")).status_code == 503
    assert (desk[0].taken, caller[1].fault) == ([], "answered 401 (signature)")


async def test_a_gate_that_names_no_desk_takes_none(make_caller: Callable[[], Awaitable[Caller]]) -> None:
    answer = await (await make_caller()).post("/v1/appeals", MADE, "appeals")
    assert (answer.status_code, answer.json()["reason"]) == (404, "no-desk")
