"""``samehand worker``: scores accounts as they are created, until it is told to stop."""

from __future__ import annotations

from functools import partial

import click

from streams import settings
from streams.settings import Settings
from streams.supervision.flight_recorder import FlightRecorder
from streams.supervision.supervisor import Birth, supervise
from streams.telemetry import logs


@click.command("worker", short_help="Score accounts as they are created, until told to stop.")
def command() -> int:
    """Score accounts as they are created, until told to stop.

    Reads its settings from the environment (SAMEHAND_…; `samehand doctor` lists and checks them), consumes
    the topics of account events and publishes alerts. Its address (SAMEHAND_WEB_HOST, SAMEHAND_WEB_PORT)
    shows a live overview, beside /metrics and /health. SIGTERM, Ctrl-C and the end of its
    terminal end it gracefully. Run as many as the topics have partitions; each adds its share.

    It looks after itself: a worker that hangs (SAMEHAND_HANG_SECONDS) or crashes is started again, up to 20
    times in a row, and a record that ended its worker three times becomes a dead letter.

    \b
    Exit codes:
      0   it was told to stop, and did
      1   a fault that its log names
      2   a setting, or a file that one names, cannot be used
      65  the store was made with other shards, sizes or another pepper
      69  no Kafka broker answers
      70  a stop took longer than SAMEHAND_STOP_SECONDS
      71  its web address is taken or not this machine's
      75  it got nowhere, and ended so that another start may
      77  Kafka or Redis refuses the login or a right
      78  topics are missing or would lose data, or Redis would drop keys when it is full

    \b
    Example:
      SAMEHAND_KAFKA_BROKERS=kafka-1:9092,kafka-2:9092 \\
      SAMEHAND_REDIS_URL=redis://redis:6379/0 \\
      SAMEHAND_PEPPER_FILE=/run/secrets/pepper samehand worker
    """
    given = settings.load()
    logs.configure(given.log_level)
    return supervise(partial(_work, given), FlightRecorder(given.data_dir))


def _work(given: Settings, birth: Birth) -> int:
    from agents.runtime.worker import (
        run,  # half a second and 100 MB of imports, which the supervisor does without
    )
    from desk.overview.pages import mount_pages

    return run(given, mount_pages, birth)
