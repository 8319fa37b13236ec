"""Records come in: each is accepted once Kafka has it, or refused with path and reason."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable

import pytest
from msgspec.structs import replace

from gate import intake
from gate.intake import CHECKED_AT_ONCE, KINDS, RECORDS_MAX, Intake, IntakeOutcome
from schemas.examples import ACTIONED
from schemas.record import Record
from schemas.wire import encode
from streams.errors import BrokerRefused, BrokerUnavailable, RecordTooLarge
from streams.outcomes import Emit
from tests.gate.conftest import Broker, Caller
from tests.makers import (
    a_ban,
    a_change,
    a_deletion,
    a_reinstatement,
    a_sign_up,
    a_verdict,
    an_old_account,
)

OF_EACH_KIND: dict[str, Record] = {
    "created": a_sign_up("99"),
    "updated": a_change("99"),
    "remembered": an_old_account("99"),
    "banned": a_ban("99"),
    "reinstated": a_reinstatement("99"),
    "deleted": a_deletion("99"),
    "actioned": replace(ACTIONED, platform="telegram", account_id="99"),
}


@pytest.mark.parametrize("kind", KINDS)
async def test_an_event_of_each_kind_lies_on_its_topic_under_its_account(caller: Caller, kind: str) -> None:
    event = OF_EACH_KIND[kind]
    answer = await caller.post(f"/v1/events/{kind}", event, "events")
    assert (answer.status_code, answer.json()["accepted"]) == (202, 1)
    (emit,) = caller.broker.taken
    assert (emit.topic, emit.key, emit.value) == (f"t.accounts.{kind}", b"telegram:99", encode(event))


async def test_good_records_of_a_batch_are_accepted_and_bad_ones_named(caller: Caller) -> None:
    good = encode(a_sign_up("1"))
    body = b'[%s, {"version": 1}, 7, %s]' % (good, encode(a_sign_up("2")))
    answer = await caller.post("/v1/events/created", body, "events")
    told = answer.json()
    assert (answer.status_code, told["accepted"], told["refused"]) == (202, 2, 2)
    assert [it["accepted"] for it in told["records"]] == [True, False, False, True]
    assert (told["records"][1]["reason"], told["records"][1]["path"]) == ("missing-field", "$.occurred_at")
    assert told["records"][2]["reason"] == "wrong-type"
    assert [emit.key for emit in caller.broker.taken] == [b"telegram:1", b"telegram:2"]
    assert caller.metric("samehand_gate_records_total", outcome="refused") == 2


async def test_a_field_that_cannot_be_used_is_named_and_left_out(caller: Caller) -> None:
    raw = json.loads(encode(a_sign_up("1", handle="umar")))
    raw["account"]["email"] = 7
    answer = await caller.post("/v1/events/created", json.dumps(raw).encode(), "events")
    assert answer.status_code == 202
    assert answer.json()["records"][0]["unusable"] == ["email: wrong-type"]


async def test_a_batch_of_which_nothing_can_be_read_is_refused(caller: Caller) -> None:
    answer = await caller.post("/v1/events/created", b"[{}, {}]", "events")
    assert (answer.status_code, answer.json()["refused"]) == (400, 2)
    assert caller.broker.taken == []


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"[]", "empty"),
        (b"[1", "not-json"),
        (b"[" * 50_000, "nested-too-deep"),
        (b'["\xff"]', "not-utf8"),
        (b"[" + b"1," * RECORDS_MAX + b"1]", "too-many"),
    ],
    ids=lambda it: str(it)[:12],
)
async def test_a_body_that_is_no_batch_is_refused_whole(caller: Caller, body: bytes, reason: str) -> None:
    answer = await caller.post("/v1/events/created", body, "events")
    assert (answer.status_code, answer.json()["reason"]) == (400, reason)


async def test_what_kafka_does_not_confirm_is_named_and_to_be_sent_again(caller: Caller) -> None:
    def fails(emit: object) -> Exception | None:
        return BrokerUnavailable("Kafka") if getattr(emit, "key", b"") == b"telegram:2" else None

    caller.broker.fails = fails
    answer = await caller.post("/v1/events/created", [a_sign_up("1"), a_sign_up("2")], "events")
    told = answer.json()
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert [it["accepted"] for it in told["records"]] == [True, False]
    assert told["records"][1]["reason"] == "kafka-away"


async def test_a_right_that_the_gate_lacks_on_kafka_is_told_apart(caller: Caller) -> None:
    caller.broker.fails = lambda emit: BrokerRefused("Kafka: TopicAuthorizationFailedError")
    answer = await caller.post("/v1/events/created", a_sign_up("1"), "events")
    assert (answer.status_code, answer.json()["records"][0]["reason"]) == (503, "kafka-refuses")


async def test_a_record_that_kafka_refuses_costs_the_others_of_its_batch_nothing(caller: Caller) -> None:
    def fails(emit: Emit) -> Exception | None:
        return RecordTooLarge("Kafka: MessageSizeTooLargeError") if emit.key == b"telegram:2" else None

    caller.broker.fails = fails
    answer = await caller.post(
        "/v1/events/created", [a_sign_up("1"), a_sign_up("2"), a_sign_up("3")], "events"
    )
    told = answer.json()
    assert (answer.status_code, [it["accepted"] for it in told["records"]]) == (202, [True, False, True])
    assert told["records"][1]["reason"] == "too-large"
    assert [emit.key for emit in caller.broker.taken] == [b"telegram:1", b"telegram:3"]
    alone = await caller.post("/v1/events/created", a_sign_up("2"), "events")
    assert alone.status_code == 400, "to send it again would not help"


async def test_whom_kafka_keeps_waiting_hears_of_it_in_time(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "PUBLISH_SECONDS", 0.05)

    class Slow(Broker):
        async def send(self, emit: Emit) -> Awaitable[object]:
            confirmed = await super().send(emit)
            return asyncio.get_running_loop().create_future() if emit.key == b"telegram:2" else confirmed

    slow = Intake(Slow(), caller.life.context.topics, lambda: caller.life.seconds)
    taken = await slow.events("created", b"[%s, %s]" % (encode(a_sign_up("1")), encode(a_sign_up("2"))))
    assert isinstance(taken, IntakeOutcome)
    assert taken.away == "kafka-away"
    assert [it.accepted for it in taken.report.records] == [True, False]


async def test_an_unknown_kind_is_none(caller: Caller) -> None:
    answer = await caller.post("/v1/events/renamed", a_sign_up("1"), "events")
    assert (answer.status_code, answer.json()["reason"]) == (404, "unknown-kind")


async def test_verdicts_lie_on_their_topic_under_their_alert(caller: Caller) -> None:
    verdicts: list[Record] = [a_verdict("a", "mirror"), a_verdict("b", "not_mirror")]
    answer = await caller.post("/v1/verdicts", verdicts, "verdicts")
    assert answer.status_code == 202
    assert [(emit.topic, emit.key) for emit in caller.broker.taken] == [
        ("t.alerts.verdicts", b"a"),
        ("t.alerts.verdicts", b"b"),
    ]


async def test_calls_to_score_have_their_turn_while_a_large_batch_is_checked(caller: Caller) -> None:
    made = Intake(caller.broker, caller.life.context.topics, lambda: caller.life.seconds)
    turns = 0

    async def waits() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    other = asyncio.ensure_future(waits())
    records = 10 * CHECKED_AT_ONCE
    taken = await made.events("created", b"[" + b",".join([encode(a_sign_up("1"))] * records) + b"]")
    other.cancel()
    assert isinstance(taken, IntakeOutcome)
    assert taken.report.accepted == records
    assert turns >= records // CHECKED_AT_ONCE - 1
