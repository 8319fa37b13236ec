"""Apache Kafka that asks who is there: by SCRAM over TLS, by a certificate, and what each user may do."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from kafka.admin import (  # type: ignore[import-untyped]  # kafka-python ships no types
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ResourcePattern,
    ResourceType,
    UserScramCredentialUpsertion,
)
from msgspec.structs import replace

from local.apache import ApacheKafka, Listener
from local.broker import admin
from local.ports import LOOPBACK, take_port
from schemas.examples import ALERT
from schemas.record import Record
from schemas.wire import encode
from streams.deadletters.admin import Wanted, replay
from streams.faust_app.start_checks import kafka_fault
from streams.kafka import topics
from streams.kafka.client import admin as our_admin
from streams.kafka.client import writer
from streams.settings import Settings, load
from streams.supervision.exit_codes import EXIT_REFUSED
from tests.apache import kafka_program
from tests.certificates import Certificates, make_certificates
from tests.cli.test_topics import after
from tests.deliver.receiver import Answer, receiving
from tests.house import ROOT
from tests.journeys.bridged import Bridged, change
from tests.journeys.conftest import Platform
from tests.journeys.delivering import Delivering
from tests.journeys.test_main_job import refused
from tests.makers import a_ban, a_change, a_deletion, a_reinstatement, a_sign_up, a_verdict

pytestmark = [pytest.mark.journey, pytest.mark.kafka]

USER, PASSWORD = "samehand", "only tests know it"
NOW = datetime.now(UTC).replace(microsecond=0)
DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0dbeef"


@dataclass(frozen=True, slots=True)
class Guarded:
    """A broker with a listener of each kind."""

    scram: str
    mutual: str
    certificates: Certificates


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, kafka_libs: Path) -> Iterator[Guarded]:
    """Started with a user, and with certificates of its own."""
    made = make_certificates(tmp_path_factory.mktemp("certificates"))
    ports = [take_port(), take_port()]
    scram, mutual = (
        Listener("SCRAM", "SASL_SSL", ports[0].number),
        Listener("MUTUAL", "SSL", ports[1].number),
    )
    settings = {
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(made.both_of("server")),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(made.authority),
        "listener.name.mutual.ssl.client.auth": "required",
        "listener.name.scram.sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "listener.name.scram.scram-sha-512.sasl.jaas.config": (
            "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        ),
    }
    try:
        with ApacheKafka(home=kafka_libs, settings=settings, listeners=[scram, mutual]) as kafka:
            add_user(kafka)
            yield Guarded(f"{LOOPBACK}:{scram.port}", f"{LOOPBACK}:{mutual.port}", made)
    finally:
        for port in ports:
            port.release()


def add_user(kafka: ApacheKafka) -> None:
    """As an administrator does it."""
    user = UserScramCredentialUpsertion(USER, "SCRAM-SHA-512", PASSWORD)
    with admin(kafka.address) as client:
        assert client.alter_user_scram_credentials([user]) == {USER: None}


def by_scram(guarded: Guarded, folder: Path, password: str = PASSWORD) -> dict[str, str]:
    """The settings of a worker that has a name and a password."""
    secret = folder / "kafka-password"
    secret.write_text(f"{password}\n")
    return {
        "SAMEHAND_KAFKA_TLS": "true",
        "SAMEHAND_KAFKA_CA_FILE": str(guarded.certificates.authority),
        "SAMEHAND_KAFKA_SASL_MECHANISM": "SCRAM-SHA-512",
        "SAMEHAND_KAFKA_USERNAME": USER,
        "SAMEHAND_KAFKA_PASSWORD_FILE": str(secret),
    }


def by_certificate(guarded: Guarded) -> dict[str, str]:
    """The settings of a worker that has a certificate."""
    return {
        "SAMEHAND_KAFKA_TLS": "true",
        "SAMEHAND_KAFKA_CA_FILE": str(guarded.certificates.authority),
        "SAMEHAND_KAFKA_CERT_FILE": str(guarded.certificates.of("client")),
        "SAMEHAND_KAFKA_KEY_FILE": str(guarded.certificates.key_of("client")),
    }


@pytest.mark.parametrize("way", ["scram", "certificate"])
def test_a_ban_and_its_mirror_become_an_alert(
    guarded: Guarded, way: str, tmp_path: Path, redis_url: str, redis_user: dict[str, str]
) -> None:
    address, extra = (
        (guarded.scram, by_scram(guarded, tmp_path))
        if way == "scram"
        else (guarded.mutual, by_certificate(guarded))
    )
    platform = Platform(tmp_path, address, redis_url, redis_user=redis_user, extra=extra)
    try:
        platform.open()
        banned = a_ban("b1", handle="umar_media", device_id=DEVICE, at=NOW, banned_at=NOW)
        platform.publish(platform.topics.banned, banned)
        mirror = a_sign_up("n1", handle="um4r_media_2", device_id=DEVICE, at=NOW)
        platform.publish(platform.topics.created, mirror)
        platform.until(lambda: platform.alerts_on("n1"), "the alert")
        assert PASSWORD not in platform.log.read_text()
    finally:
        platform.close()


def test_a_worker_with_a_wrong_password_says_so_in_one_line(
    guarded: Guarded, tmp_path: Path, redis_url: str
) -> None:
    wrong = by_scram(guarded, tmp_path, "a wrong password")
    platform = Platform(tmp_path, guarded.scram, redis_url, extra=wrong)
    try:
        code, told = refused(platform.environment)
    finally:
        platform.close()
    assert code == EXIT_REFUSED
    assert told["why"].startswith(f"{guarded.scram} refuses the login")
    assert "SAMEHAND_KAFKA_PASSWORD_FILE" in told["cure"]
    assert "a wrong password" not in str(told)


@pytest.mark.parametrize(
    ("changed", "word"),
    [
        ({"SAMEHAND_KAFKA_SASL_MECHANISM": "PLAIN"}, "refuses the login (UnsupportedSaslMechanismError)"),
        ({"SAMEHAND_KAFKA_USERNAME": "nobody"}, "refuses the login (SaslAuthenticationFailed)"),
        ({"SAMEHAND_KAFKA_SASL_MECHANISM": ""}, "closes the connection"),
        ({"SAMEHAND_KAFKA_TLS": "", "SAMEHAND_KAFKA_CA_FILE": ""}, "closes the connection"),
        ({"SAMEHAND_KAFKA_CA_FILE": ""}, "fails the TLS handshake"),
    ],
)
def test_what_is_wrong_with_a_login_is_told_at_once(
    guarded: Guarded, tmp_path: Path, changed: dict[str, str], word: str
) -> None:
    given = {"SAMEHAND_KAFKA_BROKERS": guarded.scram, **by_scram(guarded, tmp_path), **changed}
    fault = kafka_fault(load(given))
    assert fault is not None
    assert f"{guarded.scram} " in fault.what
    assert word in fault.what


def test_nobody_without_a_certificate_is_let_in(guarded: Guarded) -> None:
    given = by_certificate(guarded)
    assert kafka_fault(load({"SAMEHAND_KAFKA_BROKERS": guarded.mutual, **given})) is None
    del given["SAMEHAND_KAFKA_CERT_FILE"], given["SAMEHAND_KAFKA_KEY_FILE"]
    fault = kafka_fault(load({"SAMEHAND_KAFKA_BROKERS": guarded.mutual, **given}))
    assert fault is not None
    assert "SAMEHAND_KAFKA_CERT_FILE" in fault.cure


def test_a_broker_of_another_authority_is_not_trusted(guarded: Guarded, tmp_path: Path) -> None:
    given = by_scram(guarded, tmp_path)
    given["SAMEHAND_KAFKA_CA_FILE"] = str(make_certificates(tmp_path).authority)
    fault = kafka_fault(load({"SAMEHAND_KAFKA_BROKERS": guarded.scram, **given}))
    assert fault is not None
    assert "fails the TLS handshake" in fault.what


# The rights that `samehand topics` writes, on an Apache Kafka: each user has enough, and no more.


ACLS_SECONDS_MAX = 100.0
PREFIX, GROUP = "eu.", "mirrors"
WHO = ("worker", "platform", "moderation", "desk", "operator", "bridge", "deliver")
FOREIGN = "shop.public.users"
AGO = NOW - timedelta(hours=2)
OTHER = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0dcafe"
PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule required"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A broker with an authorizer: by name on one listener; the other, an administrator's, may everything."""

    kafka: ApacheKafka
    guarded: str

    def settings(self, who: str, folder: Path) -> dict[str, str]:
        """How somebody connects."""
        secret = folder / f"{who}-password"
        secret.write_text(f"{who}-secret\n", "utf-8")
        return {
            "SAMEHAND_KAFKA_BROKERS": self.guarded,
            "SAMEHAND_KAFKA_SASL_MECHANISM": "PLAIN",
            "SAMEHAND_KAFKA_USERNAME": who,
            "SAMEHAND_KAFKA_PASSWORD_FILE": str(secret),
            "SAMEHAND_KAFKA_GROUP": GROUP,
            "SAMEHAND_TOPIC_PREFIX": PREFIX,
            "SAMEHAND_TOPIC_PARTITIONS": "2",
        }


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory, kafka_libs: Path) -> Iterator[Cluster]:
    port = take_port()
    users = " ".join(f'user_{who}="{who}-secret"' for who in WHO)
    settings = {
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
        "listener.name.guarded.sasl.enabled.mechanisms": "PLAIN",
        "listener.name.guarded.plain.sasl.jaas.config": f"{PLAIN} {users};",
    }
    folder = tmp_path_factory.mktemp("acls")
    try:
        with ApacheKafka(
            home=kafka_libs, settings=settings, listeners=[Listener("GUARDED", "SASL_PLAINTEXT", port.number)]
        ) as kafka:
            made_as = load(
                {
                    "SAMEHAND_KAFKA_BROKERS": kafka.address,
                    "SAMEHAND_TOPIC_PREFIX": PREFIX,
                    "SAMEHAND_TOPIC_PARTITIONS": "2",
                }
            )
            made = topics.check(made_as, list(topics.every(made_as).values()), create=True)
            assert {finding.kind for finding in made} == {"created"}
            program = kafka_program(folder, kafka_libs, "kafka-acls.sh", "org.apache.kafka.tools.AclCommand")
            give_rights(kafka, program)
            yield Cluster(kafka, f"{LOOPBACK}:{port.number}")
    finally:
        port.release()


def give_rights(kafka: ApacheKafka, program: Path) -> None:
    """What `samehand topics` writes: of each form the first by Kafka's own program, others by one request."""
    given = {
        "SAMEHAND_TOPIC_PREFIX": PREFIX,
        "SAMEHAND_KAFKA_GROUP": GROUP,
        "SAMEHAND_TOPIC_CREATE": "false",
        "SAMEHAND_MAPPINGS": str(ROOT / "examples" / "debezium" / "mappings.toml"),
    }
    script = subprocess.run(
        [sys.executable, "-m", "cli", "topics", "--format", "sh", "--features", "desk,deliver,bridge"],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, **given},
    ).stdout
    operations = {it.name.replace("_", ""): it for it in ACLOperation}
    forms: set[frozenset[str]] = set()
    rights = []
    for name, _, *words in map(shlex.split, script.splitlines()[1:]):
        if name != "kafka-acls.sh":
            continue
        form = frozenset(word for word in words if word.startswith("--"))
        if form not in forms:
            forms.add(form)
            reached = [str(program), "--bootstrap-server", kafka.address, *words]
            subprocess.run(reached, check=True, timeout=ACLS_SECONDS_MAX)
            continue
        (who,), (operation,) = after(words, "--allow-principal"), after(words, "--operation")
        rights += [
            ACL(who, "*", operations[operation.upper()], ACLPermissionType.ALLOW, ResourcePattern(kind, name))
            for kind in (ResourceType.TOPIC, ResourceType.GROUP)
            for name in after(words, f"--{kind.name.lower()}")
        ]
    assert len(forms) == 3  # topics, a group, groups that begin alike
    with admin(kafka.address) as client:
        assert client.create_acls(rights)["failed"] == []


@pytest.fixture
def platform(
    cluster: Cluster, tmp_path: Path, redis_url: str, redis_user: dict[str, str]
) -> Iterator[Platform]:
    """A worker that is its own user; alerts are read as an operator reads them."""
    made = Platform(
        tmp_path,
        cluster.guarded,
        redis_url,
        prefix=PREFIX,
        redis_user=redis_user,
        extra=cluster.settings("worker", tmp_path),
    )
    made.settings = load({**made.environment, **cluster.settings("operator", tmp_path)})
    try:
        yield made
    finally:
        made.close()


def publish(settings: Settings, topic: str, *records: Record | bytes) -> None:
    """As the user that the settings name."""
    with writer(settings) as out:
        for record in records:
            value = encode(record) if isinstance(record, Record) else record
            key = str(getattr(record, "key", "")).encode()
            out.send(topic, value=value, key=key, headers=[]).get(60.0)


@contextmanager
def without(cluster: Cluster, operation: ACLOperation, kind: ResourceType, name: str) -> Iterator[None]:
    """The worker's right to something, taken away for a while."""
    taken = ACLFilter("User:worker", "*", operation, ACLPermissionType.ALLOW, ResourcePattern(kind, name))
    with admin(cluster.kafka.address) as client:
        (done,) = client.delete_acls([taken])
        (right,) = done[1]
        try:
            yield
        finally:
            client.create_acls([right])


def test_a_worker_with_these_rights_does_its_whole_job(
    cluster: Cluster, platform: Platform, tmp_path: Path
) -> None:
    publishing, desk = (load(cluster.settings(who, tmp_path)) for who in ("platform", "desk"))
    called = platform.topics
    platform.open()

    # A ban, its mirror, and a mirror that was prepared before a ban.
    banned = a_ban("b1", handle="umar_media", device_id=DEVICE, at=AGO, banned_at=AGO)
    publish(publishing, called.banned, banned)
    publish(publishing, called.created, a_sign_up("n1", handle="um4r_media_2", device_id=DEVICE, at=NOW))
    platform.until(lambda: platform.alerts_on("n1"), "the alert")
    publish(publishing, called.created, a_sign_up("n2", handle="valley_news_2", device_id=OTHER, at=AGO))
    publish(publishing, called.updated, a_change("n2", handle="valley_news_2", device_id=OTHER, at=AGO))
    counted = f'samehand_events_total{{outcome="nothing",topic="{called.updated}"}}'
    platform.until(lambda: platform.metric(counted) >= 1, "the change to be remembered")
    publish(publishing, called.banned, a_ban("b2", handle="valley_news", device_id=OTHER, at=NOW))
    platform.until(lambda: platform.alerts_on("n2"), "the alert that looks back")

    # What people decide, and what ends by itself: a reinstatement withdraws, a deletion leaves a tombstone.
    (alert,) = platform.alerts_on("n2")
    publish(desk, called.verdicts, a_verdict(alert.alert_id, "mirror"))
    judged = 'samehand_verdicts_total{band="likely",verdict="mirror"}'
    platform.until(lambda: platform.metric(judged) == 1, "the verdict")
    publish(publishing, called.reinstated, a_reinstatement("b1", at=NOW))
    platform.until(
        lambda: [it.status for it in platform.alerts_on("n1")][-1] == "withdrawn", "the withdrawal"
    )
    publish(publishing, called.deleted, a_deletion("n2", at=NOW))
    deleted = f'samehand_events_total{{outcome="nothing",topic="{called.deleted}"}}'
    platform.until(lambda: platform.metric(deleted) == 1, "the deletion")

    # A dead letter, and that nothing else became one.
    publish(publishing, called.created, b"no record")
    platform.until(platform.letters, "the dead letter")
    assert [letter.reason for letter in platform.letters()] == ["not-json"]
    log = platform.log.read_text("utf-8")
    assert "AuthorizationFailed" not in log
    assert "forbidden" not in log


def test_the_store_is_rebuilt_with_a_workers_rights(platform: Platform) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cli", "rebuild"],
        env={**os.environ, **platform.environment},
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stderr


def test_a_bridge_with_these_rights_does_its_whole_job(cluster: Cluster, tmp_path: Path) -> None:
    bridged = Bridged(tmp_path, cluster.guarded, foreign=FOREIGN, **cluster.settings("bridge", tmp_path))
    administrator = {"SAMEHAND_KAFKA_BROKERS": cluster.kafka.address, "SAMEHAND_TOPIC_PREFIX": PREFIX}
    bridged.settings = load(administrator)
    try:
        bridged.make_topic()
        bridged.send([change("c", {"id": 1, "username": "umar"}), change("r", {"id": 2}), (b"3", b"{")])
        bridge = bridged.start()
        bridged.until(
            lambda: (
                any(it.key == b"shop:1" for it in bridged.read(bridged.topics.created))
                and any(it.key == b"shop:2" for it in bridged.read(bridged.topics.remembered))
                and any(reason == "not-json" for reason, _, _ in bridged.letters())
            ),
            "all of it",
        )
        bridge.stop(60.0)
        log = (bridged.folder / "bridge-0.log").read_text("utf-8")
        assert "AuthorizationFailed" not in log
        assert "forbidden" not in log
    finally:
        bridged.close()


def test_deliver_with_these_rights_does_its_whole_job(cluster: Cluster, tmp_path: Path) -> None:
    """And what an endpoint refused an operator sends again."""
    administrator = load({"SAMEHAND_KAFKA_BROKERS": cluster.kafka.address, "SAMEHAND_TOPIC_PREFIX": PREFIX})
    with receiving() as desk:
        delivering = Delivering(
            tmp_path,
            cluster.guarded,
            {"desk": desk},
            environment=cluster.settings("deliver", tmp_path),
            administrator=administrator,
            desk='platforms = ["of-this-test"]',
        )
        try:
            desk.answer = lambda request: Answer(400)
            delivering.start()
            delivering.send([replace(ALERT, platform="of-this-test")])
            delivering.until(lambda: ("desk", "endpoint-refused") in delivering.letters(), "the letter")
            desk.answer = lambda request: Answer()
            operator = load(cluster.settings("operator", tmp_path))
            assert replay(operator, Wanted(reason="endpoint-refused")).sent == 1
            delivering.until(lambda: len(desk.requests) == 2, "the alert once more")
            log = (tmp_path / "deliver-0.log").read_text("utf-8")
            assert "AuthorizationFailed" not in log
            assert "forbidden" not in log
        finally:
            delivering.close()


@pytest.mark.parametrize(
    ("who", "operation", "topic"),
    [
        ("operator", "WRITE", "alerts.shadow"),
        ("deliver", "WRITE", "alerts"),
        ("deliver", "READ", "deadletters"),
        ("deliver", "READ", "accounts.created"),
        ("bridge", "READ", "accounts.created"),
        ("bridge", "WRITE", "alerts"),
        ("bridge", "READ", "deadletters"),
        ("worker", "WRITE", "accounts.created"),
        ("worker", "READ", "deadletters"),
    ],
)
def test_nobody_may_do_more(cluster: Cluster, tmp_path: Path, who: str, operation: str, topic: str) -> None:
    assert operation not in rights(load(cluster.settings(who, tmp_path))).get(PREFIX + topic, set())


def test_everybody_may_do_what_is_theirs(cluster: Cluster, tmp_path: Path) -> None:
    named = topics.Names(PREFIX)
    allowed = {who: rights(load(cluster.settings(who, tmp_path))) for who in WHO}
    assert allowed["platform"] == {topic: {"DESCRIBE", "WRITE"} for topic in (*named.events, named.actioned)}
    assert allowed["moderation"] == {
        f"{PREFIX}{topic}": {"DESCRIBE", "READ"} for topic in ("alerts", "alerts.waves")
    }
    looks = {"DESCRIBE", "DESCRIBE_CONFIGS"}
    assert allowed["desk"] == {
        f"{PREFIX}accounts.actioned": {*looks, "READ"},
        f"{PREFIX}deadletters": {*looks, "WRITE"},
        f"{PREFIX}alerts": {*looks, "READ"},
        f"{PREFIX}alerts.sample": {*looks, "READ"},
        f"{PREFIX}alerts.waves": {*looks, "READ"},
        f"{PREFIX}alerts.verdicts": {*looks, "READ", "WRITE"},
        named.audit: {*looks, "READ", "WRITE"},
    }
    worker = {spec.name for spec in topics.wanted(load(cluster.settings("worker", tmp_path)))}
    assert set(allowed["worker"]) == worker
    # Of features that do not run nobody has rights.
    idle = {named.shadow, named.gate_audit, named.appeals}
    assert set(allowed["operator"]) == set(vars(named).values()) - idle


def rights(settings: Settings) -> dict[str, set[str]]:
    """What a user may do with each topic that it sees."""
    with our_admin(settings) as client:
        return {entry["name"]: set(entry["authorized_operations"]) for entry in client.describe_topics()}


@pytest.mark.parametrize(
    ("right", "topic"),
    [(right, topic.name) for topic in topics.wanted(load({})) for right in sorted(topic.rights)],
)
def test_each_right_of_a_worker_is_needed_and_missed_by_name(
    cluster: Cluster, tmp_path: Path, right: str, topic: str
) -> None:
    settings = load(cluster.settings("worker", tmp_path))
    assert topics.check(settings) == []
    with without(cluster, ACLOperation[right], ResourceType.TOPIC, PREFIX + topic):
        (finding,) = topics.check(settings)
    assert finding.topic == PREFIX + topic
    assert finding.blocks
    assert (right.lower() in finding.detail) or "we may not see it" in finding.detail


def test_a_worker_that_lacks_a_right_says_so_and_ends(cluster: Cluster, platform: Platform) -> None:
    with without(cluster, ACLOperation.WRITE, ResourceType.TOPIC, f"{PREFIX}accounts.banned"):
        platform.worker.start()
        platform.until(lambda: platform.worker.pid is None, "its end")
    log = platform.log.read_text("utf-8")
    assert "does not allow us to write" in log, log


def test_a_worker_that_lacks_its_group_says_so_and_ends(cluster: Cluster, platform: Platform) -> None:
    with without(cluster, ACLOperation.READ, ResourceType.GROUP, GROUP):
        platform.worker.start()
        platform.until(lambda: platform.worker.pid is None, "its end")
    log = platform.log.read_text("utf-8")
    assert f"we may not read as the group {GROUP}" in log or "Kafka: GroupAuthorizationFailed" in log, log
    assert "samehand topics" in log
