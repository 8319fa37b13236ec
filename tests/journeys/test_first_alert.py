"""docs/first-alert.md and docs/mapping.md, with their very commands: from a foreign topic to a webhook."""

from __future__ import annotations

import re
import tomllib

import pytest

from cli.inputs.foreign_records import of_kcat
from schemas.mapping.compiler import compile_mappings
from schemas.mapping.convert import UNITS
from schemas.mapping.formats import FORMATS
from streams.kafka.client import admin, writer
from streams.settings import load
from tests.house import ROOT
from tests.journeys.newcomer import Newcomer, commands, held_port, newcomer, own_broker

PAGE = (ROOT / "docs" / "first-alert.md").read_text("utf-8")
COMMANDS = commands(PAGE)
MAPPING_PAGE = (ROOT / "docs" / "mapping.md").read_text("utf-8")
MAPPING_COMMANDS = commands(MAPPING_PAGE)
TOPIC = "shop.public.users"
MIRROR = "9007199254740993"
__all__ = ["newcomer", "own_broker"]


def publish(environment: dict[str, str], first: int, last: int | None = None) -> None:
    records = [
        it for _, it in of_kcat(ROOT / "examples/debezium/sample.kcat.jsonl", TOPIC, hear=lambda _: None)
    ]
    with writer(load(environment)) as out:
        for it in records[first:last]:
            out.send(TOPIC, key=it.key, value=it.value, headers=list(it.headers)).get(timeout=60.0)


@pytest.mark.journey
def test_the_pages_lead_to_an_alert_in_a_webhook_and_to_the_record_that_does_not_map(
    newcomer: Newcomer,
) -> None:
    sample, trial, live, pepper, worker, bridge, deliver, receiver = COMMANDS
    sample_again, mapped, bridge_again, letters = MAPPING_COMMANDS
    assert (sample_again, bridge_again) == (sample, bridge)
    assert "8 records: 6 map, 1 have nothing to say, 1 would be dead letters." in newcomer.types(sample)
    assert "1 likely, 0 possible on 1 account" in newcomer.types(trial)
    with admin(load(newcomer.environment)) as client:
        order = {"num_partitions": 2, "replication_factor": 1, "configs": {}}
        client.create_topics({TOPIC: order}, raise_errors=False)
    publish(newcomer.environment, 0, 3)
    assert "3 records: 3 map" in newcomer.types(mapped)
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
    publish(newcomer.environment, 3)
    newcomer.waits(
        lambda: f"{TOPIC}:" in (told := newcomer.types(letters)) and "missing-field" in told, "the letter"
    )
    assert heard.read_text("utf-8").count("alert.opened") == 1, "a snapshot alerts on nobody"


def test_every_command_of_the_pages_is_run_above() -> None:
    assert (len(COMMANDS), len(MAPPING_COMMANDS)) == (8, 4)
    every = (*COMMANDS, *MAPPING_COMMANDS)
    assert all(re.match(r"([A-Z_]+=\S+ )*(samehand|python) ", line) for line in every)


def test_the_file_that_the_mapping_page_shows_is_one() -> None:
    [shown] = re.findall(r"```toml\n(.*?)```", MAPPING_PAGE, re.DOTALL)
    assert set(compile_mappings(shown.encode(), "docs/mapping.md").topics) == {"app.users"}
    assert tomllib.loads(shown)


def test_the_mapping_page_names_every_format_and_unit() -> None:
    rows = re.findall(r"^\| (`[a-z]+`(?:, `[a-z]+`)*) \|", MAPPING_PAGE, re.MULTILINE)
    assert re.findall("[a-z]+", " ".join(rows)) == list(FORMATS)
    assert all(f"`{unit}`" in MAPPING_PAGE for unit in UNITS)
