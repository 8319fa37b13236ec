"""Who is like an account: told only to whom it may be, noted before, and sixty times an hour."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from gate.keys import UnusableKeys, new_key
from gate.related import ASKED_MAX, READERS_MAX, ReaderLimit
from schemas.internal.related import RelatedAsked
from schemas.wire import Decoded, decode_related_asked
from store.errors import StoreUnavailable
from store.memory.store import MemoryStore
from streams.errors import BrokerUnavailable
from tests.gate.conftest import Caller
from tests.makers import NOON, a_ban, a_deletion, a_sign_up

DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"
MAIL = "umar.media.77@posteo.example"
HOUR = 3_600.0


def question(account_id: str = "99", **more: str) -> bytes:
    asked = {"platform": "telegram", "account_id": account_id, "purpose": "coordination", "reader": "u-1"}
    return json.dumps({**asked, **more}).encode()


@pytest.fixture
async def known(caller: Caller) -> Caller:
    """A ban, its mirror, an account that shares the mailbox of both much later, and a stranger."""
    life = caller.life
    await life.ban(a_ban("77", handle="umar_media", email=MAIL, device_id=DEVICE))
    await life.tell(life.screen, a_sign_up("99", handle="um4r_media_2", email=MAIL, device_id=DEVICE))
    late = NOON + timedelta(minutes=90)
    await life.tell(life.screen, a_sign_up("98", handle="salma_kitchen", device_id=DEVICE, at=late))
    await life.tell(life.screen, a_sign_up("97", handle="wholly_fresh", at=late))
    return caller


async def answered(caller: Caller, body: bytes) -> dict[str, Any]:
    answer = await caller.post("/v1/related", body, "related")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store"), answer.text
    told: dict[str, Any] = json.loads(answer.content)
    return told


@pytest.mark.parametrize(
    ("account_id", "standing", "related"),
    [
        ("99", "remembered", {"77": "banned", "98": "remembered"}),
        ("77", "banned", {"99": "remembered", "98": "remembered"}),
        ("97", "remembered", {}),
        ("404", "unknown", {}),
    ],
)
async def test_known_account_is_told_beside_who_shares_a_trait(
    known: Caller, account_id: str, standing: str, related: dict[str, str]
) -> None:
    told = await answered(known, question(account_id))
    assert told["standing"] == standing
    assert {one["account_id"]: one["standing"] for one in told["related"]} == related
    for one in told["related"]:
        assert "device" in one["agrees"]
        assert set(one) == {"platform", "account_id", "standing", "agrees", "probability"}
    chances = [one["probability"] for one in told["related"]]
    assert chances == sorted(chances, reverse=True)
    for value in (DEVICE, "umar", "salma", "posteo"):
        assert value not in json.dumps(told)


async def test_account_banned_since_is_told_once_and_a_deleted_one_no_more(known: Caller) -> None:
    await known.life.ban(
        a_ban("98", handle="salma_kitchen", device_id=DEVICE, at=NOON + timedelta(minutes=95))
    )
    await known.life.tell(known.life.forget, a_deletion("99", at=NOON + timedelta(minutes=100)))
    told = await answered(known, question("77"))
    assert [(one["account_id"], one["standing"]) for one in told["related"]] == [("98", "banned")]


async def test_question_is_on_kafka_before_its_answer_and_without_it_there_is_none(known: Caller) -> None:
    await answered(known, question("99", purpose="appeal"))
    (emit,) = known.broker.taken
    assert (emit.topic, emit.key) == ("t.gate.audit", b"telegram:99")
    read = decode_related_asked(emit.value, now=known.life.seconds)
    assert isinstance(read, Decoded)
    assert read.record == RelatedAsked(
        platform="telegram",
        account_id="99",
        purpose="appeal",
        reader="u-1",
        asked_at=datetime.fromtimestamp(known.life.seconds, UTC),
        asked_by="related-1000-s",
    )
    known.broker.fails = lambda emit: BrokerUnavailable("away")
    answer = await known.post("/v1/related", question(), "related")
    assert (answer.status_code, answer.json()["reason"]) == (503, "kafka-away")
    assert answer.headers["Retry-After"] == "5"


async def test_key_that_scores_is_refused_however_its_file_was_written(known: Caller) -> None:
    for may in ("score", "alerts", "verdicts"):
        assert (await known.post("/v1/related", question(), may)).status_code == 403
    with pytest.raises(UnusableKeys, match="make two"):
        new_key(known.keys_file, "both", frozenset({"score", "related"}), 1.0, datetime.now(UTC))
    text = known.key("related", rate="7/s")
    known.keys_file.write_text(known.keys_file.read_text().replace('"related"', '"related", "score"'))
    known.life.seconds += 2
    answer = await known.post("/v1/related", question(), key=text)
    assert (answer.status_code, answer.json()["reason"]) == (403, "not-allowed")
    assert known.broker.taken == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        question(purpose="curiosity"),
        question(purpose=""),
        question(reader=""),
        question(""),
        b"[]",
    ],
)
async def test_question_without_purpose_or_reader_is_refused_and_noted_nowhere(
    known: Caller, body: bytes
) -> None:
    assert (await known.post("/v1/related", body, "related")).status_code == 400
    assert known.broker.taken == []


async def test_reader_who_asks_too_often_waits_and_another_does_not(known: Caller) -> None:
    for _ in range(ASKED_MAX):
        await answered(known, question())
    answer = await known.post("/v1/related", question(), "related")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "3600")
    await answered(known, question(reader="u-2"))
    assert len(known.broker.taken) == ASKED_MAX + 1
    known.life.seconds += HOUR
    await answered(known, question())


async def test_store_that_is_away_is_said(known: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    async def away(*given: object, **named: object) -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(MemoryStore, "bans", away)
    answer = await known.post("/v1/related", question(), "related")
    assert (answer.status_code, answer.json()["reason"]) == (503, "store-away")


def test_names_made_up_under_a_key_shut_nobody_out_and_reach_no_other_key() -> None:
    limit = ReaderLimit()
    for _ in range(ASKED_MAX):
        limit.count("other desk", "lead", 0.0)
        limit.count("desk", "lead", 0.0)
    for number in range(READERS_MAX):
        limit.count("desk", f"name-{number}", 60.0)
    assert limit.wait_seconds("desk", "one more", 60.0) == 0
    assert limit.wait_seconds("desk", "lead", 60.0) == 0, "who asked least recently is forgotten"
    assert limit.wait_seconds("other desk", "lead", 60.0) == HOUR - 60
    assert len(limit.asked["desk"]) == READERS_MAX


async def test_question_that_kafka_did_not_confirm_does_not_count(known: Caller) -> None:
    known.broker.fails = lambda emit: BrokerUnavailable("away")
    for _ in range(ASKED_MAX + 1):
        answer = await known.post("/v1/related", question(), "related")
        assert (answer.status_code, answer.json()["reason"]) == (503, "kafka-away")
