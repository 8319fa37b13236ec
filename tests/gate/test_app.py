"""The gate's addresses: what each call leaves behind, and what is no address of its."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from litestar import Request

from gate.app import Bodies, TooMuch
from store.errors import StoreUnavailable
from store.memory.store import MemoryStore
from streams.telemetry import logs
from tests.gate.conftest import Caller
from tests.makers import a_ban, a_sign_up

DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"
PERSONAL: dict[str, Any] = {
    "email": "umar.q@valley.example",
    "phone": "+923012345678",
    "ip": "39.40.12.7",
    "device_id": DEVICE,
    "display_name": "Umar Quraishi",
}
MIRROR = a_sign_up("99", handle="um4r_media_2", **PERSONAL)


@pytest.fixture
async def banned(caller: Caller) -> Caller:
    """A gate to a house in which one account is banned, and its mirror alerted."""
    await caller.life.ban(a_ban("77", handle="umar_media", **PERSONAL))
    await caller.life.tell(caller.life.screen, MIRROR)
    return caller


async def test_an_alert_that_stands_is_told_by_its_id(banned: Caller) -> None:
    (alert,) = banned.life.alerts
    answer = await banned.get(f"/v1/alerts/{alert.alert_id}", "alerts")
    assert answer.status_code == 200
    assert (answer.json()["account_id"], answer.json()["status"]) == ("99", "open")
    assert answer.headers["Cache-Control"] == "no-store"


async def test_an_alert_that_is_not_known_is_not_found(banned: Caller) -> None:
    answer = await banned.get("/v1/alerts/unheard-of", "alerts")
    assert (answer.status_code, answer.json()["reason"]) == (404, "unknown-alert")


async def test_a_store_that_is_away_tells_no_alert(banned: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*_: object, **__: object) -> None:
        raise StoreUnavailable("Redis cannot be reached")

    monkeypatch.setattr(MemoryStore, "pairs", away)
    answer = await banned.get("/v1/alerts/1", "alerts")
    assert (answer.status_code, answer.json()["reason"], answer.headers["Retry-After"]) == (
        503,
        "store-away",
        "5",
    )


async def test_each_call_leaves_one_line_and_no_personal_value(banned: Caller) -> None:
    lines = io.StringIO()
    logs.configure("debug", lines)
    await banned.post("/v1/score", MIRROR, "score", "alerts")
    await banned.post("/v1/events/created", MIRROR, "events")
    await banned.post("/v1/score", b'{"account": "umar.q@valley.example"}', "score")
    told = [json.loads(line) for line in lines.getvalue().splitlines()]
    calls = [it for it in told if it["event"] == "call"]
    assert [(it["route"], it["status"]) for it in calls] == [("score", 200), ("events", 202), ("score", 400)]
    assert [it["key"] for it in calls] == ["score-alerts-1000-s", "events-1000-s", "score-1000-s"]
    assert (calls[0]["outcome"], calls[0]["band"]) == ("match", "likely")
    shown = lines.getvalue() + banned.exposition()
    for value in (*PERSONAL.values(), "um4r_media_2", "umar_media", *banned.keys.values()):
        assert value not in shown


async def test_a_defect_is_told_without_what_it_failed_on(
    banned: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object, **__: object) -> None:
        raise ValueError("umar.q@valley.example")

    lines = io.StringIO()
    logs.configure("debug", lines)
    monkeypatch.setattr(type(banned.scoring.preview), "alert", fails)
    answer = await banned.get("/v1/alerts/1", "alerts")
    assert (answer.status_code, answer.json()["reason"]) == (500, "failed")
    assert "ValueError" in lines.getvalue()
    assert "valley" not in lines.getvalue() + answer.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/v1/score", 405),
        ("DELETE", "/v1/alerts/1", 405),
        ("GET", "/metrics", 404),
        ("GET", "/schema", 404),
        ("POST", "/v1/events/created/more", 404),
        ("GET", "/v1/alerts/%00", 401),
    ],
)
async def test_what_is_no_address_is_told_in_words_too(
    caller: Caller, method: str, path: str, status: int
) -> None:
    answer = await caller.client.request(method, path)
    assert answer.status_code == status
    assert answer.json()["reason"] in ("unknown-address", "method", "no-key")


async def test_a_body_that_never_ends_is_given_up(caller: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(_: object) -> bytes:
        raise TimeoutError

    monkeypatch.setattr(Request, "body", never)
    answer = await caller.post("/v1/score", b"{}", "score")
    assert (answer.status_code, answer.json()["reason"]) == (408, "slow-body")


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "br", "identity, gzip", "x"])
async def test_a_packed_body_is_refused_by_name_and_not_unpacked(caller: Caller, encoding: str) -> None:
    answer = await caller.post(
        "/v1/score", gzip.compress(b"0" * 10_000_000), "score", Content_Encoding=encoding
    )
    assert (answer.status_code, answer.json()["reason"]) == (415, "encoded")
    plain = await caller.post("/v1/score", MIRROR, "score", Content_Encoding="identity")
    assert plain.status_code == 200


async def test_calls_are_counted_by_address_and_class(caller: Caller) -> None:
    await caller.score(MIRROR)
    await caller.client.get("/nowhere")
    assert caller.metric("samehand_gate_calls_total", route="score", status="2xx") == 1
    assert caller.metric("samehand_gate_calls_total", route="other", status="4xx") == 1
    assert caller.metric("samehand_gate_seconds_count", route="score") == 1


async def sent(*chunks: bytes) -> AsyncIterator[bytes]:
    """A body, as it comes in."""
    for chunk in chunks:
        yield chunk


async def test_a_body_counts_for_as_long_as_it_is_held() -> None:
    bodies = Bodies()
    async with bodies.whole(sent(b"ab", b"", b"c")) as raw:
        assert (raw, bodies.held_bytes) == (b"abc", 3)
    assert bodies.held_bytes == 0


async def test_what_is_too_much_together_is_refused_and_let_go() -> None:
    bodies = Bodies(held_bytes_max=16)
    async with AsyncExitStack() as held:
        for number in range(3):
            await held.enter_async_context(bodies.whole(sent(b"1234"), f"network-{number}"))
        await held.enter_async_context(bodies.whole(sent(b"12"), "network-3"))
        with pytest.raises(TooMuch):
            async with bodies.whole(sent(b"1", b"2", b"3"), "network-4"):
                pass
        assert bodies.held_bytes == 14
        async with bodies.whole(sent(b"12"), "network-4") as raw:
            assert raw == b"12"
    assert bodies.held_bytes == 0
    assert not bodies.of_networks


async def test_one_network_leaves_room_for_the_others() -> None:
    bodies = Bodies(held_bytes_max=16)
    async with bodies.whole(sent(b"123"), "slow"):
        with pytest.raises(TooMuch):
            async with bodies.whole(sent(b"12"), "slow"):
                pass
        async with bodies.whole(sent(b"1234"), "other") as raw:
            assert raw == b"1234"
    assert not bodies.of_networks


async def test_what_never_ends_is_let_go_when_nobody_waits_for_it_any_more() -> None:
    async def slow() -> AsyncIterator[bytes]:
        yield b"12345"
        await asyncio.Event().wait()

    bodies = Bodies()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01), bodies.whole(slow()):
            pass
    assert bodies.held_bytes == 0
