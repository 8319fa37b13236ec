"""Foreign webhooks: whose they are their signature says, what they become a mapping."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from gate.app import Bodies, TooMuch
from gate.webhooks import ForeignWebhook, webhooks_of
from schemas.mapping.compiler import Mappings, compile_mappings
from schemas.mapping.mapper import Mapped
from schemas.wire import Decoded, decode_verdict
from streams.errors import SettingsError
from streams.standard_webhooks import Secret
from tests.gate.conftest import Caller, MakeCaller
from tests.gate.test_coop import PEM, PRIVATE, callback
from tests.house import ROOT
from tests.makers import NOON, a_ban, a_sign_up
from tests.tables import for_each

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
async def caller(make_caller: MakeCaller, tmp_path: Path) -> Caller:
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


async def sent(caller: Caller, name: str, raw: bytes, headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
    answer = await caller.client.post(f"/v1/webhooks/{name}", content=raw, headers=headers)
    return answer.status_code, answer.json()


CREATED = b'{"id": "7", "name": "umar", "at": "2026-11-24T12:00:00Z"}'


async def test_what_mastodon_signs_becomes_an_event(caller: Caller) -> None:
    status, told = await sent(caller, mastodon_topic(), SAMPLE, hub(SAMPLE))
    assert (status, told["accepted"]) == (202, 1)
    (emit,) = caller.broker.taken
    assert emit.topic == "t.accounts.created"


async def test_discourse_names_its_events_in_a_header(make_caller: MakeCaller, tmp_path: Path) -> None:
    path = the_file(
        tmp_path,
        '["discourse.webhooks"]\nsignature = "x-discourse-event-signature"\nsecret_file = "discourse"\n',
        discourse=SECRET,
    )
    mappings = compile_mappings((ROOT / "examples/discourse/mappings.toml").read_bytes(), "d")
    caller = await make_caller(webhooks=webhooks_of(path, mappings))
    raw = b'{"user": {"id": 41, "username": "umar_media", "created_at": "2026-03-01T09:30:14.881Z"}}'
    signed = {"X-Discourse-Event-Signature": hub(raw)["X-Hub-Signature"]}
    for event in ("user_updated", "user_updated", "user_unsuspended", "user_destroyed", "user_logged_in"):
        status, _ = await sent(caller, "discourse.webhooks", raw, {**signed, "X-Discourse-Event": event})
        assert status == (200 if event == "user_logged_in" else 202)
    emits = caller.broker.taken
    assert [it.topic.removeprefix("t.accounts.") for it in emits] == [
        "updated",
        "updated",
        "reinstated",
        "deleted",
    ]
    ids = [json.loads(it.value or b"")["event_id"] for it in emits]
    assert ids[0] == ids[1]
    assert len(set(ids)) == 3
    status, told = await sent(caller, "discourse.webhooks", raw, hub(raw))
    assert (status, told["reason"]) == (401, "bad-signature")


def test_repeated_suspension_keeps_the_moment_of_its_first_arrival(tmp_path: Path) -> None:
    path = the_file(
        tmp_path,
        '["discourse.webhooks"]\nsignature = "x-discourse-event-signature"\nsecret_file = "discourse"\n',
        discourse=SECRET,
    )
    mappings = compile_mappings((ROOT / "examples/discourse/mappings.toml").read_bytes(), "d")
    webhook = webhooks_of(path, mappings)["discourse.webhooks"]
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


async def test_what_a_standard_webhook_signs_becomes_an_event_the_same_however_often(caller: Caller) -> None:
    for _ in range(2):
        status, _ = await sent(caller, "shop", CREATED, standard(CREATED))
        assert status == 202
    first, second = caller.broker.taken
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
async def test_what_is_not_signed_is_not_read(caller: Caller, headers: dict[str, str]) -> None:
    status, told = await sent(caller, "shop", CREATED, headers)
    assert (status, told["reason"]) == (401, "bad-signature")
    assert caller.broker.taken == []


@pytest.mark.parametrize(
    "given", ["", "sha256=", "sha1=00", "sha256=ü", hub(SAMPLE, "another")["X-Hub-Signature"]]
)
async def test_another_hub_signature_is_none(caller: Caller, given: str) -> None:
    answer = await caller.client.post(
        f"/v1/webhooks/{mastodon_topic()}", content=SAMPLE, headers={b"X-Hub-Signature": given.encode()}
    )
    assert answer.status_code == 401


async def test_of_a_record_that_says_nothing_nothing_becomes(caller: Caller) -> None:
    raw = b'{"ping": true}'
    assert await sent(caller, "shop", raw, standard(raw)) == (
        200,
        {"accepted": 0, "refused": 0, "records": []},
    )


async def test_a_record_that_does_not_map_is_refused_with_path_and_reason(caller: Caller) -> None:
    raw = b'{"id": "7"}'
    status, told = await sent(caller, "shop", raw, standard(raw))
    assert (status, told["reason"], told["path"]) == (400, "missing-field", "$.occurred_at")


async def test_while_too_much_is_on_its_way_a_webhook_is_to_be_sent_again(
    caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Bodies, "whole", full)
    answer = await caller.client.post("/v1/webhooks/shop", content=CREATED, headers=standard(CREATED))
    assert (answer.status_code, answer.json()["reason"]) == (503, "overloaded")
    assert answer.headers["Retry-After"] == "5"
    monkeypatch.undo()
    assert (await sent(caller, "shop", CREATED, standard(CREATED)))[0] == 202


@asynccontextmanager
async def full(bodies: Bodies, chunks: AsyncIterator[bytes], network: str) -> AsyncIterator[bytes]:
    """As if others' bodies left no room."""
    raise TooMuch
    yield b""


async def test_an_unknown_webhook_is_none(caller: Caller) -> None:
    assert await sent(caller, "nobody", b"{}", {}) == (
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
        (
            '[shop]\nsignature = "standard-webhooks"\nsecret_file = "plain"',
            "must be `whsec_`",
        ),
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
    assert (given.record.verdict, given.record.revision) == ("mirror", alert.revision)
    assert b"example.org" not in (emit.value or b"")


async def test_what_coop_did_not_sign_or_nobody_decided_is_no_verdict(coop: Caller) -> None:
    (alert,) = coop.life.alerts
    raw = callback(item={"id": alert.alert_id, "typeId": "t"})
    assert (await sent(coop, "coop", raw + b" ", by_coop(raw)))[0] == 401
    by_rule = callback(item={"id": alert.alert_id, "typeId": "t"}, actorEmail=None)
    status, told = await sent(coop, "coop", by_rule, by_coop(by_rule))
    assert (status, told["reason"]) == (400, "missing-field")
    unknown = callback(item={"id": "unheard-of", "typeId": "t"})
    assert (await sent(coop, "coop", unknown, by_coop(unknown)))[0] == 404
    assert coop.broker.taken == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('signature = "coop"\nsecret_file = "s"', "must have `signature`, `public_key_file`"),
        ('signature = "coop"\npublic_key_file = "none"\nsecret_file = "s"', "No such file"),
        ('signature = "coop"\npublic_key_file = "s"\nsecret_file = "s"', "must be a public key in PEM"),
        ('signature = "coop"\npublic_key_file = 7\nsecret_file = "s"', "must have `signature`"),
    ],
)
def test_what_is_wrong_with_coops_table_is_told(tmp_path: Path, text: str, told: str) -> None:
    path = the_file(tmp_path, f"[coop]\n{text}\n", s="a secret of this house")
    with pytest.raises(SettingsError, match="coop") as refused:
        webhooks_of(path, None)
    assert told in str(refused.value)
