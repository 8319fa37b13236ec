"""``samehand bridge``: translates foreign topics into samehand's, until it is stopped."""

from __future__ import annotations

import click

from streams import settings
from streams.kafka.mapped_topics import mappings_of
from streams.supervision.flight_recorder import FlightRecorder
from streams.supervision.supervisor import Birth, supervise
from streams.telemetry import logs


@click.command("bridge", short_help="Translate records of your topics into samehand's, until stopped.")
def command() -> int:
    """Translate records of your own topics into samehand's, until stopped.

    Use it if your platform already publishes sign-ups or bans in its own format. Reads the topics that the
    mapping file (SAMEHAND_MAPPINGS, docs/mapping.md) names, and publishes what the file's rules make of
    their records on accounts.created, accounts.updated, accounts.remembered, accounts.banned,
    accounts.reinstated and accounts.deleted, which workers consume, and accounts.actioned, which desks
    consume. Check the file first with `samehand map`.

    Needs Kafka, but neither Redis nor a pepper. Each record is acknowledged only after its translation is
    confirmed. A record that cannot be translated becomes a dead letter with field and reason, and too many of
    them stop its topic (`samehand letters`). The consumer group is SAMEHAND_KAFKA_GROUP with `-bridge`
    appended; run up to as many bridges as the topics have partitions. Like a worker it restarts itself, and
    serves /metrics and /health at SAMEHAND_WEB_HOST and SAMEHAND_WEB_PORT.

    \b
    Exit codes:
      0   stopped as asked
      1   failed; the log says why
      2   a setting, or the mapping file, cannot be used
      69  no Kafka broker answers
      70  stopping took longer than SAMEHAND_STOP_SECONDS
      71  the web address is in use, or is not this machine's
      75  no progress: ended so that a supervisor restarts it
      77  Kafka refuses the login or a permission
      78  topics are missing or would lose data

    \b
    Example:
      SAMEHAND_KAFKA_BROKERS=kafka-1:9092 SAMEHAND_MAPPINGS=mappings.toml \\
      SAMEHAND_WEB_PORT=6067 samehand bridge
    """
    given = settings.load()
    mappings_of(given)  # a wrong expression fails here, not in the log of a child process
    logs.configure(given.log_level)

    def work(birth: Birth) -> int:
        from agents.runtime.bridge import run  # half a second of imports, which the supervisor does without

        return run(given, birth)

    return supervise(work, FlightRecorder(given.data_dir))
