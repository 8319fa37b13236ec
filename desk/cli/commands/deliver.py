"""``samehand deliver``: alerts go to webhooks, until it is told to stop."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import partial

import click

from gate.deliver.endpoints import Endpoint, endpoints_of
from streams import settings
from streams.settings import Settings
from streams.supervision.flight_recorder import FlightRecorder
from streams.supervision.supervisor import Birth, supervise
from streams.telemetry import logs


@click.command("deliver", short_help="Send alerts to webhooks, until told to stop.")
def command() -> int:
    """Send alerts to webhooks, until told to stop.

    Reads the topic of alerts and sends what is opened and withdrawn there to the endpoints that the file
    SAMEHAND_ENDPOINTS names (TOML), each with its own filter, shape and secret; generic ones are signed as
    Standard Webhooks. docs/deliver.md shows the file.

    It needs neither Redis nor a pepper. Every endpoint has a consumer group of its own,
    SAMEHAND_KAFKA_GROUP with `-deliver-` and the endpoint's name: each alert arrives at least once, those
    of an account in order. An endpoint that is away holds itself alone, for a day; what it refuses becomes
    a dead letter that can be sent again (`samehand letters`); one that answers 410 gets nothing more. It
    looks after itself as `samehand worker` does; /metrics and /health are at SAMEHAND_WEB_HOST,
    SAMEHAND_WEB_PORT.

    \b
    Exit codes:
      0   it was told to stop, and did
      1   a fault that its log names
      2   a setting, or the file of endpoints, cannot be used
      69  no Kafka broker answers
      70  a stop took longer than SAMEHAND_STOP_SECONDS
      71  its web address is taken or not this machine's
      75  it got nowhere, and ended so that another start may
      77  Kafka refuses the login or a right
      78  topics are missing or would lose data

    \b
    Example:
      SAMEHAND_KAFKA_BROKERS=kafka-1:9092 SAMEHAND_ENDPOINTS=endpoints.toml \\
      SAMEHAND_WEB_PORT=6068 samehand deliver
    """
    given = settings.load()
    # Whoever typed a wrong URL hears of it at once, and not from a child's log.
    endpoints = endpoints_of(given, os.environ)
    logs.configure(given.log_level)
    return supervise(partial(_work, given, endpoints), FlightRecorder(given.data_dir))


def _work(given: Settings, endpoints: Sequence[Endpoint], birth: Birth) -> int:
    from gate.deliver.process import run  # half a second of imports, which the supervisor does without

    return run(given, endpoints, birth)
