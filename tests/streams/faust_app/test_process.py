"""Whole workers on a real broker: stopped, killed, crashed, starved. Nothing may be lost."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import time
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer  # type: ignore[import-untyped]  # aiokafka ships no types

from local.apache import ApacheKafka
from local.broker import admin
from streams.deadletters.control_topic import resume
from streams.kafka.client import writer
from streams.supervision.exit_codes import EXIT_ADDRESS, EXIT_CONFIG, EXIT_FAILED, EXIT_OK
from tests.streams.conftest import Stage, answer, free_port
from tests.streams.rebalancing import lost, send

pytestmark = pytest.mark.journey

ADDED_SECONDS_MAX = 15.0


def numbered(count: int, start: int = 0) -> list[bytes]:
    return [b"event-%d" % number for number in range(start, start + count)]


def missing(stage: Stage, sent: list[bytes]) -> set[bytes]:
    return set(sent) - set(stage.echoed())


def repeats(stage: Stage) -> int:
    echoed = stage.echoed()
    return echoed.total() - len(echoed)


def test_poison_becomes_letters_tombstones_reach_the_handler_and_metrics_count_both(stage: Stage) -> None:
    good, port = numbered(400), str(free_port())
    stage.send([*good[:200], *[b"poison"] * 5, *[b"logic"] * 5, *good[200:]])
    with writer(stage.settings) as out:
        out.send(stage.names.created, key=b"x:1", value=None, headers=[]).get(timeout=60.0)
    stage.start(SAMEHAND_WEB_PORT=port)
    stage.until(lambda: not missing(stage, good) and stage.letters() == 10)
    stage.until(lambda: stage.echoed().total() == len(good) + 1)
    assert repeats(stage) == 0
    assert b"logic-fault" in b"".join(stage.read(stage.names.letters))
    wanted = f'samehand_events_total{{outcome="published",topic="{stage.names.created}"}} 401.0'
    stage.until(lambda: wanted in answer(port, "/metrics")[1])
    stage.until(lambda: "samehand_consumer_lag_records{" in answer(port, "/metrics")[1])
    assert 'le="5.0"' in answer(port, "/metrics")[1]
    pages = ("/", "/router/", "/table/", "/graph/", "/stats/")
    assert [answer(port, path)[0] for path in pages] == [404] * 5, "Faust's own pages are not served"


def test_a_crash_in_mid_batch_loses_nothing(stage: Stage) -> None:
    sent = [*numbered(300), b"crash", *numbered(300, 300)]
    stage.send(sent)
    crashed = str(stage.folder / "crashed")
    first = stage.start(ECHO_CRASHED_FILE=crashed)
    assert first.wait(240) == EXIT_FAILED
    assert any(event.get("fault") == "RuntimeError" for event in stage.events())
    assert missing(stage, sent), "the crashed batch must not have been published"
    stage.start(ECHO_CRASHED_FILE=crashed)
    stage.until(lambda: not missing(stage, sent))
    assert repeats(stage) == 0, "what was settled before the crash was committed"


@pytest.mark.kafka
def test_kill_9_in_mid_batch_loses_nothing(kafka_stage: Stage) -> None:
    stage, seconds = kafka_stage, "0.3"
    sent = numbered(3000)
    stage.send(sent)
    first = stage.start(ECHO_SLOW_SECONDS=seconds)
    stage.until(lambda: stage.echoed().total() > 500)
    first.kill()
    first.wait(60)
    stage.start()
    gap = stage.until(lambda: not missing(stage, sent))
    stage.tell(
        f"kill -9, {seconds} s a batch: lost 0, repeated {repeats(stage)}, all there after {gap:.1f} s"
    )
    assert repeats(stage) <= 500 + 500 * 0.5 / float(seconds), (
        "a batch, and what half a second settled uncommitted"
    )


def test_sigterm_in_mid_batch_loses_and_repeats_nothing(stage: Stage) -> None:
    sent = numbered(9000)
    stage.send(sent)
    first = stage.start(ECHO_SLOW_SECONDS="0.3")
    stage.until(lambda: stage.echoed().total() > 500)
    first.send_signal(signal.SIGTERM)
    stopped = stage.until(lambda: first.poll() is not None)
    assert first.returncode == EXIT_OK
    before = stage.echoed().total()
    assert before < len(sent), "it was stopped in the middle"
    stage.start()
    started = stage.until(lambda: stage.echoed().total() > before)
    stage.until(lambda: not missing(stage, sent))
    stage.tell(
        f"SIGTERM: lost 0, repeated {repeats(stage)}, stopped {stopped:.1f} s, first event {started:.1f} s"
    )
    assert repeats(stage) == 0


def test_an_outage_holds_everything_and_a_stop_meanwhile_gives_the_batch_up(stage: Stage) -> None:
    sent, later = numbered(2000), numbered(200, 2000)
    down, port = stage.folder / "down", str(free_port())
    first = stage.start(ECHO_DOWN_FILE=str(down), SAMEHAND_WEB_PORT=port)
    stage.until(lambda: answer(port, "/health/ready")[0] == 200)
    down.touch()
    stage.send(sent)
    stage.until(lambda: answer(port, "/health/ready")[0] == 503)
    down.unlink()
    stage.until(lambda: not missing(stage, sent))
    stage.until(lambda: answer(port, "/health/ready")[0] == 200)

    down.touch()
    stage.send(later)
    stage.until(lambda: "holding" in answer(port, "/health/ready")[1])
    assert answer(port, "/health/live")[0] == 200, "a restart would not bring the store back"
    first.send_signal(signal.SIGTERM)
    stopped = stage.until(lambda: first.poll() is not None)
    assert first.returncode == EXIT_OK
    assert stopped < 60, "of which its exit code says that it was not forced"
    assert missing(stage, later) == set(later)
    down.unlink()
    stage.start(ECHO_DOWN_FILE=str(down))
    stage.until(lambda: not missing(stage, later))
    assert (repeats(stage), stage.letters()) == (0, 0)


@pytest.mark.kafka
def test_a_second_worker_joins_and_dies_and_nothing_is_lost(kafka_stage: Stage) -> None:
    stage = kafka_stage
    sent = numbered(2000)
    first = stage.start(ECHO_SLOW_SECONDS="0.05")
    stage.send(sent[:1000])
    second = stage.start(ECHO_SLOW_SECONDS="0.05")
    stage.until(lambda: any(event["event"] == "partitions assigned" for event in stage.events(1)))
    stage.send(sent[1000:])
    second.kill()
    stage.until(lambda: not missing(stage, sent))
    assert first.poll() is None
    stage.tell(f"a second worker joined and was killed: lost 0, repeated {repeats(stage)}")


@pytest.mark.kafka
def test_what_a_dead_worker_had_is_in_the_lag_of_the_group(kafka_stage: Stage) -> None:
    """Until its session is over nobody has its partitions, and nobody's own lag shows what waits there."""
    stage, port, session = kafka_stage, str(free_port()), {"SAMEHAND_SESSION_SECONDS": "60"}
    stage.start(**session, SAMEHAND_WEB_PORT=port)
    second = stage.start(**session)
    stage.until(lambda: any(event["event"] == "partitions assigned" for event in stage.events(1)))

    def lag(whose: str) -> dict[str, float]:
        series = rf'^samehand_{whose}_lag_records{{partition="(\d+)",topic="{stage.names.created}"}} (\S+)$'
        found = re.findall(series, answer(port, "/metrics")[1], re.MULTILINE)
        return {partition: float(records) for partition, records in found}

    stage.until(lambda: 0 < len(lag("consumer")) < len(lag("group")))
    second.kill()
    stage.send(numbered(200))
    waiting = stage.until(
        lambda: any(records for place, records in lag("group").items() if place not in lag("consumer"))
    )
    stage.tell(f"a dead worker's records are in the group's lag after {waiting:.1f} s")


@pytest.mark.kafka
def test_rebalances_of_partitions_never_committed_pass_over_no_record(
    apache_kafka: ApacheKafka, tmp_path: Path
) -> None:
    missing, _ = lost(apache_kafka.address, tmp_path, rebalances=8)
    assert missing == set()


def test_a_rebalance_in_an_outage_gives_the_batch_up_and_ends(stage: Stage) -> None:
    down = stage.folder / "down"
    down.touch()
    sent = numbered(2000)
    stage.send(sent)
    port = str(free_port())
    stage.start(ECHO_DOWN_FILE=str(down), SAMEHAND_WEB_PORT=port)
    stage.until(lambda: "holding" in answer(port, "/health/ready")[1])
    stage.start(ECHO_DOWN_FILE=str(down))
    pause = stage.until(lambda: any(event["event"] == "partitions assigned" for event in stage.events(1)))
    stage.tell(f"rebalance with the store down: both assigned after {pause:.1f} s")
    down.unlink()
    stage.until(lambda: not missing(stage, sent))
    assert repeats(stage) == 0


def test_a_wave_of_poison_stops_its_topic_until_it_is_resumed_and_no_other(stage: Stage) -> None:
    port, good = str(free_port()), numbered(200)
    stage.send([b"poison"] * 6_000)
    stage.start(SAMEHAND_WEB_PORT=port)
    stage.until(lambda: "dead letters" in answer(port, "/health/ready")[1])
    assert answer(port, "/health/live")[0] == 200
    time.sleep(2)  # what waits is fetched as far as there is room
    stage.send(good, stage.names.updated)
    stage.until(lambda: not missing(stage, good))
    assert stage.letters() == 20
    for letters in (40, 60):
        resume(stage.settings, stage.names.created)
        stage.until(lambda letters=letters: stage.letters() == letters)  # type: ignore[misc]  # bound now, on purpose


@pytest.mark.kafka
def test_where_a_partition_ends_in_no_record_none_waits(kafka_stage: Stage) -> None:
    """The marker of a transaction has an offset and is no record, and a quiet topic is no stuck worker."""
    stage, port = kafka_stage, str(free_port())
    worker = stage.start(SAMEHAND_STUCK_SECONDS="10", SAMEHAND_WEB_PORT=port)
    asyncio.run(transaction(stage, numbered(20)))
    stage.until(lambda: not missing(stage, numbered(20)))
    time.sleep(13)  # longer than it may stand still
    assert worker.poll() is None, stage.events()[-1]
    lags = re.findall(
        r"^samehand_consumer_lag_records\{.*\} (\S+)$", answer(port, "/metrics")[1], re.MULTILINE
    )
    assert set(lags) == {"0.0"}


async def transaction(stage: Stage, values: list[bytes]) -> None:
    """All of them or none, as a platform may send them."""
    producer = AIOKafkaProducer(
        bootstrap_servers=stage.settings.kafka_brokers, transactional_id=f"platform-{stage.names.created}"
    )
    async with producer, producer.transaction():
        for number, value in enumerate(values):
            await producer.send(stage.names.created, value, key=b"%d" % number)


@pytest.mark.kafka
def test_a_partition_that_is_added_to_a_live_topic_is_read_and_counted_soon(kafka_stage: Stage) -> None:
    stage, port = kafka_stage, str(free_port())
    stage.start(SAMEHAND_WEB_PORT=port)
    stage.send([b"before"])
    stage.until(lambda: b"before" in stage.echoed())
    with admin(stage.settings.kafka_brokers[0]) as client:
        client.create_partitions({stage.names.created: 3}, timeout_ms=10_000)
    sent = send(stage, [2])
    read = stage.until(lambda: not missing(stage, list(sent)), ADDED_SECONDS_MAX)
    wanted = f'samehand_consumer_lag_records{{partition="2",topic="{stage.names.created}"}} 0.0'
    counted = stage.until(lambda: wanted in answer(port, "/metrics")[1], ADDED_SECONDS_MAX)
    stage.tell(f"an added partition: read after {read:.1f} s, counted {counted:.1f} s later")


def test_with_topics_missing_it_says_which_and_ends(stage: Stage) -> None:
    worker = stage.start(SAMEHAND_TOPIC_PREFIX="elsewhere.", SAMEHAND_TOPIC_CREATE="false")
    assert worker.wait(60) == EXIT_CONFIG
    assert {"elsewhere.accounts.created"} <= {event.get("topic") for event in stage.events()}


def test_an_address_that_was_taken_at_the_last_moment_is_told_and_is_no_crash(stage: Stage) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        worker = stage.start(SAMEHAND_WEB_PORT=port)
        assert worker.wait(60) == EXIT_ADDRESS
    [told] = [event for event in stage.events() if event["event"] == "cannot start"]
    assert f"127.0.0.1:{port}" in str(told["why"])
    assert not any("where" in event for event in stage.events()), "no traceback"
