"""Rebalance after rebalance of partitions on which nothing was committed yet.

A second worker, whose store is down, joins and leaves: it takes its share and commits nothing. Records come
in on partitions that nobody has ever read, and each time that it leaves the first worker takes over its part
of them. What the first passes over then is missing for ever.
"""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path

import kafka  # type: ignore[import-untyped]  # kafka-python ships no types

from local.broker import admin
from streams.kafka.client import client_options
from tests.streams.conftest import Stage, answer, free_port

FRESH = 4  # partitions a turn, so that the second gets some of them
RECORDS = 6  # on each
SLOW_COORDINATOR_SECONDS = "0.3"
SETTLE_SECONDS = 120.0
COMMITTED_SECONDS = 2.5  # what the first has is settled, committed, and shown by its lag


def lost(broker: str, folder: Path, rebalances: int) -> tuple[set[bytes], int]:
    """What is missing in the end of all that was sent, and how many were echoed again."""
    stage = Stage(broker, folder)
    stage.create_topics()
    with admin(broker) as client:
        client.create_partitions({stage.names.created: 2 + rebalances // 2 * FRESH}, timeout_ms=10_000)
    port = str(free_port())
    try:
        stage.start(ECHO_SLOW_COORDINATOR=SLOW_COORDINATOR_SECONDS, SAMEHAND_WEB_PORT=port)
        stage.until(lambda: assigned(stage, 0) > 0)
        sent = set[bytes]()
        for turn in range(rebalances // 2):
            second = joined(stage)
            sent |= send(stage, range(2 + turn * FRESH, 2 + (turn + 1) * FRESH))
            time.sleep(COMMITTED_SECONDS)
            stage.until(lambda: believes_that_nothing_is_left(port))
            left(stage, second)
        stage.until(lambda: believes_that_nothing_is_left(port), SETTLE_SECONDS)
        echoed = stage.echoed()
        return sent - set(echoed), echoed.total() - len(echoed)
    finally:
        stage.end()


def joined(stage: Stage) -> subprocess.Popen[bytes]:
    """A second worker, once both have their share."""
    before = assigned(stage, 0)
    down = stage.folder / "down"
    down.touch()
    second = stage.start(ECHO_DOWN_FILE=str(down), ECHO_SLOW_COORDINATOR=SLOW_COORDINATOR_SECONDS)
    stage.until(lambda: assigned(stage, -1) > 0 and assigned(stage, 0) > before)
    return second


def left(stage: Stage, second: subprocess.Popen[bytes]) -> None:
    """It has left, and the first has taken over."""
    before = assigned(stage, 0)
    second.send_signal(signal.SIGTERM)
    stage.until(lambda: second.poll() is not None and assigned(stage, 0) > before)


def assigned(stage: Stage, worker: int) -> int:
    """How often a worker was told its share."""
    return sum(event["event"] == "partitions assigned" for event in stage.events(worker))


def believes_that_nothing_is_left(port: str) -> bool:
    """By the worker's own lag, which must not say so when it is not true."""
    status, page = answer(port, "/metrics")
    lags = [line for line in page.splitlines() if line.startswith("samehand_consumer_lag_records{")]
    ready = status == 200 and answer(port, "/health/ready")[0] == 200
    return ready and len(lags) > 2 and all(line.endswith(" 0.0") for line in lags)


def send(stage: Stage, partitions: Iterable[int]) -> set[bytes]:
    """A few records on each, all confirmed."""
    values = {b"%d on %d" % (number, where): where for where in partitions for number in range(RECORDS)}
    out = kafka.KafkaProducer(**client_options(stage.settings), acks="all")
    sent = [out.send(stage.names.created, value=it, partition=where) for it, where in values.items()]
    for confirmation in sent:
        confirmation.get(timeout=60.0)
    out.close()
    return set(values)
