"""``samehand remember``: existing accounts into the store, without a word about any of them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import click
from msgspec.structs import asdict

from agents.runtime.dry_run import remembered
from agents.runtime.store_factory import peppers_of, stock_of
from cli import output
from cli.inputs.event_files import EventFiles, files_options
from cli.inputs.input_errors import FileTally
from cli.inputs.input_files import ACCOUNTS, InputLine, size
from cli.opening import closing_store
from cli.options import files_argument, strict_option
from cli.running import awaited, through_outages
from samehand.showings import UNKNOWN
from schemas.accounts import AccountCreated, AccountRemembered
from streams.outcomes import Dead, batches
from streams.settings import Settings, load


@click.command("remember")
@files_argument
@files_options
@strict_option
@output.json_option
def command(paths: tuple[Path, ...], files: EventFiles, strict: bool) -> int:
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
    settings, tally = load(), FileTally()
    files.tell_odd(*((path, ACCOUNTS) for path in paths), strict=strict)
    with output.progress("remembering accounts", size(paths)) as hear:
        awaited(_remember(settings, files.accounts_of(paths, hear), tally))
    code = tally.tell("account", "remembered")
    tally.refuse_nothing()
    return code


async def _remember(settings: Settings, lines: Iterator[InputLine[AccountCreated]], tally: FileTally) -> None:
    peppers, stock = peppers_of(settings), stock_of(settings)
    async with closing_store(settings, peppers) as store:
        await store.open()  # a wrong address of Redis is said at once
        for batch in batches(tally.readable(lines, named="remembered")):
            # As a list describes them, which may have been drawn up long after the accounts were made.
            listed = [AccountRemembered(**asdict(event)) for _, event in batch]
            accounts = []
            for (line, _), outcome in zip(batch, remembered(listed, peppers.keyers, stock), strict=True):
                if isinstance(outcome, Dead):
                    tally.bad(line.address, outcome)
                else:
                    accounts.append(outcome if line.dated else replace(outcome, shown=UNKNOWN))
            await through_outages(partial(store.remember, accounts, now=time.time()))
            tally.done += len(accounts)
