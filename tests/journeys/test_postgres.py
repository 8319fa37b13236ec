"""docs/postgres.md, with its very commands: from a users table of PostgreSQL, by Debezium, to an alert."""

from __future__ import annotations

import json
import os
import re
import shutil
import urllib.request
from pathlib import Path
from typing import NoReturn

import pytest

from local.apache import ApacheKafka
from local.binaries import NotAvailable
from local.ports import LOOPBACK
from local.postgres import USER, EmbeddedPostgres, programs
from tests.apache import REQUIRED, fetched, kafka_program
from tests.house import ROOT
from tests.journeys.newcomer import a_newcomer, answers, commands, held_port

pytestmark = [pytest.mark.journey, pytest.mark.kafka]

PAGE = (ROOT / "docs" / "postgres.md").read_text("utf-8")
COMMANDS = commands(PAGE)
STANDALONE = "org.apache.kafka.connect.cli.ConnectStandalone"


def _missing(why: str) -> NoReturn:
    """Skips, but fails where a skipped proof is a failure."""
    if os.environ.get(REQUIRED) == "1":
        pytest.fail(why)
    pytest.skip(why)


@pytest.fixture
def postgres() -> EmbeddedPostgres:
    try:
        programs()
    except NotAvailable as why:
        _missing(str(why))
    return EmbeddedPostgres()


def test_the_page_leads_from_a_users_table_to_an_alert(
    tmp_path: Path, apache_kafka: ApacheKafka, postgres: EmbeddedPostgres, redis_url: str, topic_prefix: str
) -> None:
    table, connect, connector, shown, pepper, worker, bridge, deliver, receiver, mirror = COMMANDS
    curl = shutil.which("curl")
    if curl is None or shutil.which("mvn") is None:
        _missing("needs curl and Maven")
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
            return bool(tasks) and "2 records: 2 map" in newcomer.types(shown)

        newcomer.waits(captured, "the table on its topic")
        newcomer.types(pepper)
        newcomer.starts("receiver", receiver.replace("9000", ports["hook"]))
        newcomer.starts("worker", worker, SAMEHAND_WEB_PORT=ports["worker"])
        newcomer.starts("bridge", bridge, SAMEHAND_WEB_PORT=ports["bridge"])
        newcomer.starts("deliver", deliver, SAMEHAND_WEB_PORT=ports["deliver"])
        newcomer.waits(lambda: answers(f"http://127.0.0.1:{ports['worker']}/health/ready"), "a ready worker")
        newcomer.types(mirror)
        [printed] = re.findall(r"^alert\.opened: .*$", PAGE, re.MULTILINE)
        heard = newcomer.folder / "receiver.log"
        newcomer.waits(lambda: printed in heard.read_text("utf-8"), f"{printed} at the receiver")
