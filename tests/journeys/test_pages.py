"""Pages of docs, with their very commands: from a foreign topic, a table or webhooks to an alert."""

from __future__ import annotations

import json
import os
import re
import shutil
import tomllib
import urllib.error
import urllib.request
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NoReturn

import pytest

from cli.inputs.foreign_records import of_kcat
from local.apache import ApacheKafka
from local.binaries import NotAvailable
from local.ports import LOOPBACK
from local.postgres import USER, EmbeddedPostgres, programs
from schemas.mapping.compiler import compile_mappings
from schemas.mapping.convert import UNITS
from schemas.mapping.formats import FORMATS
from streams.kafka.client import admin, writer
from streams.settings import load
from tests.apache import REQUIRED, fetched, kafka_program
from tests.house import ROOT
from tests.journeys.newcomer import Newcomer, a_newcomer, answers, commands, held_port, newcomer, own_broker
from tests.tables import for_each

# docs/first-alert.md and docs/mapping.md, with their very commands: from a foreign topic to a webhook.


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


# docs/mastodon.md and docs/discourse.md, with their very commands: from webhooks to an alert.


SECRET = "what Mastodon shows on its page"


@dataclass(frozen=True)
class Page:
    """One page, the header of its signatures, and how many records its sample has."""

    name: str
    header: str
    records: int

    @property
    def text(self) -> str:
        return (ROOT / "docs" / f"{self.name}.md").read_text("utf-8")

    @property
    def typed(self) -> list[str]:
        return commands(self.text)


PAGES = (Page("mastodon", "X-Hub-Signature", 5), Page("discourse", "X-Discourse-Event-Signature", 8))


def status_of(url: str, header: str) -> int:
    """The answer to a webhook with a wrong signature."""
    request = urllib.request.Request(url, b"{}", {header: "sha256=0"})  # our own
    try:
        with urllib.request.urlopen(request, timeout=60.0) as answer:  # our own
            return int(answer.status)
    except urllib.error.HTTPError as fault:
        return fault.code
    except OSError:
        return 0


@pytest.mark.journey
def test_the_pages_lead_from_webhooks_to_an_alert_in_a_webhook(newcomer: Newcomer) -> None:
    """One gate takes the webhooks of both; what both pages say is typed once."""
    samples, [pepper, *_], keys, workers, gates, deliver, receiver, sends = zip(
        *(page.typed for page in PAGES), strict=True
    )
    for page, sample in zip(PAGES, samples, strict=True):
        shown = f"{page.records} records: {page.records - 1} map, 1 have nothing to say"
        assert shown in newcomer.types(sample)
    newcomer.types(pepper)
    newcomer.environment["SAMEHAND_GATE_KEYS"] = str(newcomer.folder / "keys.json")
    assert "samehand_" in newcomer.types(keys[0])
    for page in PAGES:
        [webhooks] = re.findall(r"```toml\n(.*?)```", page.text, re.DOTALL)
        with (newcomer.folder / "webhooks.toml").open("a") as both:
            both.write(webhooks)
        with (newcomer.folder / "mappings.toml").open("a") as both:
            both.write((newcomer.folder / f"examples/{page.name}/mappings.toml").read_text("utf-8"))
        (newcomer.folder / f"{page.name}-secret").write_text(SECRET)
    ports = {
        name: newcomer.stack.enter_context(held_port())
        for name in ("worker", "gate", "calls", "deliver", "hook")
    }
    newcomer.edits("webhook/endpoints.toml", _9000=ports["hook"])
    heard = newcomer.folder / "receiver.log"
    newcomer.starts("receiver", receiver[0].replace("9000", ports["hook"]))
    newcomer.starts("worker", workers[0], SAMEHAND_WEB_PORT=ports["worker"])
    [of_both] = {gate.replace(f"examples/{page.name}/", "") for gate, page in zip(gates, PAGES, strict=True)}
    newcomer.starts("gate", of_both, SAMEHAND_WEB_PORT=ports["gate"], SAMEHAND_GATE_PORT=ports["calls"])
    newcomer.starts("deliver", deliver[0], SAMEHAND_WEB_PORT=ports["deliver"])
    health = f"http://127.0.0.1:{ports['worker']}/health/ready"
    newcomer.waits(lambda: answers(health), "a worker that is ready")
    for page, send in zip(PAGES, sends, strict=True):
        url = f"http://127.0.0.1:{ports['calls']}/v1/webhooks/{page.name}.webhooks"
        newcomer.waits(partial(refuses, url, page.header), "a gate that refuses what is not signed")
        statuses = newcomer.types(send.replace("6070", ports["calls"])).split()
        assert statuses == ["202", "202", "202", "200", *["202"] * (page.records - 4)]
        [printed] = re.findall(r"^alert\.opened: .*$", page.text, re.MULTILINE)
        newcomer.waits(partial(holds, heard, printed), f"{printed} at the receiver")
    assert "umar" not in (newcomer.folder / "gate.log").read_text("utf-8")


def holds(path: Path, text: str) -> bool:
    return text in path.read_text("utf-8")


def refuses(url: str, header: str) -> bool:
    return status_of(url, header) == 401


@for_each("page", PAGES)
def test_every_command_of_the_page_is_run_above(page: Page) -> None:
    assert len(page.typed) == 8
    assert all(re.match(r"([A-Z_]+=\S+ )*(samehand|python) ", line) for line in page.typed)


# docs/postgres.md, with its very commands: from a users table of PostgreSQL, by Debezium, to an alert.


POSTGRES_PAGE = (ROOT / "docs" / "postgres.md").read_text("utf-8")
POSTGRES_COMMANDS = commands(POSTGRES_PAGE)
STANDALONE = "org.apache.kafka.connect.cli.ConnectStandalone"


def missing(why: str) -> NoReturn:
    """Skips, but fails where a skipped proof is a failure."""
    if os.environ.get(REQUIRED) == "1":
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture
def postgres() -> EmbeddedPostgres:
    try:
        programs()
    except NotAvailable as why:
        missing(str(why))
    return EmbeddedPostgres()


@pytest.mark.journey
@pytest.mark.kafka
def test_the_page_leads_from_a_users_table_to_an_alert(
    tmp_path: Path, apache_kafka: ApacheKafka, postgres: EmbeddedPostgres, redis_url: str, topic_prefix: str
) -> None:
    table, connect, connector, shown, pepper, worker, bridge, deliver, receiver, mirror = POSTGRES_COMMANDS
    curl = shutil.which("curl")
    if curl is None or shutil.which("mvn") is None:
        missing("needs curl and Maven")
    with postgres, a_newcomer(tmp_path, apache_kafka.address, redis_url, topic_prefix) as newcomer:
        postgres.make("shop")
        ports = {
            name: newcomer.stack.enter_context(held_port())
            for name in ("connect", "worker", "bridge", "deliver", "hook")
        }
        script = kafka_program(tmp_path, fetched("connect"), "connect-standalone.sh", STANDALONE)
        newcomer.programs |= {
            "psql": [str(programs() / "psql"), "-v", "ON_ERROR_STOP=1"],
            "connect-standalone.sh": [str(script)],
            "curl": [curl, "--silent", "--show-error", "--fail-with-body"],
        }
        newcomer.environment |= {
            "PGHOST": LOOPBACK,
            "PGPORT": str(postgres.port),
            "PGUSER": USER,
            "PGPASSWORD": "none is asked for",
        }
        newcomer.edits("webhook/endpoints.toml", _9000=ports["hook"])
        newcomer.edits("debezium/connector.json", _5432=str(postgres.port))
        newcomer.edits(
            "debezium/worker.properties",
            _8083=ports["connect"],
            **{"127.0.0.1:9092": apache_kafka.address, "connect.offsets": str(tmp_path / "connect.offsets")},
        )
        newcomer.types(table)
        newcomer.starts("connect", connect.replace("examples", str(newcomer.folder / "examples")))
        root = f"http://127.0.0.1:{ports['connect']}/connectors"
        newcomer.waits(lambda: answers(root), "Connect")
        newcomer.types(connector.replace("8083", ports["connect"]))

        def captured() -> bool:
            with urllib.request.urlopen(f"{root}/shop-users/status", timeout=60.0) as answer:  # our own
                tasks = json.load(answer)["tasks"]
            assert all(task["state"] != "FAILED" for task in tasks), tasks
            return bool(tasks) and "2 records: 2 map" in newcomer.types(
                shown, too_early=("there is no topic", "holds no records")
            )

        newcomer.waits(captured, "the table on its topic")
        newcomer.types(pepper)
        newcomer.starts("receiver", receiver.replace("9000", ports["hook"]))
        newcomer.starts("worker", worker, SAMEHAND_WEB_PORT=ports["worker"])
        newcomer.starts("bridge", bridge, SAMEHAND_WEB_PORT=ports["bridge"])
        newcomer.starts("deliver", deliver, SAMEHAND_WEB_PORT=ports["deliver"])
        newcomer.waits(lambda: answers(f"http://127.0.0.1:{ports['worker']}/health/ready"), "a ready worker")
        newcomer.types(mirror)
        [printed] = re.findall(r"^alert\.opened: .*$", POSTGRES_PAGE, re.MULTILINE)
        heard = newcomer.folder / "receiver.log"
        newcomer.waits(lambda: printed in heard.read_text("utf-8"), f"{printed} at the receiver")
