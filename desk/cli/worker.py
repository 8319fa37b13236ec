"""``samehand worker``: the service itself."""

from __future__ import annotations

import click

from desk.cli import say
from streams.settings import load


@click.command("worker", short_help="Read the topics, keep the fingerprints, publish alerts.")
@click.option("--json", "as_json", is_flag=True, help="Print the exit code as one JSON object at the end.")
def command(as_json: bool) -> int:
    """Read the topics, keep the fingerprints, publish alerts, until told to stop.

    SIGTERM and Ctrl-C end it gracefully: the batch in hand is finished first. /metrics, /health/live and
    /health/ready are served on SAMEHAND_WEB_HOST:SAMEHAND_WEB_PORT.

    \b
    Example:
      SAMEHAND_KAFKA_BROKERS=kafka:9092 SAMEHAND_REDIS_URL=redis://redis:6379/0 \\
      SAMEHAND_PEPPER_FILE=/run/secrets/pepper samehand worker
    """
    settings = load()
    from agents.worker import run  # loads Faust: a wrong setting is told without waiting for it

    code = run(settings)
    if as_json:
        say.figures({"exit_code": code})
    return code
