"""The gate itself: keys and rights, addresses, its document, its process."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import os
import socket
import stat
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request as UrlRequest
from urllib.request import urlopen

import httpx
import pytest
import schemathesis
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it ships no types
from litestar import Request
from prometheus_client import CollectorRegistry
from schemathesis import GenerationMode

from agents.common.distil import ban_of
from agents.common.queries.preview import Foreseen, Preview
from agents.runtime.store_factory import peppers_of, store_of
from gate import keys
from gate.app import Bodies, TooMuch, application
from gate.keys import (
    FILE_BYTES_MAX,
    KEYS_MAX,
    Key,
    Keyring,
    UnusableKeys,
    new_key,
    rate_of,
    read_keys,
    revoke_key,
)
from gate.metrics import GateMetrics
from gate.openapi import document
from gate.process import NOT_OPENED, warm_up, watching
from gate.rights import KINDS, May, covers, fault_of
from gate.scoring import Scoring
from local.ports import LOOPBACK, take_port
from local.processes import Child
from local.redis import EmbeddedRedis
from schemas.accounts import AccountCreated, AccountReinstated
from schemas.malformed import Malformed
from schemas.record import Record
from schemas.wire import Decoded, encode
from store.errors import StoreUnavailable
from store.memory.store import MemoryStore
from store.pepper.pepper import write_pepper_file
from streams.kafka import topics
from streams.kafka.client import reader
from streams.settings import load
from streams.telemetry import logs
from streams.telemetry.metrics import Metrics
from tests.gate.conftest import Broker, Caller, MakeLife, a_gate
from tests.made_up_calls import hold_to_its_document
from tests.makers import a_ban, a_sign_up
from tests.tables import for_each
from tests.ticks import Ticks

# Who may call: made and printed once, kept as a digest, revoked while the gate runs.


NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


def a_key(path: Path, name: str = "sign-up", *may: May, rate: float = 10.0) -> str:
    return new_key(path, name, frozenset(may or ("score",)), rate, NOW)


def test_the_file_holds_no_secret_and_is_its_owners_alone(path: Path) -> None:
    key = a_key(path)
    secret = key.split("_", 2)[2]
    assert secret not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [it.name for it in read_keys(path)] == ["sign-up"]
    assert secret not in repr(read_keys(path))


def test_the_rights_of_a_file_that_others_may_read_stay(path: Path) -> None:
    a_key(path)
    path.chmod(0o640)
    a_key(path, "another")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_name_is_given_once(path: Path) -> None:
    a_key(path)
    with pytest.raises(UnusableKeys, match="already"):
        a_key(path)


@pytest.mark.parametrize("name", ["", "a b", "x" * 65, "ünfug", "-", "a\n"])
def test_a_name_is_one_that_logs_may_show(path: Path, name: str) -> None:
    with pytest.raises(UnusableKeys, match="a name has"):
        a_key(path, name)
    assert not path.exists()


def test_of_two_made_at_once_neither_is_lost(path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: a_key(path, f"key-{n}"), range(40)))
    assert len(read_keys(path)) == 40


def test_there_is_an_end_to_keys(path: Path) -> None:
    a_key(path)
    (one,) = json.loads(path.read_text())["keys"]
    many = [{**one, "name": f"key-{n}", "id": f"{n:012x}"} for n in range(KEYS_MAX)]
    path.write_text(json.dumps({"version": 1, "keys": many}))
    with pytest.raises(UnusableKeys, match="revoke some"):
        a_key(path, "one-more")


@pytest.mark.parametrize(
    "raw",
    [b"{", b"[]", b"\xff", b"", b'{"version": 2}', b'{"version": 1, "keys": [{}]}', b"[" * 100_000],
    ids=lambda it: str(it)[:16],
)
def test_a_file_that_is_none_is_told_by_name(path: Path, raw: bytes) -> None:
    path.write_bytes(raw)
    with pytest.raises(UnusableKeys, match=path.name):
        read_keys(path)


def test_a_file_beyond_all_keys_is_not_read(path: Path) -> None:
    path.write_bytes(b" " * (FILE_BYTES_MAX + 1))
    with pytest.raises(UnusableKeys, match="KiB"):
        read_keys(path)


@for_each(("text", "rate"), [("200/s", 200.0), ("30/min", 0.5), ("1000000/s", 1e6)])
def test_rates_are_said_by_second_or_minute(text: str, rate: float) -> None:
    assert rate_of(text) == rate


@for_each("text", ["", "200", "0/s", "-1/s", "1/h", "1e3/s", "1/s\n", "9999999/s", "٣/s"])
def test_other_rates_are_none(text: str) -> None:
    with pytest.raises(ValueError, match="200/s"):
        rate_of(text)


def test_a_key_is_found_by_its_whole_text(path: Path) -> None:
    key = a_key(path)
    keyring = Keyring(path, Ticks())
    found = keyring.find(key)
    assert found is not None
    assert found.name == "sign-up"
    for other in (key[:-1], key + "x", key.upper(), "", "samehand_", key.replace("samehand", "another")):
        assert keyring.find(other) is None


def test_a_link_stays_one_and_who_reads_what_it_points_to_reads_on(path: Path, tmp_path: Path) -> None:
    a_key(path)
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "keys.json"
    link.symlink_to(path)
    a_key(link, "another")
    assert link.is_symlink()
    assert [it.name for it in read_keys(path)] == ["sign-up", "another"]
    assert revoke_key(link, "sign-up")
    assert [it.name for it in read_keys(path)] == ["another"]


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "folder"])
def test_what_is_no_file_holds_nobody(path: Path, make: Callable[[Path], None]) -> None:
    make(path)
    with pytest.raises(UnusableKeys, match=path.name):
        read_keys(path)


def test_a_key_that_was_revoked_while_the_file_could_not_be_read_is_none_once_it_can(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks, key = Ticks(), a_key(path)
    keyring = Keyring(path, ticks)
    revoke_key(path, "sign-up")

    def fails(path: Path) -> tuple[Key, ...]:
        raise UnusableKeys("keys.json: Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(keys, "read_keys", fails)
        ticks.now = 1.0
        assert keyring.find(key) is not None
        assert keyring.fault == "keys.json: Input/output error"
    ticks.now = 2.0
    assert keyring.find(key) is None
    assert keyring.fault == ""


def test_a_file_that_was_changed_without_a_trace_of_when_is_read_anew(path: Path) -> None:
    ticks, key = Ticks(), a_key(path)
    keyring = Keyring(path, ticks)
    before, text = path.stat(), path.read_text()
    path.write_text(text.replace("10.0", "90.0"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    ticks.now = 1.0
    found = keyring.find(key)
    assert found is not None
    assert found.rate == 90.0


def test_a_rate_that_nobody_can_say_is_none(path: Path) -> None:
    a_key(path)
    path.write_text(path.read_text().replace("10.0", "5e-324"))
    with pytest.raises(UnusableKeys):
        read_keys(path)


def test_a_file_that_has_gone_leaves_none(path: Path) -> None:
    ticks, key = Ticks(), a_key(path)
    keyring = Keyring(path, ticks)
    os.unlink(path)
    ticks.now = 1.0
    assert keyring.find(key) is None


@pytest.mark.parametrize("shown", ["", "Bearer", "Bearer x", "Basic eA==", "Bearer samehand_0_0"])
async def test_without_a_key_nothing_is_answered(caller: Caller, shown: str) -> None:
    answer = await caller.client.post("/v1/score", content=b"{}", headers={"Authorization": shown})
    assert (answer.status_code, answer.json()["reason"]) == (401, "no-key")
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert caller.metric("samehand_gate_refused_total", reason="no-key") == 1


@pytest.mark.parametrize(
    ("method", "path", "right"),
    [
        ("POST", "/v1/score", "score"),
        ("POST", "/v1/events/created", "events"),
        ("POST", "/v1/verdicts", "verdicts"),
        ("GET", "/v1/alerts/1", "alerts"),
    ],
)
async def test_each_address_has_its_right(caller: Caller, method: str, path: str, right: May) -> None:
    others = [it for it in ("score", "alerts", "events", "verdicts") if it != right]
    shown = {"Authorization": f"Bearer {caller.key(*others)}"}
    answer = await caller.client.request(method, path, headers=shown)
    assert (answer.status_code, answer.json()["reason"]) == (403, "not-allowed")


async def test_beyond_its_rate_a_key_is_told_to_come_back(caller: Caller) -> None:
    key = caller.key("score", rate="2/s")
    answers = [await caller.post("/v1/score", a_sign_up(handle="umar"), "score", key=key) for _ in range(3)]
    assert [it.status_code for it in answers] == [200, 200, 429]
    assert answers[-1].headers["Retry-After"] == "1"
    other = await caller.post("/v1/score", a_sign_up(handle="umar"), "score")
    assert other.status_code == 200, "each key has a rate of its own"


async def test_a_key_that_is_revoked_is_refused_while_the_gate_runs(caller: Caller) -> None:
    key = caller.key("score", rate="5/s")
    assert (await caller.post("/v1/score", a_sign_up(), key=key)).status_code == 200
    assert revoke_key(caller.keys_file, "score-5-s")
    caller.life.seconds += 2
    assert (await caller.post("/v1/score", a_sign_up(), key=key)).status_code == 401


# What a key may publish is what it was given, and no more: a leaked one costs that much.


def reinstated(platform: str = "app", account_id: str = "1") -> AccountReinstated:
    return AccountReinstated(
        version=1,
        event_id=f"lift-{account_id}",
        platform=platform,
        account_id=account_id,
        reinstated_at=NOW,
        occurred_at=NOW,
    )


@for_each(
    ("granted", "right", "platform", "may"),
    [
        ("events", "events:deleted", "app", True),
        ("events:created", "events:created", "app", True),
        ("events:created", "events:deleted", "app", False),
        ("events:created@app", "events:created", "app", True),
        ("events:created@app", "events:created", "web", False),
        ("events:created@app", "events:created", None, True),
        ("events:created@app", "events:deleted", None, False),
        ("verdicts", "events:created", "app", False),
        ("eventsx", "events:created", "app", False),
        ("appeals", "appeals", "app", True),
        ("appeals", "appeals", "", True),
        ("appeals@app", "appeals", "app", True),
        ("appeals@app", "appeals", None, True),
        ("appeals@app", "appeals", "web", False),
        ("appeals@app", "appeals", "", False),
        ("appeals@app", "events:created", "app", False),
        ("events", "appeals", "app", False),
        ("events:created@app", "appeals", "app", False),
    ],
)
def test_right_covers_its_kind_and_platform(
    granted: str, right: str, platform: str | None, may: bool
) -> None:
    assert covers({granted}, right, platform) is may


@for_each(
    "right",
    [
        *("score", "alerts", "verdicts", "appeals", "related", "events"),
        *(f"events:{it}@a.b-c_1" for it in KINDS),
        "appeals@a.b-c_1",
    ],
)
def test_right_of_this_release_can_be_given(right: str) -> None:
    assert fault_of(right) == ""


@for_each(
    "right",
    [
        "",
        "all",
        "events:",
        "events:x",
        "events@app",
        "events:created@",
        "events:created@A",
        "events:created@a:b",
        "events:created@" + "a" * 33,
        "score:x",
        "score@app",
        "events:created@a\n",
        "appeals@",
        "appeals@A",
        "appeals@a@b",
        "appeals:created",
        "appeals:created@app",
    ],
)
def test_other_right_cannot(right: str) -> None:
    assert fault_of(right)


def test_file_with_rights_of_a_later_release_is_read_and_one_with_nonsense_is_none(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    new_key(path, "later", frozenset({"score"}), 1.0, NOW)
    text = path.read_text()
    path.write_text(text.replace('"score"', '"related", "events:waved@app"'))
    (key,) = read_keys(path)
    assert not key.has("score")
    path.write_text(text.replace('"score"', '"events:created@app:x"'))
    with pytest.raises(UnusableKeys):
        read_keys(path)


async def test_sign_up_servers_key_reinstates_deletes_and_bans_nobody(caller: Caller) -> None:
    key = caller.key("events:created@app", "events:updated@app")
    for kind in ("reinstated", "deleted", "banned", "remembered"):
        answer = await caller.post(f"/v1/events/{kind}", b"[]", key=key)
        assert (answer.status_code, answer.json()["reason"]) == (403, "not-allowed")
    answer = await caller.post("/v1/events/no-kind", b"[]", key=key)
    assert (answer.status_code, answer.json()["reason"]) == (404, "unknown-kind")
    assert caller.broker.taken == []


async def test_record_of_another_platform_is_refused_and_costs_the_others_nothing(caller: Caller) -> None:
    key = caller.key("events:reinstated@app")
    answer = await caller.post("/v1/events/reinstated", [reinstated("app"), reinstated("web", "2")], key=key)
    assert answer.status_code == 202
    assert [it["accepted"] for it in answer.json()["records"]] == [True, False]
    assert answer.json()["records"][1]["reason"] == "not-allowed"
    assert answer.json()["records"][1]["path"] == "$.platform"
    alone = await caller.post("/v1/events/reinstated", reinstated("web"), key=key)
    assert (alone.status_code, alone.json()["reason"]) == (403, "not-allowed")
    assert [emit.key for emit in caller.broker.taken] == [b"app:1"]


async def test_rate_counts_records_and_a_call_holds_no_more_than_a_minute_of_it(caller: Caller) -> None:
    key = caller.key("events:reinstated", rate="60/min")
    many = [reinstated(account_id=str(number)) for number in range(61)]
    answer = await caller.post("/v1/events/reinstated", many, key=key)
    assert (answer.status_code, answer.json()["reason"]) == (413, "too-many")
    assert caller.broker.taken == []
    caller.life.seconds += 2
    assert (await caller.post("/v1/events/reinstated", many[:60], key=key)).status_code == 202
    again = await caller.post("/v1/events/reinstated", many[0], key=key)
    assert (again.status_code, int(again.headers["Retry-After"])) == (429, 60)
    caller.life.seconds += 60
    assert (await caller.post("/v1/events/reinstated", many[0], key=key)).status_code == 202


def test_calls_that_came_at_once_publish_a_minute_of_records_between_them(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    text = new_key(path, "many", frozenset({"events:created"}), 50.0, NOW)
    keyring = Keyring(path, lambda: 0.0)
    key = keyring.find(text)
    assert key is not None
    begun = sum(keyring.wait_seconds(key) == 0.0 for _ in range(100))
    published = sum(1_000 for _ in range(begun) if keyring.charge(key, 1_000) == 0.0)
    assert (begun, published) == (50, 1_000)


async def test_key_of_the_former_kind_works_on(caller: Caller) -> None:
    key = caller.key("events", rate="1/s")
    told = json.loads(caller.keys_file.read_text())
    for one in told["keys"]:
        del one["per"]
    caller.keys_file.write_text(json.dumps(told))
    caller.life.seconds += 2
    many = [reinstated(account_id=str(number)) for number in range(1_000)]
    for _ in range(3):
        assert (await caller.post("/v1/events/reinstated", many, key=key)).status_code == 202
        caller.life.seconds += 1
    recent = a_sign_up("9", at=datetime.fromtimestamp(caller.life.seconds, UTC) - timedelta(seconds=1))
    assert (await caller.post("/v1/events/created", recent, key=key)).status_code == 202


# The gate's addresses: what each call leaves behind, and what is no address of its.


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


# The document describes what the addresses answer, by the records themselves.


def described() -> dict[str, Any]:
    told: dict[str, Any] = json.loads(document())
    return told


def test_it_says_that_a_match_is_no_verdict() -> None:
    told = described()
    assert told["openapi"].startswith("3.1")
    assert "never refusal" in told["info"]["description"]
    assert "must still be published" in told["info"]["description"]


async def test_an_answer_is_what_it_says(caller: Caller) -> None:
    device = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"
    await caller.life.ban(a_ban("77", handle="umar_media", device_id=device))
    told = await caller.score(a_sign_up("99", handle="umar_media", device_id=device), "score", "alerts")
    assert told["alerts"]
    schema = {"$ref": "#/components/schemas/Score", "components": described()["components"]}
    Draft202012Validator(schema).validate(told)


# The gate's metrics are there from the start, so that a rate sees the step from 0 to 1.


def test_every_label_that_is_known_has_its_series() -> None:
    registry = CollectorRegistry()
    GateMetrics(registry, lambda: 7)
    for name, labels in (
        ("samehand_gate_outcomes_total", {"outcome": "undecided", "reason": "deadline"}),
        ("samehand_gate_outcomes_total", {"outcome": "match", "reason": ""}),
        ("samehand_gate_calls_total", {"route": "score", "status": "5xx"}),
        ("samehand_gate_refused_total", {"reason": "rate"}),
        ("samehand_gate_records_total", {"outcome": "accepted"}),
        ("samehand_gate_seconds_count", {"route": "alerts"}),
    ):
        assert registry.get_sample_value(name, labels) == 0
    assert registry.get_sample_value("samehand_gate_variations_total") == 7


# Whatever the document allows, and what it does not, is answered as it says: schemathesis makes up calls.

CALLS = 10
"""Of each address and mode: enough to meet every branch, within a minute in all."""


@pytest.fixture
def api(tmp_path: Path, make_life: MakeLife) -> Any:
    """What a gate says of itself, with a key that may do everything."""
    keys = tmp_path / "keys.json"
    key = new_key(keys, "all", frozenset({"score", "alerts", "events", "verdicts"}), 1e6, datetime.now(UTC))
    app: Any = application(a_gate(make_life(), keys, Broker()))
    schema: Any = schemathesis.openapi.from_asgi("/openapi.json", app)
    schema.config.update(headers={"Authorization": f"Bearer {key}"})
    return schema


@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_every_answer_is_what_the_document_says(api: Any, mode: GenerationMode) -> None:
    hold_to_its_document(api, mode, calls=CALLS)


# A gate as a process: on a real Redis and a real broker, without either, and told to stop.


WAIT_SECONDS_MAX = 240.0


class Running:
    """A gate in a process of its own."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self.api, self.web = take_port(), take_port()
        keys, pepper = folder / "keys.json", folder / "pepper"
        write_pepper_file(pepper)
        every: frozenset[May] = frozenset(("score", "alerts", "events", "verdicts"))
        self.key = new_key(keys, "all", every, 1e6, datetime.now(UTC))
        self.environment = {
            **environment,
            "SAMEHAND_PEPPER_FILE": str(pepper),
            "SAMEHAND_GATE_KEYS": str(keys),
            "SAMEHAND_GATE_PORT": str(self.api.number),
            "SAMEHAND_WEB_PORT": str(self.web.number),
            "SAMEHAND_WEB_HOST": LOOPBACK,
            "SAMEHAND_GATE_DEADLINE_MS": "5000",
        }
        self.settings = load(self.environment)
        self.log = folder / "gate.log"
        self.child = Child([sys.executable, "-m", "cli", "gate"], self.log, self.environment)

    def start(self) -> None:
        """Until it answers."""
        self.child.start()
        self.until(lambda: self.get("/health/live")[0] == 200, "a gate that answers")

    def get(self, path: str) -> tuple[int, Any]:
        """What operators see."""
        return answered(UrlRequest(f"http://{LOOPBACK}:{self.web.number}{path}"))

    def post(self, path: str, record: Record) -> tuple[int, Any]:
        """A call."""
        where = f"http://{LOOPBACK}:{self.api.number}{path}"
        return answered(UrlRequest(where, encode(record), {"Authorization": f"Bearer {self.key}"}))

    def until(self, true: Callable[[], object], what: str) -> None:
        """Waits for a condition."""
        began = time.monotonic()
        while not true():
            if time.monotonic() - began > WAIT_SECONDS_MAX:
                raise AssertionError(f"waited in vain for {what}\n{self.log.read_text()[-3000:]}")
            time.sleep(0.1)

    def end(self) -> int | None:
        """Tells it to stop; its exit code."""
        self.child.stop(60.0)
        return self.child.exit_code

    def close(self) -> None:
        """Ends it."""
        self.child.kill()
        self.api.release()
        self.web.release()


def answered(request: UrlRequest) -> tuple[int, Any]:
    """Status and body; status 0 where nobody answers."""
    try:
        with urlopen(request, timeout=30.0) as answer:
            status, body = answer.status, answer.read()
    except HTTPError as fault:
        status, body = fault.code, fault.read()
    except (URLError, OSError):
        return 0, None
    try:
        return status, json.loads(body)
    except ValueError:
        return status, body.decode()


def a_process(folder: Path, redis: str, broker: str, store_prefix: str, topic_prefix: str) -> Running:
    """A gate that has not been started, on these servers."""
    given = {"REDIS_URL": redis, "KAFKA_BROKERS": broker}
    given |= {"STORE_PREFIX": store_prefix, "TOPIC_PREFIX": topic_prefix}
    return Running(folder, {f"SAMEHAND_{name}": value for name, value in given.items()})


@pytest.fixture
def gate(
    tmp_path: Path, request: pytest.FixtureRequest, redis_url: str, store_prefix: str, topic_prefix: str
) -> Iterator[Running]:
    """A gate that has not been started; by the mark of the test on servers, or on nothing."""
    there = getattr(request, "param", "servers") == "servers"
    nowhere = take_port()
    broker = request.getfixturevalue("broker") if there else f"{LOOPBACK}:{nowhere.number}"
    redis = redis_url if there else f"redis://{LOOPBACK}:{nowhere.number}/0"
    running = a_process(tmp_path, redis, broker, store_prefix, topic_prefix)
    if there:
        topics.check(running.settings, create=True)  # as a worker does
    yield running
    running.close()
    nowhere.release()


async def enrol(running: Running, *bans: Any) -> None:
    """Bans in the store, as a worker puts them there."""
    peppers = peppers_of(running.settings)
    store = store_of(running.settings, peppers)
    await store.open()
    await store.enrol([ban_of(ban, peppers.keyers) for ban in bans], now=time.time())
    await store.close()


@pytest.mark.journey
async def test_it_scores_publishes_and_ends_amid_connections(gate: Running) -> None:
    now = datetime.now(UTC)
    banned_at = now - timedelta(minutes=10)
    await enrol(gate, a_ban("77", at=banned_at, banned_at=banned_at, handle="umar_media", device_id=DEVICE))
    gate.start()
    mirror = a_sign_up("99", at=now, handle="um4r_media_2", device_id=DEVICE)
    gate.until(lambda: gate.get("/health/ready")[1]["faults"] == {}, "store and broker")
    status, own = gate.post("/v1/score", mirror)
    assert (status, own["outcome"]) == (200, "match")
    assert own["alerts"][0]["matched"]["account_id"] == "77"
    status, told = gate.post("/v1/events/created", mirror)
    assert (status, told["accepted"]) == (202, 1)
    with reader(gate.settings) as opened:
        topic = f"{gate.settings.topic_prefix}accounts.created"
        values = [it.value for place in opened.partitions(topic) for it in opened.read(topic, place)]
    assert values == [encode(mirror)]
    _, shown = gate.get("/metrics")
    assert 'samehand_gate_outcomes_total{outcome="match",reason=""} 1.0' in shown
    assert "samehand_gate_keys 1.0" in shown

    connections = [held(gate.api.number, said) for said in half_said(gate.key) for _ in range(5)]
    gate.until(lambda: gate.get("/metrics")[0] == 200, "its pages beside them")
    try:
        assert gate.end() == 0
    finally:
        for connection in connections:
            connection.close()
    log = gate.log.read_text()
    assert ("stop forced" in log, "um4r" in log) == (False, False)


def half_said(key: str) -> list[bytes]:
    """What a connection may be in the middle of when the gate is told to stop."""
    asking = f"POST /v1/score HTTP/1.1\r\nHost: gate\r\nAuthorization: Bearer {key}\r\n".encode()
    page = b"GET /openapi.json HTTP/1.1\r\nHost: gate\r\n\r\n"
    return [
        b"",
        b"GET /openapi.json HT",
        b"GET /openapi.json HTTP/1.1\r\nHost: gate\r\n",
        asking + b"Content-Length: 1000\r\n\r\n",
        asking + b"Content-Length: 1000\r\n\r\n{",
        asking + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n",
        page,
        page * 48,
    ]


def held(port: int, said: bytes) -> socket.socket:
    """A connection whose client has said this, and reads nothing."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    made.connect((LOOPBACK, port))
    made.sendall(said)
    return made


@pytest.mark.journey
@pytest.mark.parametrize("gate", ["nothing"], indirect=True)
async def test_without_store_and_broker_it_says_so_and_a_thousand_deaf_callers_keep_nobody_waiting(
    gate: Running,
) -> None:
    gate.start()
    status, told = gate.post("/v1/score", a_sign_up("99", at=datetime.now(UTC)))
    assert (status, told["outcome"], told["reason"]) == (200, "undecided", "store-away")
    status, told = gate.post("/v1/events/created", a_sign_up("99", at=datetime.now(UTC)))
    assert (status, told["records"][0]["reason"]) == (503, "kafka-away")
    gate.until(lambda: set(gate.get("/health/ready")[1]["faults"]) == {"store", "kafka"}, "a warm gate")

    asks = b"GET /openapi.json HTTP/1.1\r\nhost: gate\r\n\r\n" * 48
    deaf = []
    for _ in range(1_000):  # who pipeline, and read nothing
        one = socket.create_connection((LOOPBACK, gate.api.number), timeout=120.0)
        one.sendall(asks)
        deaf.append(one)
    took = []
    for _ in range(20):
        began = time.monotonic()
        assert gate.post("/v1/score", a_sign_up("99", at=datetime.now(UTC)))[0] == 200
        took.append(time.monotonic() - began)
    assert max(took) < 60.0, "it is some .1 s, and 8 at a load of 20; it was minutes, or 503"
    for one in deaf:
        one.close()
    assert gate.end() == 0


@pytest.fixture
def own_redis() -> Iterator[EmbeddedRedis]:
    """One that this test may harm."""
    with EmbeddedRedis() as server:
        yield server


@pytest.fixture
def harmed(
    tmp_path: Path, own_redis: EmbeddedRedis, store_prefix: str, topic_prefix: str
) -> Iterator[Running]:
    """A gate on it, and on no broker."""
    nowhere = take_port()
    running = a_process(tmp_path, own_redis.url, f"{LOOPBACK}:{nowhere.number}", store_prefix, topic_prefix)
    yield running
    running.close()
    nowhere.release()


@pytest.mark.journey
async def test_a_redis_that_hangs_or_dies_holds_no_sign_up_and_is_asked_again_once_it_is_back(
    harmed: Running, own_redis: EmbeddedRedis
) -> None:
    now = datetime.now(UTC)
    await enrol(harmed, a_ban("77", at=now, banned_at=now, handle="umar_media", device_id=DEVICE))
    harmed.start()
    mirror = a_sign_up("99", at=now, handle="um4r_media_2", device_id=DEVICE)

    def decided() -> str:
        status, told = harmed.post("/v1/score", mirror)
        assert status == 200, "whatever is away, a sign-up is answered"
        return f"{told['outcome']} {told['reason'] or ''}".strip()

    harmed.until(lambda: decided() == "match", "the store to be opened")
    own_redis.freeze()
    assert decided() in ("undecided deadline", "undecided store-away")
    own_redis.thaw()
    harmed.until(lambda: decided() == "match", "a match once Redis goes on")
    own_redis.kill()
    harmed.until(lambda: decided() == "undecided store-away", "the gate to know that Redis is dead")
    harmed.until(lambda: "store" in harmed.get("/health/ready")[1]["faults"], "it to be told beside")
    own_redis.start()
    harmed.until(lambda: decided() == "match", "a match once Redis is back")
    assert harmed.end() == 0


def client(*, warm: bool = True, **facts: str) -> tuple[httpx.AsyncClient, list[int]]:
    looked: list[int] = []
    app: Any = watching(Metrics(CollectorRegistry()), lambda: facts, lambda: looked.append(1), lambda: warm)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://gate"), looked


@pytest.mark.journey
async def test_metrics_are_brought_up_to_date_and_shown_as_prometheus_asks() -> None:
    asking, looked = client()
    answer = await asking.get("/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.rstrip().endswith("# EOF")
    assert looked == [1]


@pytest.mark.journey
async def test_without_a_store_it_stays_in_a_balancer_and_says_what_is_away() -> None:
    """Taken out, it could not even say `undecided`."""
    asking, _ = client(store="Redis cannot be reached", kafka="")
    for path, faults in (("live", {}), ("ready", {"store": "Redis cannot be reached"})):
        answer = await asking.get(f"/health/{path}")
        assert (answer.status_code, answer.json()) == (200, {"healthy": True, "faults": faults})


async def test_gate_without_an_answer_within_its_deadline_is_live_and_not_ready() -> None:
    asking, _ = client(warm=False)
    answer = await asking.get("/health/ready")
    assert (answer.status_code, answer.json()["healthy"]) == (503, False)
    assert "deadline" in answer.json()["faults"]["gate"]
    assert (await asking.get("/health/live")).status_code == 200


@pytest.mark.parametrize(
    ("took_ms", "store_faults", "asked"),
    [
        ([151.0, 400.0, 149.0], [""], 3),  # the deadline is 150
        ([1.0], [""], 1),
        ([1.0], [NOT_OPENED, NOT_OPENED, "Redis cannot be reached"], 0),  # it could not do better later
    ],
)
async def test_gate_is_warm_once_an_answer_meets_its_deadline(
    took_ms: list[float],
    store_faults: list[str],
    asked: int,
    make_life: MakeLife,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock, taken = Ticks(), iter(took_ms)
    looked: list[int] = []

    async def foresee_each(
        preview: Preview, several: Sequence[Decoded[AccountCreated]]
    ) -> list[Foreseen | Malformed]:
        looked.append(1)
        clock.now += next(taken) / 1000
        return [Foreseen() for _ in several]

    monkeypatch.setattr(Preview, "foresee_each", foresee_each)
    faults = list(store_faults)

    async def sleep(seconds: float) -> None:
        if len(faults) > 1:
            faults.pop(0)

    warm = asyncio.Event()
    await warm_up(Scoring(Preview(make_life().context), clock, lambda: faults[0]), 150.0, warm, sleep)
    assert (warm.is_set(), len(looked)) == (True, asked)
