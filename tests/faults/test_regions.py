"""docs/howto/rollout.md, rehearsed: an installation that MirrorMaker feeds, and the loss of the other."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from local.apache import ApacheKafka
from local.ports import take_port
from local.processes import Child
from local.redis import EmbeddedRedis
from tests.apache import fetched, kafka_program
from tests.faults.table import Row, Table
from tests.house import ROOT
from tests.journeys.conftest import Platform
from tests.makers import a_ban, a_sign_up, a_verdict

pytestmark = [pytest.mark.kafka, pytest.mark.thorough]

PAGE = (ROOT / "docs/howto/rollout.md").read_text("utf-8")
CONSUMER_GROUPS = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"
MIRROR_MAKER = "org.apache.kafka.connect.mirror.MirrorMaker"
NOW = datetime.now(UTC).replace(microsecond=0)
AGO = NOW - timedelta(hours=2)
DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d{:04x}"


def mirror_file(folder: Path, live: ApacheKafka, standby: ApacheKafka) -> Path:
    """The example's file, for two brokers of one node each."""
    text = (ROOT / "examples/regions/mirror.properties").read_text("utf-8")
    text = text.replace("127.0.0.1:9092", live.address).replace("127.0.0.1:9093", standby.address)
    text = re.sub(r"(factor) = 3", r"\1 = 1", text)
    path = folder / "mirror.properties"
    path.write_text(re.sub(r"(interval\.seconds) = \d+", r"\1 = 1", text), "utf-8")
    return path


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def test_a_standby_region_says_the_same_and_goes_on_alone(
    stack: ExitStack, tmp_path: Path, kafka_libs: Path, fault_table: Table
) -> None:
    brokers = [stack.enter_context(ApacheKafka(home=kafka_libs)) for _ in range(2)]
    stores = [stack.enter_context(EmbeddedRedis()) for _ in range(2)]
    for name in ("live", "standby"):
        (tmp_path / name).mkdir()
    live = Platform(tmp_path / "live", brokers[0].address, stores[0].url, prefix="")
    stack.callback(live.close)
    live.open()
    mirror_maker = Child(
        [
            str(kafka_program(tmp_path, fetched("connect"), "connect-mirror-maker.sh", MIRROR_MAKER)),
            str(mirror_file(tmp_path, *brokers)),
        ],
        tmp_path / "mirror-maker.log",
        {},
    )
    mirror_maker.start()
    stack.callback(mirror_maker.stop, 25.0)
    pepper = {"SAMEHAND_PEPPER_FILE": live.environment["SAMEHAND_PEPPER_FILE"]}
    standby = Platform(tmp_path / "standby", brokers[1].address, stores[1].url, prefix="live.", extra=pepper)
    stack.callback(standby.close)
    standby.open()

    for number, name in enumerate(("umar_media", "karakoram_songs")):
        device = DEVICE.format(number)
        live.publish(
            live.topics.banned, a_ban(f"b{number}", handle=name, device_id=device, at=AGO, banned_at=AGO)
        )
        live.publish(live.topics.created, a_sign_up(f"n{number}", handle=name, device_id=device, at=NOW))
    live.until(lambda: len(live.alerts()) == 2, "the alerts")
    standby.until(lambda: len(standby.alerts()) == 2, "the same alerts in the standby region")
    assert {it.alert_id for it in standby.alerts()} == {it.alert_id for it in live.alerts()}
    [dismissed] = live.alerts_on("n0")
    live.publish(live.topics.verdicts, a_verdict(dismissed.alert_id, "not_mirror"))
    counted = 'samehand_verdicts_total{band="likely",verdict="not_mirror"}'
    standby.until(lambda: standby.metric(counted) == 1, "the verdict in the standby region")

    # Later than every alert so far, and earlier than what comes once the broker has ended.
    lost_at = (datetime.now(UTC) + timedelta(milliseconds=1)).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
    live.worker.kill()
    brokers[0].close()
    began = time.monotonic()
    third = a_sign_up("n2", handle="karakoram_songs_2", device_id=DEVICE.format(1), at=NOW)
    standby.publish(standby.topics.created, third)
    standby.until(lambda: standby.alerts_on("n2"), "an alert without the live region")
    fault_table.add(Row("the live region is lost", 0, 0, 0, time.monotonic() - began, None))

    [reset] = re.findall(r"kafka-consumer-groups.sh (.*)", PAGE)
    reset = reset.replace("127.0.0.1:9093", brokers[1].address).replace("2026-11-30T02:00:00.000", lost_at)
    reset = reset.replace("samehand-deliver", f"{standby.settings.kafka_group}-deliver")
    groups = kafka_program(tmp_path, kafka_libs, "kafka-consumer-groups.sh", CONSUMER_GROUPS)
    subprocess.run([str(groups), *reset.split()], check=True, capture_output=True, timeout=60.0)
    sent = delivered(stack, tmp_path, standby)
    standby.until(lambda: "alert.opened" in sent.read_text("utf-8"), "the alert at the receiver")
    assert re.findall("alert.opened: .*", sent.read_text("utf-8")) == ["alert.opened: telegram:n2 likely"]


def delivered(stack: ExitStack, folder: Path, platform: Platform) -> Path:
    """What a receiver prints of the alerts that `samehand deliver` sends it, as the page starts both."""
    hook, web = take_port(), take_port()
    stack.callback(hook.release)
    stack.callback(web.release)
    endpoints = folder / "endpoints.toml"
    shown = (ROOT / "examples/webhook/endpoints.toml").read_text("utf-8")
    secret = folder / "hook-secret"
    secret.write_text("whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
    endpoints.write_text(shown.replace("9000", str(hook.number)).replace("hook-secret", str(secret)), "utf-8")
    more = {
        **platform.environment,
        "HOOK_SECRET_FILE": str(secret),
        "SAMEHAND_ENDPOINTS": str(endpoints),
        "SAMEHAND_WEB_PORT": str(web.number),
    }
    receiver = [sys.executable, str(ROOT / "examples/webhook/receiver.py"), str(hook.number)]
    for name, words in {"receiver": receiver, "deliver": [sys.executable, "-m", "cli", "deliver"]}.items():
        child = Child(words, folder / f"{name}.log", more)
        stack.callback(child.stop, 25.0)
        child.start()
    return folder / "receiver.log"
