"""``samehand account``: what is kept of one account, a copy of its own data, and its erasure."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import click
from rich.text import Text

from cli import output
from cli.exit_codes import NOT_DONE, NotDone
from cli.maintain.account.erase import Receipt, erase, foreseen, require_topics
from cli.maintain.account.export import export
from cli.maintain.account.holdings import WHY, Gatherer, Holdings, moment_words
from cli.options import OUT_FILE, FiniteRange, Parsed, flag, option
from cli.output_files import writing
from cli.running import awaited
from desk.settings import DeskSettings, load
from report.text import plural, visible
from schemas.keys import AccountRef, read_account_key
from schemas.malformed import Malformed
from streams.settings.basis_rights import basis_rights_of


def _account(text: str) -> AccountRef:
    account = read_account_key(text.encode(errors="surrogateescape"))
    if isinstance(account, Malformed):
        raise ValueError(f"{visible(text, 64)}: give PLATFORM:ID, such as x:1076313901")
    return account


account_argument = click.argument("account", metavar="PLATFORM:ID", type=Parsed("account", _account))


@click.group("account")
def command() -> None:
    """Show, export or erase what is kept of one account.

    Reads Redis (if SAMEHAND_PEPPER_FILE is set), the desk's database (if it exists), and the settings of
    topics, but no record on them. Which places there are, and how long each keeps what, stands in
    docs/reference/retention.md.

    \b
    Examples:
      samehand account show telegram:1119280334536626042
      samehand account export telegram:1119280334536626042 --out account.json
      samehand account erase telegram:1119280334536626042 --dry-run
    """


@command.command("show", short_help="Show what is kept of an account, where and until when.")
@account_argument
@output.json_option
def show(account: AccountRef) -> int:
    """Show what is kept of an account, where and until when.

    Prints no value of the account: `samehand account export` does. Records of topics are not read: each topic
    is listed with the time by which it drops a record of today.

    \b
    Examples:
      samehand account show telegram:1119280334536626042
      samehand account show x:1076313901 --json
    """
    holdings = _gathered(load(), account)
    unread = "; not every place was read" if holdings.not_read else ""
    return output.result(
        {
            "account": account.key,
            "kept": [row.figures for row in holdings.rows],
            "not_read": holdings.not_read,
        },
        f"{visible(account.key, 289)}: kept in {_places(holdings)}{unread}",
        *(
            words
            for row in holdings.rows
            for words in (f"{row.where}, {row.until_words}", f"  {row.figures['holds']}")
        ),
        *_not_read(holdings.not_read),
    )


@command.command("export", short_help="Write an account's own data as JSON.")
@account_argument
@option("--out", "Write to this file instead of standard output.", OUT_FILE)
@output.json_option
def export_(account: AccountRef, out: Path | None) -> int:
    """Write an account's own data as JSON: what Redis holds of it in the clear, and what the desk keeps: the
    alerts that name it, and what the platform did.

    The other account of each alert is masked. `left_out` in the output lists what else is missing, and why.
    Read it before you hand it over: it says that alerts exist, and what was compared.

    \b
    Examples:
      samehand account export telegram:1119280334536626042 > account.json
      samehand account export x:1076313901 --out account.json
    """
    with nullcontext() if out is None else writing(out, "--out", private=True) as file:
        settings = load()
        rights = basis_rights_of(settings)
        gathered = _gathered(settings, account)
        made = export(account.key, gathered, now=time.time(), rights=rights)
        text = json.dumps(made, indent=2, ensure_ascii=file is None)
        if file is not None:
            file.write(f"{text}\n".encode())
    if out is None and not output.wants_json():
        click.echo(text)
        return 0
    return output.result(made, f"{visible(str(out), 4_096)}: {plural(len(made['alerts']), 'alert')}")


@command.command("erase", short_help="Erase an account, with a receipt of what remains.")
@account_argument
@flag("--ban", "Also end the ban: publish its tombstone on accounts.banned.")
@flag("--dry-run", "Print what would be erased and what would remain; do nothing.")
@flag("--yes", "Do not ask for confirmation; needed where there is no terminal.")
@option(
    "--wait",
    "How long to wait for workers to erase the account from Redis.",
    FiniteRange(0, 600),
    "wait_seconds",
    default=30.0,
    metavar="SECONDS",
)
@option("--out", "Also write the receipt to this file, as JSON.", OUT_FILE)
@output.json_option
def erase_(
    account: AccountRef, ban: bool, dry_run: bool, yes: bool, wait_seconds: float, out: Path | None
) -> int:
    """Erase an account, and print a receipt: what was erased, and what remains where, until when and why.

    Publishes a deletion on accounts.deleted, as the platform does when an account is deleted: workers forget
    it and withdraw alerts that name it. Quotes, notes and search terms at the desk are erased at once. A ban
    stays, unless --ban ends it. Kafka removes no single record, so raw profiles stay on their topics until
    their retention ends. Events that the platform publishes later are kept as for any account.

    Exit code 1 means that something is not gone yet, or that no record was published; erase again, or look
    with `samehand account show`.

    \b
    Examples:
      samehand account erase telegram:1119280334536626042 --dry-run
      samehand account erase telegram:1119280334536626042 --out receipt.json
      samehand account erase x:1076313901 --ban --yes --json
    """
    settings = load()
    if not (dry_run or yes or sys.stdin.isatty()):
        raise click.UsageError("there is no terminal to ask on: give --yes, or --dry-run to look first")
    holdings = _gathered(settings, account)
    if not dry_run:
        require_topics(settings, holdings, ban=ban)
    if not (dry_run or yes):
        what = f"{visible(account.key, 289)}, found in {_places(holdings)}"
        if holdings.ban is not None:
            what += ", and end its ban" if ban else "; its ban stays"
        if not click.confirm(f"Erase {what}?", err=True):
            raise NotDone("nothing was erased")
    with nullcontext() if out is None else writing(out, "--out", private=True) as file:
        receipt = foreseen(settings, account, holdings, ban=ban, now=time.time())
        try:
            if not dry_run:
                awaited(erase(settings, account, holdings, receipt, ban=ban, wait_seconds=wait_seconds))
        finally:  # after Ctrl-C too: what is published cannot be taken back
            if file is not None:
                file.write(f"{json.dumps(receipt.figures, indent=2, ensure_ascii=False)}\n".encode())
    return output.result(receipt.figures, *_shown(receipt), code=NOT_DONE if receipt.pending else 0)


def _gathered(settings: DeskSettings, account: AccountRef) -> Holdings:
    return awaited(Gatherer(settings, account, time.time()).everything())


def _shown(receipt: Receipt) -> Iterator[str | Text]:
    word = "dry run, nothing is erased" if receipt.dry_run else "erasure"
    yield f"{visible(receipt.account, 289)}: {word}, {moment_words(receipt.at)}"
    yield from (f"published: {what} as {address}" for what, address in receipt.published.items())
    asked = "To be erased:" if receipt.dry_run else "Asked for, and not seen to be gone:"
    for title, rows in (("Erased:", receipt.erased), (asked, receipt.asked)):
        if rows:
            yield Text(title, "bold")
        yield from (f"  {row.where}" for row in rows)
    yield Text("Remains:", "bold")
    yield from (f"  {row.where}, {row.until_words} ({row.reason})" for row in receipt.remains)
    for reason in dict.fromkeys(row.reason for row in receipt.remains):
        if reason is not None:
            yield f"{reason}: {WHY[reason]}"
    yield from _not_read(receipt.not_read)


def _places(holdings: Holdings) -> str:
    """How many places hold something of the account, in words."""
    return plural(sum(row.reason != "not-read" for row in holdings.rows), "place")


def _not_read(parts: dict[str, str]) -> Iterator[str]:
    """Yields them where the rest stands: a report that is kept says what it does not cover."""
    return (f"not read: {part}: {visible(why, 4_096)}" for part, why in parts.items())
