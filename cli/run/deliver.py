"""``samehand deliver``: sends alerts to webhooks, until it is stopped."""

from __future__ import annotations

import os

import click

from deliver.endpoints import endpoints_of
from streams import settings
from streams.supervision.flight_recorder import FlightRecorder
from streams.supervision.supervisor import Birth, supervise
from streams.telemetry import logs


@click.command("deliver", short_help="Send alerts to webhooks, until stopped.")
def command() -> int:
    """Send alerts to webhooks, until stopped.

    Reads the topic alerts and posts each alert that is opened or withdrawn to the endpoints listed in the
    file SAMEHAND_ENDPOINTS (TOML, docs/deliver.md), each with its own filter, format and secret. Generic
    endpoints are signed as Standard Webhooks.

    Needs Kafka, but neither Redis nor a pepper. Each endpoint has its own consumer group,
    SAMEHAND_KAFKA_GROUP with `-deliver-` and its name appended: every alert arrives at least once, and
    those on one account in order. If an endpoint is unavailable, only its own alerts wait, for up to a day.
    An alert that it refuses becomes a dead letter, which `samehand letters` can send again; after the
    answer 410 (Gone) it gets nothing more. Like a worker it restarts itself, and serves /metrics and
    /health at SAMEHAND_WEB_HOST and SAMEHAND_WEB_PORT.

    \b
    Exit codes:
      0   stopped as asked
      1   failed; the log says why
      2   a setting, or the file of endpoints, cannot be used
      69  no Kafka broker answers
      70  stopping took longer than SAMEHAND_STOP_SECONDS
      71  the web address is in use, or is not this machine's
      75  no progress: ended so that a supervisor restarts it
      77  Kafka refuses the login or a permission
      78  topics are missing or would lose data

    \b
    Example:
      SAMEHAND_KAFKA_BROKERS=kafka-1:9092 SAMEHAND_ENDPOINTS=endpoints.toml \\
      SAMEHAND_WEB_PORT=6069 samehand deliver
    """
    given = settings.load()
    # A wrong URL fails here, not in the log of a child process.
    endpoints = endpoints_of(given, os.environ)
    logs.configure(given.log_level)

    def work(birth: Birth) -> int:
        from deliver.process import run  # half a second of imports, which the supervisor does without

        return run(given, endpoints, birth)

    return supervise(work, FlightRecorder(given.data_dir))
