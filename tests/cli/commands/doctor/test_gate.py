"""Doctor on a gate: keys, addresses, what it may read in Redis and write to Kafka."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from agents.runtime.store_factory import peppers_of
from cli.commands.doctor import kafka
from cli.commands.doctor.findings import DoctorFinding
from cli.commands.doctor.gate import look_at_calls, look_at_keys, look_at_publishing, look_at_reading
from cli.store_context import closing_store
from gate.keys import new_key
from local.ports import LOOPBACK
from local.redis import EmbeddedRedis
from store.pepper.pepper import write_pepper_file
from streams.errors import TopicsError
from streams.kafka import topics
from streams.settings import Settings, load
from tests.deliver.receiver import SECRET_TEXT
from tests.house import ROOT

USER = "samehand-gate"


def states(findings: list[DoctorFinding]) -> list[tuple[str, str]]:
    return [(it.state, it.about) for it in findings]


def test_keys_that_are_not_named_or_not_there_are_wrong(tmp_path: Path) -> None:
    assert states(look_at_keys(load({}))) == [("wrong", "SAMEHAND_GATE_KEYS")]
    (missing,) = look_at_keys(load({"SAMEHAND_GATE_KEYS": str(tmp_path / "keys.json")}))
    assert missing.state == "wrong"
    assert "samehand keys new" in missing.cure


def test_keys_are_counted_and_a_file_without_any_is_told_of(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    settings = load({"SAMEHAND_GATE_KEYS": str(path)})
    path.write_text('{"version": 1, "keys": []}')
    assert states(look_at_keys(settings)) == [("warning", "keys")]
    new_key(path, "sign-up", frozenset({"score"}), 5.0, datetime.now(UTC))
    (found,) = look_at_keys(settings)
    assert (found.state, found.words) == ("fine", "1 key in force")
    path.write_text("{}}")
    (broken,) = look_at_keys(settings)
    assert (broken.state, broken.about) == ("wrong", "SAMEHAND_GATE_KEYS")
    assert "is no file of keys" in broken.words


def test_webhooks_that_cannot_be_used_are_named(tmp_path: Path) -> None:
    keys, webhooks = tmp_path / "keys.json", tmp_path / "webhooks.toml"
    new_key(keys, "sign-up", frozenset({"score"}), 5.0, datetime.now(UTC))
    webhooks.write_text("[shop]\nsignature = 'x-hub-signature'\nsecret_file = 'none'\n")
    given = {"SAMEHAND_GATE_KEYS": str(keys), "SAMEHAND_GATE_WEBHOOKS": str(webhooks)}
    assert states(look_at_keys(load(given)))[-1][0] == "wrong"


def test_a_key_for_appeals_needs_a_desk_and_a_secret_that_can_be_used(tmp_path: Path) -> None:
    keys, secret = tmp_path / "keys.json", tmp_path / "secret"
    new_key(keys, "help-desk", frozenset({"appeals"}), 5.0, datetime.now(UTC))
    given = {"SAMEHAND_GATE_KEYS": str(keys)}
    assert states(look_at_keys(load(given))) == [("fine", "keys"), ("warning", "appeals")]
    secret.write_text("no secret")
    given |= {"SAMEHAND_GATE_DESK_URL": "http://desk:6068", "SAMEHAND_GATE_DESK_SECRET_FILE": str(secret)}
    assert ("wrong", "SAMEHAND_GATE_DESK_SECRET_FILE") in states(look_at_keys(load(given)))
    secret.write_text(SECRET_TEXT)
    assert states(look_at_keys(load(given))) == [("fine", "keys")]


@pytest.mark.usefixtures("impatient")
def test_an_address_that_somebody_else_has_is_wrong() -> None:
    with closing(socket.create_server((LOOPBACK, 0))) as taken:
        port = str(taken.getsockname()[1])
        settings = load({"SAMEHAND_GATE_HOST": LOOPBACK, "SAMEHAND_GATE_PORT": port})
        (found,) = look_at_calls(settings)
    assert found.state == "wrong"
    assert "SAMEHAND_GATE_PORT" in found.cure
    assert look_at_calls(settings) == []


def test_rights_that_kafka_does_not_give_are_named_with_the_script_that_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[topics.TopicFinding] = []
    monkeypatch.setattr(kafka, "kafka_fault", lambda settings: None)
    monkeypatch.setattr(topics, "check", lambda settings, wanted: said)
    assert states(look_at_publishing(load({}))) == [("fine", "Kafka"), ("fine", "topics")]
    said.append(
        topics.TopicFinding("accounts.created", "forbidden", "does not allow us to write (Kafka's ACLs)")
    )
    (_, found) = look_at_publishing(load({}))
    assert (found.state, found.about) == ("wrong", "topic accounts.created")
    assert "acls.sh --gate" in found.cure

    def fail(settings: object, wanted: object) -> None:
        raise TopicsError("cannot be asked")

    monkeypatch.setattr(topics, "check", fail)
    assert states(look_at_publishing(load({}))) == [("wrong", "Kafka")]


def test_gate_wants_to_write_what_it_publishes_and_to_read_what_leads_decided_alone() -> None:
    wanted = topics.wanted_by_gate(load({}))
    called = topics.names(load({}))
    rights = {it.name: set(it.rights) for it in wanted}
    published = (*called.events, called.actioned, called.verdicts, called.gate_audit)
    followed = (called.weights, called.quarantine)
    assert rights == {name: {"WRITE"} for name in published} | {name: {"READ"} for name in followed}
    alone = load({"SAMEHAND_FOLLOW_WEIGHTS": "false"})
    assert called.weights not in {it.name for it in topics.wanted_by_gate(alone)}
    found = topics.TopicsOnBroker(partitions=1, configs=None, rights=frozenset({"DESCRIBE", "READ"}))
    assert [it.kind for it in topics.compare(wanted[0], found)] == ["forbidden"]


@pytest.fixture
def redis_of_gates() -> Iterator[EmbeddedRedis]:
    """A server that knows the gate's user."""
    rules = (ROOT / "deploy" / "redis" / "gate.acl").read_text("utf-8").split()[2:]
    with EmbeddedRedis() as server:
        with server.administrator() as administrator:
            administrator.execute_command("ACL", "SETUSER", USER, *rules, ">only tests know it")
        yield server


def its(server: EmbeddedRedis, folder: Path, **more: str) -> Settings:
    (folder / "password").write_text("only tests know it")
    given = {"REDIS_URL": server.url, "REDIS_USERNAME": USER, "REDIS_PASSWORD_FILE": folder / "password"}
    given |= {"PEPPER_FILE": folder / "pepper", "STORE_BANS": "2000", "STORE_REMEMBERED": "2000"}
    given |= {"REDIS_TIMEOUT_MS": "5000", **more}
    return load({f"SAMEHAND_{name}": str(value) for name, value in given.items()})


@pytest.mark.journey
async def test_reading_is_tried_as_the_gates_own_user(redis_of_gates: EmbeddedRedis, tmp_path: Path) -> None:
    write_pepper_file(tmp_path / "pepper")
    settings = its(redis_of_gates, tmp_path)
    peppers = peppers_of(settings)
    assert states(await look_at_reading(settings, None)) == [("warning", "store")]
    assert states(await look_at_reading(settings, peppers)) == [("fine", "store"), ("warning", "store")]
    workers = settings.model_copy(update={"redis_username": "", "redis_password_file": None})
    async with closing_store(workers, peppers) as store:
        await store.open()
    (found,) = await look_at_reading(settings, peppers)
    assert (found.state, found.about) == ("fine", "store")
    with redis_of_gates.administrator() as administrator:
        administrator.execute_command("ACL", "SETUSER", USER, "-evalsha_ro", "-eval_ro")
    (refused,) = await look_at_reading(settings, peppers)
    assert (refused.state, refused.about) == ("wrong", "Redis")
    assert "deploy/redis/gate.acl" in refused.cure
