"""A dry run on a live topic: it reads without a group, from a moment on, and leaves the broker as it was."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from samehand.alert_id import alert_id
from samehand.scoring.weights import default_weights
from schemas.record import Record
from schemas.wire import encode
from streams.kafka import topics
from streams.kafka.client import admin, writer
from streams.kafka.topics import names
from streams.settings import load
from tests.cli.commands.dry_run.makers import PERSON
from tests.cli.running import Samehand
from tests.house import ROOT
from tests.makers import a_ban, a_change, a_sign_up, a_verdict

pytestmark = pytest.mark.journey


def publish(topic: str, *records: Record) -> None:
    with writer(load()) as out:
        for record in records:
            key: bytes = record.key.encode()  # type: ignore[attr-defined]  # every record here has an account
            out.send(topic, key=key, value=encode(record), headers=[]).get(timeout=60.0)


@pytest.fixture
def live(servers: str) -> datetime:
    """A ban, and an hour later on the clock of events its mirror; answers when the ban was."""
    topics.check(load(), create=True)
    banned_at = datetime.now(UTC) - timedelta(hours=2)
    publish(names(load()).banned, a_ban("banned", at=banned_at, banned_at=banned_at, **PERSON))
    mirror = a_sign_up("mirror", at=banned_at + timedelta(hours=1), **PERSON)
    publish(names(load()).created, mirror, a_sign_up("stranger", at=banned_at, handle="qwerty"))
    return banned_at


def test_a_topic_is_read_with_the_bans_beside_it(samehand: Samehand, live: datetime, tmp_path: Path) -> None:
    topic = names(load()).created
    ran = samehand("try", "--topic", topic, "--from", "1h", "--out", tmp_path / "out", "--json")
    assert ran.code == 0, ran.err
    assert ran.figures["sources"] == [names(load()).banned, topic]
    assert [it["account_id"] for it in ran.figures["best"]] == ["mirror"]


def test_nothing_is_left_on_the_broker(
    samehand: Samehand, live: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMEHAND_KAFKA_GROUP", "only-here")  # other tests' workers share the broker
    given = load()
    samehand("try", "--topic", names(given).created, "--out", tmp_path / "out")
    with admin(given) as client:
        group = client.describe_groups([given.kafka_group])[given.kafka_group]
    assert group["group_state"] == "Dead"  # as Kafka calls one that never was


def test_from_says_where_to_begin(samehand: Samehand, live: datetime, tmp_path: Path) -> None:
    time.sleep(0.01)  # Kafka's stamps are whole milliseconds
    line = ("try", "--topic", names(load()).created, "--out", tmp_path / "out", "--from")
    now = datetime.now(UTC).isoformat()
    assert samehand(*line, "start").code == 0
    late = samehand(*line, now)
    assert late.code == 2
    assert "no sign-up to look at" in late.err


def test_long_before_kafka_is_the_start(samehand: Samehand, live: datetime, tmp_path: Path) -> None:
    line = ("try", "--topic", names(load()).created, "--out", tmp_path / "out", "--json", "--from")
    assert [samehand(*line, it).code for it in ("999999w", "1901-01-01")] == [0, 0]


def test_an_unknown_topic_is_named(samehand: Samehand, live: datetime, tmp_path: Path) -> None:
    ran = samehand("try", "--topic", "no.such.topic", "--out", tmp_path / "out")
    assert ran.code == 1
    assert "there is no topic no.such.topic" in ran.err


def test_the_check_of_the_page_reads_changes_and_verdicts_beside_sign_ups(
    samehand: Samehand, live: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    named, at = names(load()), live + timedelta(minutes=90)
    changed = a_change("stranger", at=at, **PERSON)
    said = replace(a_verdict(alert_id("telegram:stranger", "telegram:banned"), "not_mirror"), decided_at=live)
    publish(named.updated, changed)
    with writer(load()) as out:
        out.send(named.verdicts, key=b"1", value=encode(said), headers=[]).get(timeout=10.0)
    monkeypatch.chdir(tmp_path)
    Path("weights.json").write_bytes(msgspec.json.encode(default_weights()))
    page = (ROOT / "docs/howto/trial.md").read_text("utf-8")
    [line] = re.findall(r"samehand (try --topic .*?--allow 20)", page, re.DOTALL)
    for topic in ("accounts.created", "accounts.updated", "alerts.verdicts"):
        assert topic in line
        line = line.replace(topic, f"{load().topic_prefix}{topic}")
    line = re.sub(r"--from \S+\s+--to \S+", "--from 1d", line)
    ran = samehand(*line.split(), "--json")
    assert ran.code == 0, ran.err
    assert ran.figures["events"]["verdicts"] == ran.figures["events"]["kinds"]["updated"] == 1
    # What was dismissed before the change stays silent after it; of the mirror nothing was said.
    assert [it["account_id"] for it in ran.figures["best"]] == ["mirror"]
    assert (ran.figures["compared"]["both"], ran.figures["compared"]["only_a"]) == (1, 0)
