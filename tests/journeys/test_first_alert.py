"""docs/first-alert.md, with its very commands: from a topic of somebody else's to an alert in a webhook."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from cli.inputs.foreign_records import of_kcat
from local.binaries import NotAvailable
from local.broker import EmbeddedBroker
from local.ports import LOOPBACK, take_port
from local.processes import Child
from streams.kafka.client import admin, writer
from streams.settings import load
from tests.house import ROOT

PAGE = (ROOT / "docs" / "first-alert.md").read_text("utf-8")
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
TOPIC = "shop.public.users"
MIRROR = "9007199254740993"
SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
SECONDS_MAX = 120.0
pytestmark = pytest.mark.journey


@contextmanager
def held_port() -> Iterator[str]:
    """A free port of this machine, where others test as well."""
    port = take_port()
    try:
        yield str(port.number)
    finally:
        port.release()


class Newcomer:
    """Types what the page says, in a folder of their own beside the examples."""

    def __init__(self, folder: Path, environment: dict[str, str], stack: ExitStack) -> None:
        self.folder, self.environment, self.stack = folder, environment, stack
        self.children: dict[str, Child] = {}

    def types(self, line: str) -> str:
        """A command that ends; what it printed."""
        given, words = self._words(line)
        ran = subprocess.run(
            words,
            cwd=self.folder,
            env={**os.environ, **self.environment, **given},
            capture_output=True,
            text=True,
            timeout=SECONDS_MAX,
            check=False,
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def starts(self, name: str, line: str, **more: str) -> Child:
        """A command that runs until it is stopped."""
        given, words = self._words(line)
        paths = {key: str(self.folder / it) for key, it in given.items() if not key.endswith("PORT")}
        child = Child(words, self.folder / f"{name}.log", {**self.environment, **paths, **more})
        self.stack.callback(child.stop, 25.0)
        child.start()
        self.children[name] = child
        return child

    def waits(self, true: Callable[[], object], what: str) -> None:
        deadline = time.monotonic() + SECONDS_MAX
        while not true():
            gone = [f"{name}: {it.last_words()}" for name, it in self.children.items() if it.pid is None]
            assert not gone, gone
            assert time.monotonic() < deadline, what
            time.sleep(0.1)

    def _words(self, line: str) -> tuple[dict[str, str], list[str]]:
        words = shlex.split(line)
        given = dict(word.split("=", 1) for word in words if re.match(r"[A-Z_]+=", word))
        program, *rest = words[len(given) :]
        run = {"samehand": [sys.executable, "-m", "cli"], "python": [sys.executable]}[program]
        return given, [*run, *rest]


@pytest.fixture
def own_broker() -> Iterator[str]:
    """A broker that nobody else uses: the page names a topic, and others publish to one of that name."""
    try:
        with EmbeddedBroker() as embedded:
            yield embedded.address
    except NotAvailable as why:
        pytest.skip(str(why))


@pytest.fixture
def newcomer(tmp_path: Path, own_broker: str, redis_url: str, topic_prefix: str) -> Iterator[Newcomer]:
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    environment = {
        "PYTHONPATH": str(ROOT),
        "SAMEHAND_KAFKA_BROKERS": own_broker,
        "SAMEHAND_REDIS_URL": redis_url,
        "SAMEHAND_REDIS_TIMEOUT_MS": "2000",
        "SAMEHAND_TOPIC_PREFIX": topic_prefix,
        "SAMEHAND_STORE_PREFIX": f"samehand-{topic_prefix.strip('.-')}",
        "SAMEHAND_KAFKA_GROUP": topic_prefix.strip(".") or "newcomer",
        "SAMEHAND_TOPIC_PARTITIONS": "2",
        "SAMEHAND_WEB_HOST": LOOPBACK,
        "SAMEHAND_DATA_DIR": str(tmp_path / "data"),
        "HOOK_SECRET": SECRET,
    }
    with ExitStack() as stack:
        yield Newcomer(tmp_path, environment, stack)


def publish(environment: dict[str, str], count: int | None) -> None:
    records = [
        it for _, it in of_kcat(ROOT / "examples/debezium/sample.kcat.jsonl", TOPIC, hear=lambda _: None)
    ]
    with writer(load(environment)) as out:
        for it in records[:count]:
            out.send(TOPIC, key=it.key, value=it.value, headers=list(it.headers)).get(timeout=20.0)


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
    endpoints = newcomer.folder / "endpoints.toml"
    shown = (ROOT / "examples/webhook/endpoints.toml").read_text("utf-8")
    endpoints.write_text(shown.replace("9000", ports["hook"]))
    heard = newcomer.folder / "receiver.log"
    newcomer.starts("receiver", receiver.replace("9000", ports["hook"]))
    newcomer.starts("worker", worker, SAMEHAND_WEB_PORT=ports["worker"])
    newcomer.starts("bridge", bridge, SAMEHAND_WEB_PORT=ports["bridge"])
    newcomer.starts("deliver", deliver, SAMEHAND_WEB_PORT=ports["deliver"], SAMEHAND_ENDPOINTS=str(endpoints))
    [printed] = re.findall(r"^alert\.opened: .*$", PAGE, re.MULTILINE)
    newcomer.waits(lambda: printed in heard.read_text("utf-8"), f"{printed} at the receiver")


def test_every_command_of_the_page_is_run_above() -> None:
    assert len(COMMANDS) == 8
    assert all(re.match(r"([A-Z_]+=\S+ )*(samehand|python) ", line) for line in COMMANDS)
