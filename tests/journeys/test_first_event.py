"""README's first event: its very commands, by Kafka's own programs, on listeners as compose has them."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.apache import ApacheKafka, Listener
from local.ports import LOOPBACK, take_port
from schemas.alerts import MirrorAlert
from schemas.wire import Decoded, decode_alert
from tests.apache import kafka_program
from tests.house import ROOT
from tests.journeys.conftest import Platform
from tests.printed import printed, printed_block

pytestmark = [pytest.mark.journey, pytest.mark.kafka]

COMMANDS_SECONDS_MAX = 180.0  # Java programs, one after the other
CONTAINER = "docker compose -f deploy/compose.yaml exec -T kafka /opt/kafka/bin"
PROGRAMS = {
    "kafka-console-producer.sh": "org.apache.kafka.tools.ConsoleProducer",
    "kafka-console-consumer.sh": "org.apache.kafka.tools.consumer.ConsoleConsumer",
}


@dataclass(frozen=True, slots=True)
class Composed:
    """A worker on a Kafka with a listener for the inside and one for the host, and Kafka's programs."""

    inside: str
    host: str
    bin: Path
    platform: Platform


@pytest.fixture(scope="module")
def composed(
    tmp_path_factory: pytest.TempPathFactory, kafka_libs: Path, redis_url: str
) -> Iterator[Composed]:
    folder, port = tmp_path_factory.mktemp("first-event"), take_port()
    samehand = folder / "samehand"
    samehand.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT} exec {sys.executable} -m cli "$@"\n', "utf-8")
    samehand.chmod(0o700)
    for name, main in PROGRAMS.items():
        kafka_program(folder, kafka_libs, name, main)
    try:
        with ApacheKafka(home=kafka_libs, listeners=[Listener("HOST", "PLAINTEXT", port.number)]) as kafka:
            platform = Platform(folder, kafka.address, redis_url, prefix="")
            try:
                platform.open()
                yield Composed(kafka.address, f"{LOOPBACK}:{port.number}", folder, platform)
            finally:
                platform.close()
    finally:
        port.release()


def ran(script: str, composed: Composed, folder: Path = ROOT) -> str:
    """What a shell prints where the programs are."""
    done = subprocess.run(
        ["bash", "-euc", script],
        cwd=folder,
        env={**os.environ, "PATH": f"{composed.bin}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=COMMANDS_SECONDS_MAX,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def shown(script: str, composed: Composed) -> list[MirrorAlert]:
    """The alerts that a shell prints."""
    lines = [line for line in ran(script, composed).splitlines() if line.startswith("{")]
    found = [decode_alert(line.encode(), now=time.time()) for line in lines]
    return [it.record for it in found if isinstance(it, Decoded) and isinstance(it.record, MirrorAlert)]


def test_from_the_container_the_first_ban_finds_its_mirror(composed: Composed) -> None:
    script = printed_block("kafka=")
    assert script.count(CONTAINER) == 1
    assert script.count("--bootstrap-server kafka:9092") == 2
    script = script.replace(CONTAINER, str(composed.bin)).replace("kafka:9092", composed.inside)
    (alert,) = shown(script, composed)
    assert (alert.account_id, alert.matched.account_id) == ("1002", "1001")
    assert alert.band == "likely"
    composed.platform.until(
        lambda: composed.platform.metric('samehand_verdicts_total{band="likely",verdict="mirror"}') == 1.0,
        "the verdict is judged",
    )


def test_from_the_host_the_same_alert_is_read(composed: Composed) -> None:
    """Kafka tells a client of the host an address that the host can reach."""
    command = shlex.join(
        printed(
            "kafka-console-consumer.sh --bootstrap-server 127.0.0.1:19092 --topic alerts --from-beginning"
        )
    )
    command = command.replace("127.0.0.1:19092", composed.host) + " --max-messages 1"
    (alert,) = shown(command, composed)
    assert alert.account_id == "1002"


def test_from_the_host_a_file_of_bans_is_enrolled(composed: Composed, tmp_path: Path) -> None:
    line = (ROOT / "deploy" / "compose" / "first-event" / "ban.txt").read_text("utf-8")
    other = line.partition("\t")[2].replace("1001", "1009").replace("first-ban", "second-ban")
    (tmp_path / "bans.jsonl").write_text(other, "utf-8")
    command = " ".join(printed("SAMEHAND_KAFKA_BROKERS=127.0.0.1:19092 samehand enrol bans.jsonl"))
    enrolled = f'samehand_events_total{{outcome="published",topic="{composed.platform.topics.banned}"}}'
    before = composed.platform.metric(enrolled)
    ran(command.replace("127.0.0.1:19092", composed.host), composed, tmp_path)
    composed.platform.until(lambda: composed.platform.metric(enrolled) == before + 1.0, "the ban is enrolled")
