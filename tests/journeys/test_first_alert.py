"""docs/first-alert.md, with its very commands: from a topic of somebody else's to an alert in a webhook."""

from __future__ import annotations

import re

import pytest

from cli.inputs.foreign_records import of_kcat
from streams.kafka.client import admin, writer
from streams.settings import load
from tests.house import ROOT
from tests.journeys.newcomer import Newcomer, commands, held_port, newcomer, own_broker

PAGE = (ROOT / "docs" / "first-alert.md").read_text("utf-8")
COMMANDS = commands(PAGE)
TOPIC = "shop.public.users"
MIRROR = "9007199254740993"
pytestmark = pytest.mark.journey
__all__ = ["newcomer", "own_broker"]


def publish(environment: dict[str, str], count: int | None) -> None:
    records = [
        it for _, it in of_kcat(ROOT / "examples/debezium/sample.kcat.jsonl", TOPIC, hear=lambda _: None)
    ]
    with writer(load(environment)) as out:
        for it in records[:count]:
            out.send(TOPIC, key=it.key, value=it.value, headers=list(it.headers)).get(timeout=60.0)


def test_the_page_leads_to_an_alert_in_a_webhook(newcomer: Newcomer) -> None:
    sample, trial, live, pepper, worker, bridge, deliver, receiver = COMMANDS
    assert "8 records: 6 map" in newcomer.types(sample)
    assert "1 likely, 0 possible on 1 account" in newcomer.types(trial)
    with admin(load(newcomer.environment)) as client:
        order = {"num_partitions": 2, "replication_factor": 1, "configs": {}}
        client.create_topics({TOPIC: order}, raise_errors=False)
    publish(newcomer.environment, 3)
    assert "1 likely" in newcomer.types(live)
    page = newcomer.folder / "first-alert" / "report.html"
    assert f"shop:{MIRROR}" in page.read_text("utf-8")
    newcomer.types(pepper)
    ports = {
        name: newcomer.stack.enter_context(held_port()) for name in ("worker", "bridge", "deliver", "hook")
    }
    newcomer.edits("webhook/endpoints.toml", _9000=ports["hook"])
    heard = newcomer.folder / "receiver.log"
    newcomer.starts("receiver", receiver.replace("9000", ports["hook"]))
    newcomer.starts("worker", worker, SAMEHAND_WEB_PORT=ports["worker"])
    newcomer.starts("bridge", bridge, SAMEHAND_WEB_PORT=ports["bridge"])
    newcomer.starts("deliver", deliver, SAMEHAND_WEB_PORT=ports["deliver"])
    [printed] = re.findall(r"^alert\.opened: .*$", PAGE, re.MULTILINE)
    newcomer.waits(lambda: printed in heard.read_text("utf-8"), f"{printed} at the receiver")


def test_every_command_of_the_page_is_run_above() -> None:
    assert len(COMMANDS) == 8
    assert all(re.match(r"([A-Z_]+=\S+ )*(samehand|python) ", line) for line in COMMANDS)
