"""``samehand demo``: the whole house on this machine, with a sample stream running through it."""

from __future__ import annotations

import click

from desk.cli import output


@click.command("demo", short_help="Run everything here on a sample stream, and print alerts as they come.")
@click.option(
    "--for",
    "seconds",
    type=click.FloatRange(min=15),
    help="End by itself SECONDS after all has started, exit code 0.",
)
@click.option("--accounts", type=click.IntRange(min=200), default=2_000, show_default=True, help="Sign-ups.")
@click.option("--seed", type=int, default=7, show_default=True, help="Another seed, another platform.")
@output.json_option
def command(seconds: float | None, accounts: int, seed: int, as_json: bool) -> int:
    """Run everything on this machine on a sample stream, and print alerts as they come.

    Starts an embedded Kafka-protocol broker, an embedded Redis, a worker and a desk, replays a sample stream
    (ordinary sign-ups, households, shared networks, mirrors from naive to wholly fresh, a reinstatement,
    changed profiles, malformed records) and prints each alert with its reasons. Ctrl-C ends all of it.

    \b
    Examples:
      samehand demo
      samehand demo --for 30
      samehand demo --for 30 --json | tail -n 1 | jq .alerts_by_band
    """
    from desk.cli.commands.demo.run import Wanted, perform
    from desk.cli.commands.demo.servers import NotReady
    from local.binaries import NotAvailable
    from local.server import DidNotStart

    try:
        told = perform(Wanted(seconds, accounts, seed), output.console())
    except (NotAvailable, NotReady, DidNotStart) as fault:
        raise click.ClickException(str(fault)) from fault
    if as_json:
        output.figures(told)
    return 0 if told["worker_alive"] else 1
