"""A worker on an Apache Kafka that wants to know who it is: by SCRAM over TLS, and by a certificate."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from kafka.admin import UserScramCredentialUpsertion  # type: ignore[import-untyped]  # kafka-python ships no types

from local.apache import ApacheKafka, Listener
from local.broker import admin
from local.ports import LOOPBACK, take_port
from streams.errors import BrokerRefused, BrokerUnavailable
from streams.faust_app.start_checks import kafka_fault
from streams.kafka.client import reader
from streams.settings import load
from streams.supervision.exit_codes import EXIT_REFUSED
from tests.certificates import Certificates, make_certificates
from tests.journeys.conftest import Platform
from tests.journeys.test_main_job import refused
from tests.makers import a_ban, a_sign_up

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


def test_a_wrong_password_is_told_without_quoting_it(guarded: Guarded, tmp_path: Path) -> None:
    settings = load(
        {"SAMEHAND_KAFKA_BROKERS": guarded.scram, **by_scram(guarded, tmp_path, "a wrong password")}
    )
    with pytest.raises((BrokerRefused, BrokerUnavailable)) as refused, reader(settings) as opened:
        opened.partitions("accounts.created")
    assert "a wrong password" not in str(refused.value)


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
    settings = load({"SAMEHAND_KAFKA_BROKERS": guarded.mutual, **given})
    with pytest.raises((BrokerRefused, BrokerUnavailable)), reader(settings) as opened:
        opened.partitions("accounts.created")
    fault = kafka_fault(settings)
    assert fault is not None
    assert "SAMEHAND_KAFKA_CERT_FILE" in fault.cure


def test_a_broker_of_another_authority_is_not_trusted(guarded: Guarded, tmp_path: Path) -> None:
    given = by_scram(guarded, tmp_path)
    given["SAMEHAND_KAFKA_CA_FILE"] = str(make_certificates(tmp_path).authority)
    settings = load({"SAMEHAND_KAFKA_BROKERS": guarded.scram, **given})
    with pytest.raises((BrokerRefused, BrokerUnavailable)), reader(settings) as opened:
        opened.partitions("accounts.created")
