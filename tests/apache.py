"""Apache Kafka for the tests marked ``kafka``; without it they are skipped, and one line says so."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.apache import ARCHIVE, ApacheKafka, KafkaNode, java, kafka_home, program
from local.binaries import NotAvailable
from tests.house import ROOT

FETCH = ROOT / "deploy" / "kafka" / "fetch.sh"
FETCH_SECONDS_MAX = 600  # 44 MB through Maven, on the first run of a machine
REQUIRED = "SAMEHAND_REQUIRE_KAFKA"
"""Set to 1 where a skipped proof is a failure, as in `.ci/run`."""
NEEDED = "need Java 17 and either KAFKA_HOME or Maven"


def why_not() -> str | None:
    """What is missing for Apache Kafka; ``None`` if it can be started, perhaps after a download."""
    try:
        java()
    except NotAvailable as missing:
        return str(missing)
    try:
        kafka_home()
    except NotAvailable as missing:
        can_fetch = shutil.which("mvn") and not os.environ.get("KAFKA_HOME")
        return None if can_fetch else str(missing)
    return None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip the tests marked ``kafka`` where Apache Kafka cannot be had; where it is required they fail."""
    if os.environ.get(REQUIRED) == "1":
        return
    marked = [item for item in items if item.get_closest_marker("kafka")]
    reason = why_not() if marked else None
    if reason:
        for item in marked:
            item.add_marker(pytest.mark.skip(reason=reason))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say it in one line: quiet runs hide the reasons of skipped tests."""
    skipped = [report for report in terminalreporter.stats.get("skipped", []) if "kafka" in report.keywords]
    if skipped:
        terminalreporter.write_line(f"Apache Kafka: {len(skipped)} tests skipped; they {NEEDED}.")


@pytest.fixture(scope="session")
def kafka_libs() -> Path:
    """A ``KAFKA_HOME``: the given one, the cached one, or one fetched now."""
    try:
        home = kafka_home()
    except NotAvailable:
        home = fetched("kafka")
    archive = home / ARCHIVE
    if not archive.exists() and os.access(home, os.W_OK):
        lay_out_classes(home, archive)
    return home


def lay_out_classes(home: Path, archive: Path) -> None:
    """Once a machine: a broker that writes the archive at its end."""
    partial = archive.with_suffix(f".{os.getpid()}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JDK_JAVA_OPTIONS", f"-XX:ArchiveClassesAtExit={partial}")
        patch.setattr(KafkaNode, "stop_seconds_max", KafkaNode.start_seconds_max)
        with ApacheKafka(home=home) as kafka:
            kafka.stop()
    partial.replace(archive)


def fetched(what: str) -> Path:
    """The folder of the jars of ``kafka`` or ``connect``, from the cache or from Maven Central."""
    ran = subprocess.run(
        [str(FETCH), what], check=True, stdout=subprocess.PIPE, text=True, timeout=FETCH_SECONDS_MAX
    )
    return Path(ran.stdout.strip())


@pytest.fixture(scope="session")
def apache_kafka(kafka_libs: Path) -> Iterator[ApacheKafka]:
    """One node that every test may write to and none may harm. For tests marked ``kafka`` alone."""
    with ApacheKafka(home=kafka_libs) as kafka:
        yield kafka


@pytest.fixture
def own_kafka(kafka_libs: Path) -> Iterator[ApacheKafka]:
    """A broker that this test may harm."""
    with ApacheKafka(home=kafka_libs) as kafka:
        yield kafka


def kafka_program(folder: Path, home: Path, name: str, main: str) -> Path:
    """One of Kafka's own programs, as its distribution names it; the jars come without the scripts."""
    script = folder / name
    command = shlex.join(program(home, main))
    script.write_text(f'#!/bin/sh\nexec {command} "$@"\n', "utf-8")
    script.chmod(0o755)
    return script
