"""``samehand simulate``: a simulated platform, written to files."""

from __future__ import annotations

import time
from pathlib import Path

import click

from cli import output
from cli.options import OUT_FOLDER, FiniteRange, Whole, option
from cli.output_files import unwritable
from report.text import plural
from simulate.evasion.edits import EDIT_SETS
from simulate.files import simulate_command


@click.command("simulate")
@option(
    "--seed", "Seed of the random numbers: the same seed gives the same files.", int, default=1, metavar="N"
)
@option("--accounts", "How many sign-ups to simulate.", Whole(1), default=10_000)
@option(
    "--channels",
    "How many channels and groups to ban besides; another signs up after each, every other one a mirror.",
    Whole(0),
    default=0,
)
@option(
    "--out",
    "Write the files to this folder, which is created if missing; files of these names are replaced.",
    OUT_FOLDER,
    required=True,
    metavar="DIR",
)
@option(
    "--edits",
    "Which edits disguise names: tuning, validation or held_out. Never tune on held_out.",
    click.Choice(sorted(EDIT_SETS)),
    default="tuning",
    metavar="SET",
)
@option(
    "--malformed",
    "Share of malformed records in events.jsonl.",
    FiniteRange(0.0, 0.5),
    default=0.0,
    metavar="SHARE",
)
@output.json_option
def command(seed: int, accounts: int, channels: int, out: Path, edits: str, malformed: float) -> int:
    """Write a simulated platform to files, with its true mirrors listed.

    Use it to try samehand without real data, and to measure it (`samehand try --truth`).

    Writes bans.jsonl and accounts.jsonl, which `samehand score` reads; truth.csv, which accounts mirror which
    bans; strategies.csv, how each mirror was disguised: people 1 (naive) to 8, channels 10 to 15;
    languages.csv, the language of each account; innocents.csv, look-alikes that are no mirrors; and
    events.jsonl, all events in order of time.

    \b
    Examples:
      samehand simulate --seed 7 --accounts 5000 --channels 200 --out sample
      samehand score --bans sample/bans.jsonl --accounts sample/accounts.jsonl
    """
    started = time.monotonic()
    try:
        with output.progress("simulating sign-ups", accounts + channels) as hear:
            summary = simulate_command(
                seed,
                accounts,
                out,
                channels=channels,
                edits=edits,
                malformed_share=malformed,
                progress=lambda done, _: hear(done),
            )
    except ValueError as fault:
        raise click.UsageError(str(fault)) from fault
    except OSError as fault:
        raise unwritable(out, fault, "--out") from fault
    mirrors, seconds = sum(summary.strategies.values()), round(time.monotonic() - started, 3)
    return output.result(
        {
            "events": summary.events,
            "sign_ups": summary.sign_ups,
            "mirrors": mirrors,
            "topics": {str(topic): count for topic, count in summary.topics.items()},
            "strategies": {str(number): count for number, count in sorted(summary.strategies.items())},
            "malformed": summary.malformed,
            "seconds": seconds,
        },
        f"{plural(summary.events, 'event')}, {plural(summary.sign_ups, 'sign-up')}, "
        f"{plural(mirrors, 'mirror')} in {out}, {seconds:.1f} s",
    )
