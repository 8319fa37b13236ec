"""From a users table to our topics; what a kill, an outage and bad records cost: nothing is lost."""

from __future__ import annotations

import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from local.apache import ApacheKafka
from streams.supervision.exit_codes import EXIT_CONFIG
from tests.cli.running import Samehand
from tests.journeys.bridged import Bridged, change, processor_seconds, tombstone

pytestmark = pytest.mark.journey

AWAY_SECONDS = 5.0
SPINNING_SHARE = 0.12  # 3 % on a machine at rest; it was 24 % and more
OUTAGE_LINES_MAX = 12  # ours: what is not consumed, looked at or known now


@pytest.fixture
def bridged(broker: str, tmp_path: Path) -> Iterator[Bridged]:
    with closing(Bridged(tmp_path, broker)) as made:
        yield made


def test_a_table_becomes_what_happens_to_accounts(bridged: Bridged) -> None:
    bridged.make_topic()
    bridged.send(
        [
            change("r", {"id": 1, "username": "old_timer"}),
            change("c", {"id": 2, "username": "umar_media"}),
            change("u", {"id": 2, "username": "umar_media", "about": "__debezium_unavailable_value"}),
            change("u", {"id": 2, "username": "umar_media", "banned_at": int(time.time() * 1e6)}),
            change("d", None, id_=1),
            tombstone(1),
            change("c", {"id": 3.5, "username": "secret@example.org"}),
            (b"4", b"secret@example.org"),
        ]
    )
    bridge = bridged.start()
    called = bridged.topics
    # Each outcome is counted once it is on its topic; what came of one partition says nothing of the other.
    bridged.until(lambda: outcomes(bridged) == {"published": 5.0, "nothing": 1.0, "dead": 2.0}, "all of it")
    kept = {topic: bridged.read(topic) for topic in (*called.events, called.letters)}
    assert {topic.rpartition(".")[2]: [it.key for it in kept[topic]] for topic in called.events} == {
        "remembered": [b"shop:1"],
        "created": [b"shop:2"],
        "updated": [b"shop:2"],
        "banned": [b"shop:2"],
        "deleted": [b"shop:1"],
        "reinstated": [],
    }
    [updated] = bridged.values(called.updated)
    assert "bio" not in updated["account"], "what Debezium did not get is absent"
    assert set(bridged.letters()) == {
        ("wrong-type", "$.account.account_id", "Expected `str`, got `float`, from `row.id`"),
        ("not-json", "$", "not one JSON value"),
    }
    bridge.stop(60.0)
    bridged.start()
    bridged.send([change("c", {"id": 5, "username": "after"})])
    bridged.until(lambda: len(bridged.read(called.created)) == 2, "what came while nobody was there")
    assert len(bridged.read(called.letters)) == 2, "what was acknowledged is not read again"


def outcomes(bridged: Bridged) -> dict[str, float]:
    """How many records of the table came to what."""
    rows = [row for row in bridged.page("/metrics").splitlines() if row.startswith("samehand_events_total")]
    return {row.partition('outcome="')[2].partition('"')[0]: float(row.split()[-1]) for row in rows}


def test_a_topic_that_is_not_there_is_named_and_not_made(bridged: Bridged) -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "cli", "bridge"],
        env=bridged.environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ended.returncode == EXIT_CONFIG
    [told] = [line for line in ended.stderr.splitlines() if bridged.foreign in line and "missing" in line]
    assert '"level": "critical"' in told
    assert bridged.read(bridged.foreign) == []


def test_a_topic_that_stopped_is_resumed_by_its_own_name(
    broker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with closing(
        Bridged(tmp_path, broker, SAMEHAND_LETTERS_AT_LEAST="5", SAMEHAND_LETTERS_WINDOW="10")
    ) as bridged:
        for name, value in bridged.environment.items():
            monkeypatch.setenv(name, value)
        samehand = Samehand(capsys)
        bridged.make_topic()
        bridged.send([(b"1", b"{")] * 20)
        bridged.start()
        bridged.until(lambda: "stopped: 5 of" in samehand("doctor").out, "the topic to stop")
        assert samehand("letters", "resume", bridged.foreign).code == 0
        bridged.until(lambda: len(bridged.read(bridged.topics.letters)) > 5, "the topic to go on")


def users(count: int, changes: int) -> list[Any]:
    """So many accounts, each made and then changed, all in the order in which it happened."""
    started = time.time() - 1_000
    made = [change("c", {"id": n, "username": f"user_{n}"}, at=started) for n in range(count)]
    for turn in range(1, changes + 1):
        made += [
            change("u", {"id": n, "username": f"user_{n}_{turn}"}, at=started + turn) for n in range(count)
        ]
    return made


def judge(bridged: Bridged, count: int, changes: int, repeats_max: int) -> None:
    """Nothing is lost, and each account's last word is the last that was said."""
    bridged.until(
        lambda: (
            len({it.key for it in bridged.read(bridged.topics.created)}) == count
            and len(_said(bridged)) == count * changes
        ),
        "all of it",
    )
    last: dict[str, str] = {}
    said = Counter[tuple[str, str]]()
    told = bridged.values(bridged.topics.updated)
    for it in told:
        last[it["account"]["account_id"]] = it["account"]["handle"]
        said[it["account"]["account_id"], it["account"]["handle"]] += 1
    assert last == {str(n): f"user_{n}_{changes}" for n in range(count)}
    assert said.total() - len(said) <= repeats_max
    named = {(it["account"]["account_id"], it["account"]["handle"], it["event_id"]) for it in told}
    assert len(named) == count * changes, "what is said again has the same name"


def _said(bridged: Bridged) -> set[tuple[str, str]]:
    return {
        (it["account"]["account_id"], it["account"]["handle"])
        for it in bridged.values(bridged.topics.updated)
    }


@pytest.mark.kafka
def test_kill_9_loses_nothing(apache_kafka: ApacheKafka, tmp_path: Path) -> None:
    with closing(Bridged(tmp_path, apache_kafka.address)) as bridged:
        bridged.make_topic()
        bridged.send(users(500, 4))
        first = bridged.start()
        bridged.until(lambda: len(bridged.read(bridged.topics.created)) > 50, "a part of it")
        first.kill()
        bridged.start()
        judge(bridged, 500, 4, repeats_max=2_500)


@pytest.fixture(scope="module")
def three_brokers(kafka_libs: Path) -> Iterator[ApacheKafka]:
    """A cluster that this file may harm; a topic without replicas has no leader while its broker is away."""
    with ApacheKafka(3, home=kafka_libs) as kafka:
        yield kafka


@pytest.mark.kafka
def test_a_broker_that_is_stopped_in_order_makes_no_bridge_spin_or_talk(
    three_brokers: ApacheKafka, tmp_path: Path
) -> None:
    """The other brokers answer at once that nobody leads its partitions."""
    with closing(Bridged(tmp_path, three_brokers.address)) as bridged:
        bridged.make_topic()
        bridged.send(users(500, 4))
        bridge = bridged.start()
        bridged.until(lambda: len(bridged.read(bridged.topics.created)) > 50, "a part of it")
        gone = three_brokers.leader(bridged.topics.created, 0)
        gone.stop()
        used, said = processor_seconds(bridge.pid or 0), len(bridge.log.read_text("utf-8").splitlines())
        time.sleep(2 * AWAY_SECONDS)
        share = (processor_seconds(bridge.pid or 0) - used) / (2 * AWAY_SECONDS)
        lines = bridge.log.read_text("utf-8").splitlines()[said:]
        three_brokers.start()
        judge(bridged, 500, 4, repeats_max=2_500)
        assert bridge.pid is not None, "an outage of the broker ends no bridge"
        assert share < SPINNING_SHARE, "of a core"
        assert sum('"logger": "aiokafka' in line for line in lines) <= 1, lines
        assert len(lines) <= OUTAGE_LINES_MAX, lines


@pytest.mark.kafka
def test_a_broker_that_is_away_holds_the_topic(own_kafka: ApacheKafka, tmp_path: Path) -> None:
    with closing(Bridged(tmp_path, own_kafka.address)) as bridged:
        bridged.make_topic()
        bridged.send(users(500, 4))
        bridge = bridged.start()
        bridged.until(lambda: len(bridged.read(bridged.topics.created)) > 50, "a part of it")
        own_kafka.nodes[0].kill()
        time.sleep(AWAY_SECONDS)
        own_kafka.start()
        judge(bridged, 500, 4, repeats_max=2_500)
        assert bridge.pid is not None, "an outage of the broker ends no bridge"
        assert bridged.letters() == []
