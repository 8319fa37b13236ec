"""An account is scored as it signs up: in time, whatever is away, and telling no more than one may know."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import pytest

from gate.answers import Score
from schemas.alerts import NOTICE
from schemas.wire import encode
from store.errors import StoreUnavailable
from store.memory.store import MemoryStore
from tests.agents.test_waves import nicole
from tests.gate.conftest import Caller
from tests.house import ROOT
from tests.makers import a_ban, a_sign_up

DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"
BAN = a_ban("banned-77077", handle="umar_media", display_name="Umar Media", device_id=DEVICE)
MIRROR = a_sign_up("99", handle="um4r_media_2", device_id=DEVICE)


@pytest.fixture
async def banned(caller: Caller) -> Caller:
    """A gate to a context in which one account is banned."""
    await caller.life.ban(BAN)
    return caller


async def test_a_mirror_is_a_match_with_the_alert_that_would_be_raised(banned: Caller) -> None:
    told = await banned.score(MIRROR, "score", "alerts")
    assert (told["outcome"], told["band"], told["notice"]) == ("match", "likely", NOTICE)
    (alert,) = told["alerts"]
    assert (alert["matched"]["account_id"], alert["account_id"]) == ("banned-77077", "99")
    assert told["weights_version"] == banned.life.context.weights.live.weights.version
    assert banned.life.heard == [], "nothing is published"
    assert banned.metric("samehand_gate_outcomes_total", outcome="match", reason="") == 1


async def test_an_account_like_nobody_is_no_match(banned: Caller) -> None:
    told = await banned.score(a_sign_up("98", handle="wholly_fresh"), "score", "alerts")
    assert (told["outcome"], told["alerts"], told["reasons"]) == ("no_match", [], [])


async def test_who_may_not_see_alerts_is_told_nothing_of_the_banned_account(banned: Caller) -> None:
    told = await banned.score(MIRROR, "score")
    assert (told["outcome"], told["band"], told["alerts"]) == ("match", "likely", [])
    assert {"signal", "level", "weight", "explained"} == set(told["reasons"][0])
    assert {"device", "handle"} <= {line["signal"] for line in told["reasons"]}
    for value in ("77077", "umar_media", "Umar", "violent-extremism", "extremism"):
        assert value not in json.dumps(told)


async def test_account_like_an_open_wave_is_shown_it_by_the_rights_of_its_key(caller: Caller) -> None:
    life = caller.life
    await life.tell(life.screen, *(nicole(number) for number in range(4)))
    assert (await caller.score(nicole(5)))["wave"] is None, "four are no wave"
    await life.tell(life.screen, *(nicole(number) for number in range(4, 8)))
    told = await caller.score(nicole(9), "score", "alerts")
    [wave_id] = await life.context.store.wave_ids(["telegram:n0"])
    assert (told["outcome"], told["wave"]["wave_id"], told["wave"]["members"]) == ("no_match", wave_id, 8)
    assert told["wave"]["handle_pattern"] == "nicole_*"
    assert {"bio", "contact"} <= {line["signal"] for line in told["wave"]["pattern"]}
    told = await caller.score(nicole(9))
    assert {name for name, value in told["wave"].items() if value} == {"pattern"}
    assert "nicole" not in json.dumps(told)
    assert (await caller.score(a_sign_up("s", ip="203.0.113.77", handle="tobias")))["wave"] is None
    assert await life.context.store.wave_ids(["telegram:n9"]) == [None], "nothing is noted"


async def test_the_store_is_not_written(banned: Caller) -> None:
    await banned.score(MIRROR)
    figures = await banned.life.context.store.figures()
    assert (figures.remembered, figures.unjudged) == (0, 0)


async def test_a_store_that_is_away_leaves_it_undecided(
    banned: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> None:
        raise StoreUnavailable("Redis cannot be reached")

    monkeypatch.setattr(MemoryStore, "bans_like", away)
    told = await banned.score(MIRROR)
    assert (told["outcome"], told["reason"], told["alerts"]) == ("undecided", "store-away", [])
    assert banned.metric("samehand_gate_outcomes_total", outcome="undecided", reason="store-away") == 1


async def test_a_store_that_is_known_to_be_away_is_not_asked(banned: Caller) -> None:
    banned.scoring.store_fault = lambda: "Redis cannot be reached"
    assert (await banned.score(MIRROR))["reason"] == "store-away"


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """A store that answers once the event is set."""
    goes_on, bans_like = asyncio.Event(), MemoryStore.bans_like

    async def waits(*given: Any, **named: Any) -> Any:
        await goes_on.wait()
        return await bans_like(*given, **named)

    monkeypatch.setattr(MemoryStore, "bans_like", waits)
    return goes_on


@pytest.mark.usefixtures("slow")
async def test_past_the_callers_deadline_it_is_undecided(banned: Caller) -> None:
    told = await banned.score(MIRROR, Samehand_Deadline_Ms="20")
    assert (told["outcome"], told["reason"]) == ("undecided", "deadline")


async def test_it_waits_for_what_the_request_left_of_the_deadline_and_no_longer(
    banned: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits, timeout = list[float | None](), asyncio.timeout

    def noted(seconds: float | None) -> asyncio.Timeout:
        waits.append(seconds)
        return timeout(seconds)

    monkeypatch.setattr(asyncio, "timeout", noted)
    banned.scoring.ticks = lambda: 100.0
    told = await banned.scoring(encode(MIRROR), 5_000, sees_alerts=False, began=99.0)
    assert isinstance(told, Score)
    assert told.outcome == "match"
    assert waits[0] == pytest.approx(4.0)


async def test_an_answer_that_nothing_waited_for_counts_only_within_the_deadline(
    banned: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A store that computes until the deadline has passed gives the loop no turn to break it off in."""
    now, bans_like = [100.0], MemoryStore.bans_like

    async def computes(*given: Any, **named: Any) -> Any:
        now[0] += 6.0
        return await bans_like(*given, **named)

    monkeypatch.setattr(MemoryStore, "bans_like", computes)
    banned.scoring.ticks = lambda: now[0]
    told = await banned.scoring(encode(MIRROR), 5_000, sees_alerts=False)
    assert isinstance(told, Score)
    assert (told.outcome, told.reason, told.took_ms) == ("undecided", "deadline", 6_000)


async def test_what_a_request_waited_before_it_was_read_is_of_its_deadline(banned: Caller) -> None:
    scoring, raw = banned.scoring, encode(MIRROR)
    inside = await scoring(raw, 5_000, sees_alerts=False, began=scoring.ticks() - 1)
    past = await scoring(raw, 5_000, sees_alerts=False, began=scoring.ticks() - 6)
    assert isinstance(inside, Score)
    assert inside.outcome == "match"
    assert isinstance(past, Score)
    assert (past.outcome, past.reason) == ("undecided", "deadline")
    assert past.took_ms >= 6_000


async def test_more_calls_than_can_be_answered_are_undecided_at_once(
    banned: Caller, slow: asyncio.Event
) -> None:
    banned.scoring.at_once = 2
    banned.key("score")
    waiting = [asyncio.ensure_future(banned.score(MIRROR)) for _ in range(2)]
    async with asyncio.timeout(60):
        while banned.scoring.busy < 2:  # noqa: ASYNC110  # both have begun; nobody tells when
            await asyncio.sleep(0)
    assert (await banned.score(MIRROR))["reason"] == "overloaded"
    slow.set()
    assert [told["outcome"] for told in await asyncio.gather(*waiting)] == ["match", "match"]
    assert (await banned.score(MIRROR))["outcome"] == "match", "and then it is as before"


async def test_a_defect_of_ours_leaves_it_undecided_and_the_log_without_a_value(
    banned: Caller, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def fails(*_: object, **__: object) -> None:
        raise ValueError("um4r_media_2")

    monkeypatch.setattr(MemoryStore, "facts", fails)
    told = await banned.score(MIRROR)
    assert (told["outcome"], told["reason"]) == ("undecided", "unprocessable")


@pytest.mark.parametrize("given", ["0", "-1", "20000", "1.5", "soon", "\u0661", "1" * 5000])
async def test_a_deadline_that_is_none_is_refused_by_name(banned: Caller, given: str) -> None:
    answer = await banned.client.post(
        "/v1/score",
        content=b"{}",
        headers={
            b"authorization": f"Bearer {banned.key('score')}".encode(),
            b"samehand-deadline-ms": given.encode(),
        },
    )
    told = answer.json()
    assert (answer.status_code, told["reason"], told["path"]) == (400, "bad-deadline", "samehand-deadline-ms")


@pytest.mark.parametrize(
    ("body", "reason", "path"),
    [
        (b"", "empty", "$"),
        (b"{", "not-json", "$"),
        (b"[]", "wrong-type", "$"),
        (b'"\xff"', "not-utf8", "$"),
        (b"[" * 100_000, "nested-too-deep", "$"),
        (b'{"version": 2}', "unknown-version", "$.version"),
        (
            b'{"version": 1, "occurred_at": "2026-11-24T12:00:00Z", "platform": "x"}',
            "missing-field",
            "$.account",
        ),
    ],
    ids=lambda it: str(it)[:20],
)
async def test_what_is_no_account_is_refused_with_path_and_reason(
    banned: Caller, body: bytes, reason: str, path: str
) -> None:
    answer = await banned.post("/v1/score", body, "score")
    told = answer.json()
    assert (answer.status_code, told["reason"], told["path"]) == (400, reason, path)


async def test_a_field_that_cannot_be_used_costs_itself_alone(banned: Caller) -> None:
    event = a_sign_up("99", handle="um4r_media_2", device_id=DEVICE)
    raw = json.loads(json.dumps({"event_id": "e", "version": 1, "platform": "telegram"}))
    raw |= {"occurred_at": event.occurred_at.isoformat()}
    raw["account"] = {"account_id": "99", "handle": "um4r_media_2", "device_id": DEVICE, "locale": 7}
    told = await banned.score(json.dumps(raw).encode(), "score", "alerts")
    assert told["outcome"] == "match"


async def test_a_body_beyond_a_mebibyte_is_not_read(banned: Caller) -> None:
    answer = await banned.post("/v1/score", b" " * (1024 * 1024 + 1), "score")
    assert (answer.status_code, answer.json()["reason"]) == (413, "too-large")


async def test_who_tries_values_until_nothing_matches_is_counted(banned: Caller) -> None:
    for turn in range(9):
        await banned.score(a_sign_up("99", handle=f"um4r_media_{turn}", device_id=DEVICE))
    await banned.score(a_sign_up("98", handle="another"))
    assert banned.metric("samehand_gate_variations_total") == 9 - 5


async def test_who_names_another_account_each_time_is_counted_by_the_ban_that_matches(banned: Caller) -> None:
    for number in range(9):
        mirror = a_sign_up(str(number), handle=f"um4r_media_{number}", device_id=DEVICE)
        assert (await banned.score(mirror))["outcome"] == "match"
        await banned.score(a_sign_up(f"stranger-{number}", handle=f"wholly_fresh_{number}"))
    assert banned.metric("samehand_gate_variations_total") == 9 - 5


async def test_the_call_that_the_docs_show_is_answered_as_they_show(caller: Caller) -> None:
    text = (ROOT / "docs" / "gate.md").read_text("utf-8")
    [body] = re.findall(r"/v1/score .* -d '([^']*)'", text)
    await caller.life.ban(a_ban("77", handle="umar_media", device_id=DEVICE, email="umar@example.org"))
    told = await caller.score(body.encode())
    [shown] = [json.loads(it) for it in re.findall(r"```json\n(.*?)```", text, re.DOTALL)]
    assert (told["outcome"], told.keys(), told["notice"]) == ("match", shown.keys(), shown["notice"])
