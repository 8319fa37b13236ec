"""``samehand remember``: existing accounts into the store, without a word about any of them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import click
from msgspec.structs import asdict

from agents.common.unusable_fields import UnusableFields
from agents.runtime.store_factory import peppers_of, stock_of
from cli import output
from cli.inputs.event_files import EventFiles, files_options
from cli.inputs.input_errors import tell_faults, tell_unusable
from cli.inputs.input_files import ACCOUNTS, InputLine, size
from cli.offline.distilled import remembered
from cli.offline.offline_scoring import BATCH_RECORDS, batches
from cli.options import FILE, strict_option
from cli.outages import through_outages
from cli.run_async import awaited
from cli.store_context import closing_store
from report.text import plural
from samehand.showings import UNKNOWN
from schemas.accounts import AccountCreated, AccountRemembered
from schemas.malformed import Malformed
from streams.outcomes import Dead
from streams.settings import Settings, load


@dataclass(slots=True)
class _Tally:
    remembered: int = 0
    faults: list[tuple[str, Malformed | Dead]] = field(default_factory=list)
    unusable: UnusableFields = field(default_factory=UnusableFields)


@click.command("remember", short_help="Store existing accounts, without alerts, for later bans to match.")
@click.argument("paths", metavar="FILES...", nargs=-1, required=True, type=FILE)
@files_options
@strict_option
@output.json_option
def command(paths: tuple[Path, ...], files: EventFiles, strict: bool, as_json: bool) -> int:
    """Store existing accounts, without alerts, so that later bans are compared with them.

    Use it once, when you begin, for the accounts that signed up before: a worker remembers only those whose
    events it sees. FILES are JSONL of AccountCreated, or CSV whose first line names the account's fields,
    account_id among them (docs/reference/events.md); `-` is standard input. Writes to Redis; the accounts are
    kept for SAMEHAND_REMEMBER_DAYS. Running it again does no harm.

    Lines that cannot be read are reported on standard error with their number; the others are stored.

    \b
    Examples:
      samehand remember accounts.jsonl
      samehand remember --platform telegram export-1.csv export-2.csv
    """
    settings, started, tally = load(), time.monotonic(), _Tally()
    files.tell_odd(*((path, ACCOUNTS) for path in paths), strict=strict)
    with output.progress("remembering accounts", size(paths)) as hear:
        awaited(_remember(settings, files.accounts_of(paths, hear), tally))
    tell_faults(tally.faults)
    tell_unusable(tally.unusable)
    figures = {
        "remembered": tally.remembered,
        "bad_rows": len(tally.faults),
        "fields_unusable": tally.unusable.rows,
        "seconds": round(time.monotonic() - started, 3),
    }
    if as_json:
        output.figures(figures)
    else:
        done, bad = plural(tally.remembered, "account"), plural(len(tally.faults), "bad row")
        output.console().print(f"{done} remembered, {bad}, {figures['seconds']:.1f} s")
    if not tally.remembered and tally.faults:
        raise click.ClickException("no line of these files could be read")
    return 0


async def _remember(settings: Settings, lines: Iterator[InputLine[AccountCreated]], tally: _Tally) -> None:
    peppers, stock = peppers_of(settings), stock_of(settings)
    async with closing_store(settings, peppers) as store:
        await store.open()  # who named a wrong Redis hears it at once
        for batch in batches(_readable(lines, tally), BATCH_RECORDS):
            # As a list describes them, which may have been drawn up long after the accounts were made.
            listed = [AccountRemembered(**asdict(event)) for _, event in batch]
            distilled = remembered(listed, peppers.keyers, stock)
            tally.faults += [
                (line.address, outcome)
                for (line, _), outcome in zip(batch, distilled, strict=True)
                if isinstance(outcome, Dead)
            ]
            accounts = [
                outcome if line.dated else replace(outcome, shown=UNKNOWN)
                for (line, _), outcome in zip(batch, distilled, strict=True)
                if not isinstance(outcome, Dead)
            ]
            await through_outages(partial(store.remember, accounts, now=time.time()))
            tally.remembered += len(accounts)


def _readable(
    lines: Iterator[InputLine[AccountCreated]], tally: _Tally
) -> Iterator[tuple[InputLine[AccountCreated], AccountCreated]]:
    for line in lines:
        if isinstance(line.outcome, Malformed):
            tally.faults.append((line.address, line.outcome))
        elif not line.named:
            # A row number is no account that anybody could be sent to.
            raise click.ClickException(
                f"{line.address}: the file lacks the column account_id, which remembered accounts need"
            )
        else:
            tally.unusable.add(line.outcome, line.unusable)
            yield line, line.outcome
