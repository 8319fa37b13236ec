"""``samehand worker``: scores accounts as they are created, until it is stopped."""

from __future__ import annotations

import click

from streams import settings
from streams.supervision.flight_recorder import FlightRecorder
from streams.supervision.supervisor import Birth, supervise
from streams.telemetry import logs


@click.command("worker", short_help="Score new accounts from Kafka and publish alerts, until stopped.")
def command() -> int:
    """Score new accounts from Kafka and publish alerts, until stopped.

    Consumes the topics of account events (accounts.created, accounts.banned, …), looks up each new account
    among the bans and each new ban among the remembered accounts, both kept in Redis, and publishes what it
    finds on the topic alerts. It bans nobody.

    Settings are environment variables: `samehand doctor --settings` lists them, and `samehand doctor` checks
    that a worker would start. A page for people, /metrics and /health are served at SAMEHAND_WEB_HOST and
    SAMEHAND_WEB_PORT. Run up to as many workers as the topics have partitions; they share the work. SIGTERM,
    Ctrl-C and the end of its terminal stop it gracefully.

    A worker that hangs for SAMEHAND_HANG_SECONDS or crashes is restarted, up to 20 times in a row; a record
    that ended its worker three times becomes a dead letter (`samehand letters`).

    \b
    Exit codes:
      0   stopped as asked
      1   failed; the log says why
      2   a setting, or a file that a setting names, cannot be used
      65  the store was made with other sizes or another pepper
      69  no Kafka broker answers
      70  stopping took longer than SAMEHAND_STOP_SECONDS
      71  the web address is in use, or is not this machine's
      75  no progress: ended so that a supervisor restarts it
      77  Kafka or Redis refuses the login or a permission
      78  topics are missing or lose data, Redis evicts, or weights lack a file

    \b
    Example:
      SAMEHAND_KAFKA_BROKERS=kafka-1:9092,kafka-2:9092 \\
      SAMEHAND_REDIS_URL=redis://redis:6379/0 \\
      SAMEHAND_PEPPER_FILE=/run/secrets/pepper samehand worker
    """
    given = settings.load()
    logs.configure(given.log_level)

    def work(birth: Birth) -> int:
        # Half a second and 100 MB of imports, which the supervisor does without.
        from agents.runtime.worker import run
        from report.worker_page import mount_page

        return run(given, mount_page, birth)

    return supervise(work, FlightRecorder(given.data_dir))
