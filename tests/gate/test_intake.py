"""What the gate takes in: events, webhooks of platforms, Coop's actions, appeals."""

from __future__ import annotations

import asyncio
import base64
import hmac
import io
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace as with_desk
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec.structs import replace

from gate import intake
from gate.app import Bodies, TooMuch, application
from gate.appeals import ACCOUNT_APPEALS_MAX, DeskRelay
from gate.coop import CoopActions, UnusableKey
from gate.intake import CHECKED_AT_ONCE, KINDS, RECORDS_MAX, Intake, IntakeOutcome
from gate.webhooks import ForeignWebhook, webhooks_of
from schemas.appeals import WORDS_CHARS_MAX, AppealMade
from schemas.examples import ACTIONED, ALERT
from schemas.malformed import Malformed
from schemas.mapping.compiler import Mappings, compile_mappings
from schemas.mapping.mapper import Mapped
from schemas.record import Record
from schemas.verdicts import VerdictGiven
from schemas.wire import Decoded, decode_appeal, decode_verdict, encode
from streams.errors import BrokerRefused, BrokerUnavailable, RecordTooLarge, SettingsError
from streams.outbound.session import ANYWHERE, Peer
from streams.outcomes import Emit
from streams.standard_webhooks import Secret
from streams.telemetry import logs
from tests.gate.conftest import Broker, Caller, MakeCaller, MakeLife, a_gate
from tests.house import ROOT
from tests.makers import (
    NOON,
    a_ban,
    a_change,
    a_deletion,
    a_reinstatement,
    a_sign_up,
    a_verdict,
    an_old_account,
)
from tests.tables import for_each

# Records come in: each is accepted once Kafka has it, or refused with path and reason.


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


# Foreign webhooks: whose they are their signature says, what they become a mapping.


DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"
SECRET = "only Mastodon and we know it"
STANDARD = "whsec_" + "c2VjcmV0IG9mIGEgc2VuZGVyIHdpdGggMzIgYnl0ZXM="
MASTODON = (ROOT / "examples" / "mastodon" / "mappings.toml").read_bytes()
SAMPLE = (ROOT / "examples" / "mastodon" / "sample.jsonl").read_bytes().splitlines()[0]
PLAIN = b"""
[topics.shop]
format = "json"
constants = { platform = "shop" }
fields = { account_id = "id", handle = "name", occurred_at = "at" }
[[topics.shop.rules]]
when = "id"
as = "created"
[[topics.shop.rules]]
when = "ping"
as = "nothing"
"""


def mastodon_topic() -> str:
    (name,) = compile_mappings(MASTODON, "mastodon").topics
    return name


def the_file(folder: Path, text: str, **secrets: str) -> Path:
    for name, secret in secrets.items():
        (folder / name).write_text(f"{secret}\n")
    path = folder / "webhooks.toml"
    path.write_text(text)
    return path


def hub(raw: bytes, secret: str = SECRET) -> dict[str, str]:
    """As Mastodon signs."""
    return {"X-Hub-Signature": "sha256=" + hmac.new(secret.encode(), raw, sha256).hexdigest()}


def standard(raw: bytes, at: datetime | None = None, secret: str = STANDARD) -> dict[str, str]:
    """As Standard Webhooks says."""
    at = at or NOON + timedelta(hours=2)  # when the context of the tests is
    made = Secret.read(secret).headers("msg_1", int(at.timestamp()), raw)
    return {**made, "webhook-signature": f"v1a,eA== {made['webhook-signature']}"}


@pytest.fixture
async def hooked(make_caller: MakeCaller, tmp_path: Path) -> Caller:
    """A gate that takes a shop's webhooks and Mastodon's."""
    name = mastodon_topic()
    path = the_file(
        tmp_path,
        '[shop]\nsignature = "standard-webhooks"\nsecret_file = "shop"\n'
        f'["{name}"]\nsignature = "x-hub-signature"\nsecret_file = "mastodon"\n',
        shop=STANDARD,
        mastodon=SECRET,
    )
    both = Mappings({**compile_mappings(PLAIN, "p").topics, **compile_mappings(MASTODON, "m").topics})
    return await make_caller(webhooks=webhooks_of(path, both))


async def sent(hooked: Caller, name: str, raw: bytes, headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
    answer = await hooked.client.post(f"/v1/webhooks/{name}", content=raw, headers=headers)
    return answer.status_code, answer.json()


CREATED = b'{"id": "7", "name": "umar", "at": "2026-11-24T12:00:00Z"}'


async def test_what_mastodon_signs_becomes_an_event(hooked: Caller) -> None:
    status, told = await sent(hooked, mastodon_topic(), SAMPLE, hub(SAMPLE))
    assert (status, told["accepted"]) == (202, 1)
    (emit,) = hooked.broker.taken
    assert emit.topic == "t.accounts.created"


def discourse(folder: Path) -> dict[str, Any]:
    """A file of webhooks that names Discourse's."""
    text = '["discourse.webhooks"]\nsignature = "x-discourse-event-signature"\nsecret_file = "discourse"\n'
    mappings = compile_mappings((ROOT / "examples/discourse/mappings.toml").read_bytes(), "d")
    return dict(webhooks_of(the_file(folder, text, discourse=SECRET), mappings))


async def test_discourse_names_its_events_in_a_header(make_caller: MakeCaller, tmp_path: Path) -> None:
    hooked = await make_caller(webhooks=discourse(tmp_path))
    raw = b'{"user": {"id": 41, "username": "umar_media", "created_at": "2026-03-01T09:30:14.881Z"}}'
    signed = {"X-Discourse-Event-Signature": hub(raw)["X-Hub-Signature"]}
    for event in ("user_updated", "user_updated", "user_unsuspended", "user_destroyed", "user_logged_in"):
        status, _ = await sent(hooked, "discourse.webhooks", raw, {**signed, "X-Discourse-Event": event})
        assert status == (200 if event == "user_logged_in" else 202)
    emits = hooked.broker.taken
    assert [it.topic.removeprefix("t.accounts.") for it in emits] == [
        "updated",
        "updated",
        "reinstated",
        "deleted",
    ]
    ids = [json.loads(it.value or b"")["event_id"] for it in emits]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3
    status, told = await sent(hooked, "discourse.webhooks", raw, hub(raw))
    assert (status, told["reason"]) == (401, "bad-signature")


def test_repeated_suspension_keeps_the_moment_of_its_first_arrival(tmp_path: Path) -> None:
    webhook = discourse(tmp_path)["discourse.webhooks"]
    assert isinstance(webhook, ForeignWebhook)
    body = b'{"user": {"id": 41, "suspended_till": "3026-03-01T10:45:00.000Z"}}'

    def minutes(minute: int, event: str = "user_suspended", raw: bytes = body) -> float:
        at = NOON.timestamp() + 60 * minute
        mapped = webhook.map(raw, {"x-discourse-event": event}, now=at)
        assert isinstance(mapped, Mapped)
        return float(mapped.found.record.occurred_at.timestamp() - NOON.timestamp()) / 60

    assert (minutes(0), minutes(10, "user_unsuspended"), minutes(156)) == (0, 10, 0)
    assert minutes(157, raw=body.replace(b"3026", b"3027")) == 157, "another suspension"
    assert minutes(-1) == -1, "the clock was set back"
    assert minutes(200) == 200, "Discourse gave up long before"


async def test_what_a_standard_webhook_signs_becomes_an_event_the_same_however_often(hooked: Caller) -> None:
    for _ in range(2):
        status, _ = await sent(hooked, "shop", CREATED, standard(CREATED))
        assert status == 202
    first, second = hooked.broker.taken
    assert first.value == second.value
    assert json.loads(first.value or b"")["event_id"].startswith("shop:0:")


@pytest.mark.parametrize(
    "headers",
    [
        {},
        standard(CREATED, secret="whsec_YW5vdGhlciBzZWNyZXQsIG9mIHNvbWVib2R5"),
        standard(b"another body"),
        standard(CREATED, at=datetime(2020, 1, 1, tzinfo=UTC)),
        {**standard(CREATED), "webhook-timestamp": "soon"},
        {**standard(CREATED), "webhook-timestamp": "1e300"},
        {**standard(CREATED), "webhook-signature": "v1"},
        {**standard(CREATED), "webhook-signature": "v1,%%%"},
    ],
    ids=["none", "another's", "of another body", "old", "no time", "no moment", "no form", "no base64"],
)
async def test_what_is_not_signed_is_not_read(hooked: Caller, headers: dict[str, str]) -> None:
    status, told = await sent(hooked, "shop", CREATED, headers)
    assert (status, told["reason"]) == (401, "bad-signature")
    assert hooked.broker.taken == []


@pytest.mark.parametrize(
    "given", ["", "sha256=", "sha1=00", "sha256=ü", hub(SAMPLE, "another")["X-Hub-Signature"]]
)
async def test_another_hub_signature_is_none(hooked: Caller, given: str) -> None:
    answer = await hooked.client.post(
        f"/v1/webhooks/{mastodon_topic()}", content=SAMPLE, headers={b"X-Hub-Signature": given.encode()}
    )
    assert answer.status_code == 401


async def test_of_a_record_that_says_nothing_nothing_becomes(hooked: Caller) -> None:
    raw = b'{"ping": true}'
    assert await sent(hooked, "shop", raw, standard(raw)) == (
        200,
        {"accepted": 0, "refused": 0, "records": []},
    )


async def test_a_record_that_does_not_map_is_refused_with_path_and_reason(hooked: Caller) -> None:
    raw = b'{"id": "7"}'
    status, told = await sent(hooked, "shop", raw, standard(raw))
    assert (status, told["reason"], told["path"]) == (400, "missing-field", "$.occurred_at")


async def test_while_too_much_is_on_its_way_a_webhook_is_to_be_sent_again(
    hooked: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Bodies, "whole", full)
    answer = await hooked.client.post("/v1/webhooks/shop", content=CREATED, headers=standard(CREATED))
    assert (answer.status_code, answer.json()["reason"]) == (503, "overloaded")
    assert answer.headers["Retry-After"] == "5"
    monkeypatch.undo()
    assert (await sent(hooked, "shop", CREATED, standard(CREATED)))[0] == 202


@asynccontextmanager
async def full(bodies: Bodies, chunks: AsyncIterator[bytes], network: str) -> AsyncIterator[bytes]:
    """As if others' bodies left no room."""
    raise TooMuch
    yield b""


async def test_an_unknown_webhook_is_none(hooked: Caller) -> None:
    assert await sent(hooked, "nobody", b"{}", {}) == (
        404,
        {"reason": "unknown-webhook", "path": "$", "detail": ""},
    )


def test_over_http_cloudevents_say_their_attributes_as_in_kafka() -> None:
    mapping = compile_mappings(
        b'[topics.e]\nformat = "json"\nconstants = { platform = "x" }\n'
        b'[[topics.e.rules]]\nas = "created"\n'
        b"fields = { account_id = 'id', occurred_at = '\"@headers\".ce_time' }",
        "e",
    ).topics["e"]
    webhook = ForeignWebhook(mapping, "x-hub-signature", b"secret")
    found: Any = webhook.map(b'{"id": "7"}', {"ce-time": "2026-11-24T12:00:00Z"}, now=1.8e9)
    assert found.kind == "created"
    assert "secret" not in repr(webhook)


@for_each(
    ("text", "why"),
    [
        ("[shop", "is no TOML"),
        ('[nobody]\nsignature = "x-hub-signature"\nsecret_file = "shop"', "[nobody]: is no topic of"),
        ("shop = 1", "must have `signature` and `secret_file`"),
        ('[shop]\nsignature = "x-hub-signature"', "must have `signature` and `secret_file`"),
        ('[shop]\nsignature = "md5"\nsecret_file = "shop"', "signature must be one of"),
        ('[shop]\nsignature = "x-hub-signature"\nsecret_file = 7', "must be a path"),
        ('[shop]\nsignature = "x-hub-signature"\nsecret_file = "gone"', "No such file"),
        ('[shop]\nsignature = "x-hub-signature"\nsecret_file = "short"', "is shorter than"),
        ('[shop]\nsignature = "standard-webhooks"\nsecret_file = "plain"', "must be `whsec_`"),
        ('[coop]\nsignature = "coop"\nsecret_file = "shop"', "must have `signature`, `public_key_file`"),
        ('[coop]\nsignature = "coop"\npublic_key_file = "none"\nsecret_file = "shop"', "No such file"),
        ('[coop]\nsignature = "coop"\npublic_key_file = "shop"\nsecret_file = "shop"', "a public key in PEM"),
        ('[coop]\nsignature = "coop"\npublic_key_file = 7\nsecret_file = "shop"', "must have `signature`"),
    ],
)
def test_a_file_that_cannot_be_used_is_told_by_name_and_reason(tmp_path: Path, text: str, why: str) -> None:
    path = the_file(tmp_path, text, shop=STANDARD, short="abc", plain="no base64 ü")
    with pytest.raises(SettingsError) as found:
        webhooks_of(path, compile_mappings(PLAIN, "p"))
    (reason,) = found.value.faults.values()
    assert str(path) in reason
    assert why in reason


@pytest.fixture
async def coop(make_caller: MakeCaller, tmp_path: Path) -> Caller:
    """A gate that an organisation's Coop tells of its moderators' actions, with an alert to decide."""
    (tmp_path / "coop.pem").write_bytes(PEM)
    path = the_file(
        tmp_path,
        '[coop]\nsignature = "coop"\npublic_key_file = "coop.pem"\nsecret_file = "reviewers"\n',
        reviewers="a secret of this house",
    )
    made = await make_caller(webhooks=webhooks_of(path, None))
    await made.life.ban(a_ban("77", handle="umar_media", device_id=DEVICE))
    await made.life.tell(made.life.screen, a_sign_up("99", handle="umar_media_2", device_id=DEVICE))
    return made


def by_coop(raw: bytes) -> dict[str, str]:
    """As Coop signs."""
    return {"Coop-Signature": base64.b64encode(PRIVATE.sign(raw, PKCS1v15(), SHA256())).decode()}


async def test_a_moderators_action_in_coop_becomes_a_verdict(coop: Caller) -> None:
    (alert,) = coop.life.alerts
    raw = callback(item={"id": alert.alert_id, "typeId": "t"})
    status, told = await sent(coop, "coop", raw, by_coop(raw))
    assert (status, told["accepted"]) == (202, 1)
    (emit,) = coop.broker.taken
    assert (emit.topic, emit.key) == ("t.alerts.verdicts", alert.alert_id.encode())
    given = decode_verdict(emit.value, now=float("inf"))
    assert isinstance(given, Decoded)
    told_by = (given.record.verdict, given.record.revision, given.record.reason_code)
    assert told_by == ("mirror", alert.revision, "confirm-mirror")
    assert b"example.org" not in (emit.value or b"")


async def test_what_coop_did_not_sign_or_nobody_decided_is_no_verdict(coop: Caller) -> None:
    (alert,) = coop.life.alerts
    raw = callback(item={"id": alert.alert_id, "typeId": "t"})
    assert (await sent(coop, "coop", raw + b" ", by_coop(raw)))[0] == 401
    other = base64.b64encode(rsa.generate_private_key(65537, 2048).sign(raw, PKCS1v15(), SHA256())).decode()
    for signature in (other, "", "é", "!!!", "A" * 5_000, "AAAA"):
        answer = await coop.client.post(
            "/v1/webhooks/coop", content=raw, headers={b"Coop-Signature": signature.encode()}
        )
        assert answer.status_code == 401, signature[:9]
    by_rule = callback(item={"id": alert.alert_id, "typeId": "t"}, actorEmail=None)
    status, told = await sent(coop, "coop", by_rule, by_coop(by_rule))
    assert (status, told["reason"]) == (400, "missing-field")
    unknown = callback(item={"id": "unheard-of", "typeId": "t"})
    assert (await sent(coop, "coop", unknown, by_coop(unknown)))[0] == 404
    assert coop.broker.taken == []


# Coop's callbacks: whose they are, which verdict they are, and what is none.


NOW = 1_790_000_000.0
PRIVATE = rsa.generate_private_key(65537, 2048)
PEM = PRIVATE.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
COOP = CoopActions.read(PEM, b"a key of this house")


def callback(**changes: Any) -> bytes:
    told: dict[str, Any] = {
        "item": {"id": ALERT.alert_id, "typeId": "samehand-alert", "typeName": "Alert"},
        "action": {"id": "confirm-mirror"},
        "policies": [{"id": "p", "name": "Violent extremism", "penalty": "SEVERE"}],
        "rules": [],
        "custom": {"samehand_verdict": "mirror"},
        "actorEmail": "Moderator@example.org",
    }
    return json.dumps({name: it for name, it in (told | changes).items() if it is not None}).encode()


def verdict(raw: bytes) -> VerdictGiven | Malformed:
    return COOP.verdict(raw, revision=3, now=NOW)


def test_a_moderators_address_goes_nowhere_and_stays_one_person() -> None:
    first, again = verdict(callback()), verdict(callback(actorEmail=" moderator@EXAMPLE.org "))
    other = verdict(callback(actorEmail="somebody@example.org"))
    assert isinstance(first, VerdictGiven)
    assert isinstance(again, VerdictGiven)
    assert isinstance(other, VerdictGiven)
    assert first.reviewer == again.reviewer != other.reviewer
    assert "moderator" not in first.reviewer.casefold()


def test_an_action_whose_id_is_no_code_of_ours_is_a_verdict_all_the_same() -> None:
    given = verdict(callback(action={"id": "Not a mirror!"}))
    assert isinstance(given, VerdictGiven)
    assert given.reason_code == "coop"


@for_each(
    ("raw", "reason", "path"),
    [
        (callback(actorEmail=None), "missing-field", "$.actorEmail"),
        (callback(actorEmail=" "), "missing-field", "$.actorEmail"),
        (callback(custom=None), "not-allowed", "$.custom.samehand_verdict"),
        (callback(custom={"samehand_verdict": "ban"}), "not-allowed", "$.custom.samehand_verdict"),
        (callback(custom={"samehand_verdict": ["mirror"]}), "not-allowed", "$.custom.samehand_verdict"),
        (callback(item=None), "wrong-type", "$"),
        (callback(item={"id": ""}), "wrong-type", "$"),
        (callback(item={"id": "x" * 1_000}), "wrong-type", "$"),
        (b'{"appealId": "1", "item": {"id": "a"}, "appealDecision": "ACCEPT"}', "wrong-type", "$"),
        (b'{"a":' * 100_000, "not-json", "$"),
        (b"\xff", "not-json", "$"),
        (b"", "not-json", "$"),
        (b" " * (1024 * 1024 + 1), "too-large", "$"),
    ],
)
def test_what_is_no_decision_of_a_person_is_refused_with_its_place(
    raw: bytes, reason: str, path: str
) -> None:
    refused = verdict(raw)
    assert isinstance(refused, Malformed)
    assert (refused.reason, refused.path) == (reason, path)
    assert "example.org" not in repr(refused)


@for_each(
    "pem",
    [
        b"",
        b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
        ec.generate_private_key(ec.SECP256R1())
        .public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        rsa.generate_private_key(65537, 1024)
        .public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    ],
)
def test_what_coop_could_not_sign_for_is_refused(pem: bytes) -> None:
    with pytest.raises(UnusableKey):
        CoopActions.read(pem, b"k")


# Appeals through the gate: accepted once the desk has stored them, refused with its reason, else to be sent
# again; their words stand in no line and no figure.


WORDS = "میں وہ نہیں ہوں \u202e <b>write to me@valley.example</b>"
MADE = AppealMade(appeal_id="c-1 نمبر", alert_id="alert-1", words=WORDS)
KEY = Secret(b"s" * 32)
COOP_APPEAL = {
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
async def appealing(
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
    appealing: tuple[Caller, DeskRelay], desk: tuple[ADesk, str]
) -> None:
    lines = io.StringIO()
    logs.configure("debug", lines)
    for path, body in (("/v1/appeals", MADE), ("/v1/appeals?preset=coop", json.dumps(COOP_APPEAL).encode())):
        answer = await appealing[0].post(path, body, "appeals")
        assert (answer.status_code, answer.json()) == (
            202,
            {"appeal_id": MADE.appeal_id, "alert_id": "alert-1"},
        )
    assert desk[0].taken == [MADE, MADE]
    assert appealing[0].broker.taken == []
    shown = lines.getvalue() + appealing[0].exposition()
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
    appealing: tuple[Caller, DeskRelay], desk: tuple[ADesk, str], body: bytes, path: str, reason: str
) -> None:
    answer = await appealing[0].post("/v1/appeals", body, "appeals")
    assert (answer.status_code, answer.json()["path"], answer.json()["reason"]) == (400, path, reason)
    assert desk[0].taken == []


async def test_a_key_needs_the_right_and_a_preset_is_known(appealing: tuple[Caller, DeskRelay]) -> None:
    assert (await appealing[0].post("/v1/appeals", MADE, "verdicts")).status_code == 403
    assert (await appealing[0].post("/v1/appeals?preset=other", MADE, "appeals")).status_code == 400


@pytest.mark.parametrize(("status", "code"), [(404, "unknown-alert"), (409, "other-body")])
async def test_a_refusal_of_the_desk_is_the_callers_answer(
    appealing: tuple[Caller, DeskRelay], desk: tuple[ADesk, str], status: int, code: str
) -> None:
    async def refuses() -> web.Response:
        return web.json_response({"code": code, "message": "why"}, status=status)

    desk[0].answers = refuses
    answer = await appealing[0].post("/v1/appeals", MADE, "appeals")
    assert (answer.status_code, answer.json()["reason"]) == (status, code)
    assert appealing[1].fault == ""


async def full_desk() -> web.Response:
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


@pytest.mark.parametrize("answers", [full_desk, another, moved, endless, slow])
async def test_without_the_desks_word_it_is_to_be_sent_again(
    appealing: tuple[Caller, DeskRelay], desk: tuple[ADesk, str], answers: Answers
) -> None:
    appealing[1].peer = Peer(ANYWHERE, ca_file=None, timeout_seconds=0.5, connections_max=1)
    desk[0].answers = answers
    answer = await appealing[0].post("/v1/appeals", MADE, "appeals")
    assert (answer.status_code, answer.json()["reason"], answer.headers["Retry-After"]) == (
        503,
        "desk-away",
        "5",
    )
    assert appealing[1].fault


async def test_a_desk_that_does_not_believe_the_gate_is_away(
    appealing: tuple[Caller, DeskRelay], desk: tuple[ADesk, str]
) -> None:
    appealing[1].key = Secret(b"other" * 8)
    assert (await appealing[0].post("/v1/appeals", MADE, "appeals")).status_code == 503
    assert (desk[0].taken, appealing[1].fault) == ([], "answered 401 (signature)")


async def test_key_of_one_platform_appeals_for_its_holders_alone(
    appealing: tuple[Caller, DeskRelay], desk: tuple[ADesk, str]
) -> None:
    caller = appealing[0]
    own = AppealMade(appeal_id="c-1", alert_id="alert-1", platform="app", account_id="1")
    other = replace(own, platform="web")
    assert (await caller.post("/v1/appeals", own, "appeals@app")).status_code == 202
    for path, body in (
        ("/v1/appeals", encode(other)),
        ("/v1/appeals", encode(MADE)),  # whose alert may be of any platform
        ("/v1/appeals?preset=coop", json.dumps(COOP_APPEAL).encode()),
    ):
        answer = await caller.post(path, body, "appeals@app")
        told = (answer.status_code, answer.json()["reason"], answer.json()["path"])
        assert told == (403, "not-allowed", "$.platform")
    assert (await caller.post("/v1/appeals", other, "appeals@app", "appeals@web")).status_code == 202
    assert (await caller.post("/v1/appeals", other, "appeals")).status_code == 202
    assert desk[0].taken == [own, other, other]
    assert caller.metric("samehand_gate_refused_total", reason="not-allowed") == 3


async def test_key_that_appeals_more_often_than_its_rate_is_asked_to_wait(
    appealing: tuple[Caller, DeskRelay], desk: tuple[ADesk, str]
) -> None:
    caller = appealing[0]
    key = caller.key("appeals", rate="3/s")
    made = [AppealMade(appeal_id=f"c-{it}", alert_id=f"alert-{it}") for it in range(10)]
    answers = await asyncio.gather(*(caller.post("/v1/appeals", each, key=key) for each in made))
    assert Counter(it.status_code for it in answers) == {202: 3, 429: 7}
    refused = next(it for it in answers if it.status_code == 429)
    assert (refused.json()["reason"], refused.headers["Retry-After"]) == ("rate", "1")
    assert len(desk[0].taken) == 3


@pytest.mark.parametrize("named", [{"platform": "app", "account_id": "1"}, {}])
async def test_account_that_appeals_again_and_again_is_asked_to_wait_and_no_other_is(
    appealing: tuple[Caller, DeskRelay], desk: tuple[ADesk, str], named: dict[str, Any]
) -> None:
    caller = appealing[0]
    made = [AppealMade(appeal_id=f"c-{it}", alert_id="alert-1", **named) for it in range(8)]
    answers = await asyncio.gather(*(caller.post("/v1/appeals", each, "appeals") for each in made))
    assert Counter(it.status_code for it in answers) == {202: ACCOUNT_APPEALS_MAX, 429: 3}
    refused = next(it for it in answers if it.status_code == 429)
    assert (refused.json()["reason"], refused.headers["Retry-After"]) == ("rate", "60")
    assert len(desk[0].taken) == ACCOUNT_APPEALS_MAX
    other = AppealMade(appeal_id="c-9", alert_id="alert-2", platform="app", account_id="2")
    assert (await caller.post("/v1/appeals", other, "appeals")).status_code == 202
    caller.life.seconds += 60
    assert (await caller.post("/v1/appeals", made[7], "appeals")).status_code == 202


async def test_a_gate_that_names_no_desk_takes_none(make_caller: Callable[[], Awaitable[Caller]]) -> None:
    answer = await (await make_caller()).post("/v1/appeals", MADE, "appeals")
    assert (answer.status_code, answer.json()["reason"]) == (404, "no-desk")
