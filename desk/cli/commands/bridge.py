"""``samehand bridge``: foreign topics become ours, until it is told to stop."""

from __future__ import annotations

from functools import partial

import click

from streams import settings
from streams.kafka.mapped_topics import mappings_of
from streams.settings import Settings
from streams.supervision.flight_recorder import FlightRecorder
from streams.supervision.supervisor import Birth, supervise
from streams.telemetry import logs


@click.command("bridge", short_help="Turn records of other topics into ours, until told to stop.")
def command() -> int:
    """Turn records of other topics into ours, until told to stop.

    Reads the topics that the file SAMEHAND_MAPPINGS names, and publishes what its rules make of their
    records on accounts.created, accounts.updated, accounts.remembered, accounts.banned,
    accounts.reinstated and accounts.deleted, where workers find them. Try the file first:
    `samehand map` says what it would make of a sample.

    It needs neither Redis nor a pepper. Nothing is lost: a record is acknowledged once ours is confirmed.
    One that does not map becomes a dead letter with the field and the reason, and too many of these stop
    its topic (`samehand letters`). Its group is SAMEHAND_KAFKA_GROUP with `-bridge`; run as many as the
    topics have partitions. It looks after itself as `samehand worker` does; /metrics and /health are at
    SAMEHAND_WEB_HOST, SAMEHAND_WEB_PORT.

    \b
    Exit codes:
      0   it was told to stop, and did
      1   a fault that its log names
      2   a setting, or the file of mappings, cannot be used
      69  no Kafka broker answers
      70  a stop took longer than SAMEHAND_STOP_SECONDS
      71  its web address is taken or not this machine's
      75  it got nowhere, and ended so that another start may
      77  Kafka refuses the login or a right
      78  topics are missing or would lose data

    \b
    Example:
      SAMEHAND_KAFKA_BROKERS=kafka-1:9092 SAMEHAND_MAPPINGS=mappings.toml \\
      SAMEHAND_WEB_PORT=6067 samehand bridge
    """
    given = settings.load()
    mappings_of(given)  # whoever typed a wrong expression hears of it at once, and not from a child's log
    logs.configure(given.log_level)
    return supervise(partial(_work, given), FlightRecorder(given.data_dir))


def _work(given: Settings, birth: Birth) -> int:
    from agents.runtime.bridge import run  # half a second of imports, which the supervisor does without

    return run(given, birth)
