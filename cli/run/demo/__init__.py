"""``samehand demo``: all of samehand on this machine, with a sample stream running through it."""

from __future__ import annotations

import click

from cli import output
from cli.options import FiniteRange, Whole, option


@click.command("demo")
@option(
    "--for",
    "End by itself this long after everything has started; by default at Ctrl-C.",
    FiniteRange(min=15),
    "seconds",
    metavar="SECONDS",
)
@option("--accounts", "How many sign-ups to simulate.", Whole(min=200), default=2_000)
@option(
    "--seed", "Seed of the random numbers: the same seed gives the same events.", int, default=7, metavar="N"
)
@output.json_option
def command(seconds: float | None, accounts: int, seed: int) -> int:
    """Run all of samehand on this machine on sample data, and print alerts as they come.

    Starts an embedded broker (Kafka protocol), an embedded Redis, a worker and a desk, replays simulated
    events (sign-ups, households, shared networks, mirrors from naive to untraceable, a wave, a lifted ban,
    changed profiles, malformed records), and prints each alert with its reasons, the wave, and how many
    mirrors were found. Everything lives in a temporary folder and ends with the command: press Ctrl-C. Needs
    Linux on x86-64 and the extra samehand[demo]; uses none of your servers.

    \b
    Examples:
      samehand demo
      samehand demo --for 30
      samehand demo --for 30 --json | tail -n 1 | jq .alerts_by_band
    """
    from kafka.errors import KafkaError  # type: ignore[import-untyped]  # kafka-python ships no types

    from cli.run.demo.run import DemoOptions, perform
    from cli.run.demo.servers import NotReady
    from local.binaries import NotAvailable
    from local.server import DidNotStart

    try:
        figures = perform(DemoOptions(seconds, accounts, seed), output.console())
    except (NotAvailable, NotReady, DidNotStart, KafkaError) as fault:
        first, *rest = str(fault).splitlines() or [type(fault).__name__]
        raise click.ClickException(" ".join([first, *rest[-1:]])) from fault
    return output.result(figures, code=0 if figures["worker_alive"] else 1)
