"""docs/mapping.md, with its very commands: from Debezium's topic to an alert, without a line of code."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest

from cli.inputs.foreign_records import of_kcat
from local.ports import LOOPBACK, take_port
from local.processes import Child
from schemas.mapping.compiler import compile_mappings
from schemas.mapping.convert import UNITS
from schemas.mapping.formats import FORMATS
from streams.kafka.client import admin, writer
from streams.outcomes import Arrival
from tests.house import ROOT
from tests.journeys.conftest import Platform

PAGE = (ROOT / "docs" / "mapping.md").read_text("utf-8")
COMMANDS = [line for block in re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL) for line in block.splitlines()]
TOPIC = "shop.public.users"
MIRROR = "9007199254740993"
COMMAND_SECONDS_MAX = 120.0


def sample() -> list[Arrival]:
    path = ROOT / "examples" / "debezium" / "sample.kcat.jsonl"
    return [record for _, record in of_kcat(path, TOPIC, hear=lambda done: None)]


def send(platform: Platform, records: Sequence[Arrival]) -> None:
    with writer(platform.settings) as out:
        for it in records:
            out.send(TOPIC, key=it.key, value=it.value, headers=list(it.headers)).get(timeout=60.0)


def typed(line: str) -> tuple[dict[str, str], list[str]]:
    """The settings before a command, and its words."""
    words = shlex.split(line)
    given = dict(word.split("=", 1) for word in words if re.match(r"SAMEHAND_[A-Z_]+=", word))
    return given, words[words.index("samehand") + 1 :]


def run(platform: Platform, line: str) -> str:
    given, words = typed(line)
    ran = subprocess.run(
        [sys.executable, "-m", "cli", *words],
        cwd=ROOT,
        env={**os.environ, **platform.environment, **given},
        capture_output=True,
        text=True,
        timeout=COMMAND_SECONDS_MAX,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


@pytest.mark.journey
def test_the_page_leads_from_a_users_table_to_an_alert(platform: Platform, tmp_path: Path) -> None:
    trial, live, bridge, letters = COMMANDS
    shown = run(platform, trial)
    assert "8 records: 6 map, 1 have nothing to say, 1 would be dead letters." in shown
    first, rest = sample()[:3], sample()[3:]
    with admin(platform.settings) as client:
        order = {"num_partitions": 2, "replication_factor": 1, "configs": {}}
        client.create_topics({TOPIC: order}, raise_errors=False)
    send(platform, first)
    assert "3 records: 3 map" in run(platform, live)
    given, words = typed(bridge)
    port = take_port()
    # Its own port on a machine where others test as well.
    web = {"SAMEHAND_WEB_HOST": LOOPBACK, "SAMEHAND_WEB_PORT": str(port.number)}
    mappings = {"SAMEHAND_MAPPINGS": str(ROOT / given["SAMEHAND_MAPPINGS"])}
    log = tmp_path / "bridge.log"
    child = Child([sys.executable, "-m", "cli", *words], log, {**platform.environment, **web, **mappings})
    child.start()
    try:
        platform.until(lambda: platform.alerts_on(MIRROR), f"the alert; {log}")
        [alert] = platform.alerts_on(MIRROR)
        assert (alert.platform, alert.matched.account_id, alert.band) == ("shop", "101", "likely")
        assert {line.signal for line in alert.evidence} >= {"device", "contact"}
        assert {it.account_id for it in platform.alerts()} == {MIRROR}, "a snapshot alerts on nobody"
        send(platform, rest)
        platform.until(lambda: platform.letters(), "the record that does not map")
        told = run(platform, letters)
        assert "missing-field" in told
        assert TOPIC in told
    finally:
        child.stop(60.0)
        port.release()


def test_every_command_of_the_page_is_run_above() -> None:
    assert [typed(line)[1][0] for line in COMMANDS] == ["map", "map", "bridge", "letters"]


def test_the_file_that_the_page_shows_is_one() -> None:
    [shown] = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert set(compile_mappings(shown.encode(), "docs/mapping.md").topics) == {"app.users"}
    assert tomllib.loads(shown)


def test_the_page_names_every_format_and_unit() -> None:
    rows = re.findall(r"^\| (`[a-z]+`(?:, `[a-z]+`)*) \|", PAGE, re.MULTILINE)
    assert re.findall("[a-z]+", " ".join(rows)) == list(FORMATS)
    assert all(f"`{unit}`" in PAGE for unit in UNITS)
