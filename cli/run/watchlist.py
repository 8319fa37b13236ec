"""``samehand watchlist``: official lists of proscribed organisations, as names to compare with."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NoReturn

import click
import msgspec

from cli import output
from cli.exit_codes import NotDone
from cli.inputs.input_errors import tell_all, tell_faults
from cli.inputs.input_files import size
from cli.inputs.input_source import opened, shown_path
from cli.options import FILE, OUT_FILE, flag, option, strict_option, word
from cli.output_files import replacing, writing
from cli.run.publishing import delivered
from report.text import plural, visible
from samehand.watchlist.alias_filter import AliasFault
from schemas.accounts import AccountBanned
from schemas.wire import encode
from streams.settings import load
from streams.settings.basis_rights import basis_rights_of
from watchlists.bans import ListedBans
from watchlists.changes import (
    ListChanges,
    ListState,
    change_lines,
    change_of,
    compared,
    counted,
    read_state,
    recent,
    state_lines,
    why_stopped,
)
from watchlists.lists import FORMATS, Format, not_read, read_lists
from watchlists.plain import AUTHORITY_FORM

PROGRAMMES_TOLD_MAX: Final = 30

DAYS: Final = 90
"""Lists change weekly: without another import, names that a list dropped must not stay banned."""

DAYS_MAX: Final = 36_500
"""A century; a moment after the year 9999 has no date."""

_WARNING: Final = (
    "warning: names of persons are imported. Thousands of innocent people bear a listed person's name; "
    "these names never alert, whatever else agrees, and stand beside other evidence only."
)


@click.group("watchlist")
def command() -> None:
    """Import official lists of proscribed organisations as bans.

    A listed name never raises an alert by itself: an account is alerted only if its name or handle
    resembles a listed organisation's and its self-description names that organisation too
    (docs/watchlists.md).

    \b
    Examples:
      samehand watchlist import un.xml --state un.state --allow-change
      samehand watchlist import un.xml --state un.state
      samehand watchlist import consolidated.xml --out organisations.jsonl
    """


@command.command("import", short_help="Publish the names on official lists to accounts.banned.")
@click.argument("files", nargs=-1, required=True, type=FILE)
@option(
    "--authority",
    "Code of the authority that keeps the list, such as PK; by default that of the format.",
    word("code", AUTHORITY_FORM, "the code of an authority is a short word such as PK"),
    metavar="XX",
)
@option(
    "--format",
    f"The files' format: auto, {', '.join(FORMATS)}.",
    click.Choice(["auto", *FORMATS]),
    "chosen",
    default="auto",
    metavar="FORMAT",
)
@option(
    "--programme",
    "Import only entries of this programme, repeatable; if the files have none, say which they have.",
    into="programmes",
    multiple=True,
    metavar="NAME",
)
@flag("--persons", "Also import persons. Innocent people share their names: read docs/watchlists.md first.")
@option(
    "--days",
    "For how many days the names stay in force unless imported again; 0: for ever.",
    click.IntRange(0, DAYS_MAX),
    default=DAYS,
    metavar="DAYS",
)
@option(
    "--state",
    "Print which listings came, changed and went since the import that wrote FILE, and replace FILE.",
    OUT_FILE,
)
@flag(
    "--allow-change",
    "Import a list that is new under --state, or of which more than a tenth changed within 30 days.",
)
@option(
    "--out",
    "Write the bans to this file, for `enrol` or `score --bans`, instead of publishing them.",
    OUT_FILE,
)
@strict_option
@output.json_option
def import_(
    files: tuple[Path, ...],
    authority: str | None,
    chosen: str,
    programmes: tuple[str, ...],
    persons: bool,
    days: int,
    state: Path | None,
    allow_change: bool,
    out: Path | None,
    strict: bool,
) -> int:
    """Publish the names on official lists to the topic accounts.banned.

    FILES are OFAC's SDN.CSV with ALT.CSV, OFAC's XML, the UN's consolidated XML, the UK's list as CSV, the
    EU's consolidated list as XML (1.1), entities of FollowTheMoney as lines of JSON (OpenSanctions, yente),
    or plain CSV with the columns reference and name, and optionally aliases (separated by `;`), type,
    programme, listed_on and authority; `-` is standard input.

    Publishing needs --state. An import that adds, changes or removes more than a tenth of the list within 30
    days, the first one among them, stops and shows the difference until you give --allow-change. Keep FILE in
    git, where a second person reads the change.

    Running it again does no harm, and keeps the names in force for another --days. Rows that cannot be read,
    and names too short or too common to tell anybody apart, are reported on standard error and left out. A
    file that is damaged or was cut short imports nothing.

    \b
    Examples:
      samehand watchlist import SDN.CSV ALT.CSV --programme SDGT --state us.state
      samehand watchlist import national.csv --authority PK --state pk.state
      samehand watchlist import xmlFullSanctionsList_1_1.xml --state eu.state
      samehand watchlist import entities.ftm.json --authority CH --state ch.state
      samehand watchlist import consolidated.xml --out organisations.jsonl
    """
    now = time.time()
    settings = load()
    tally = ListedBans(now, days, persons, frozenset(programmes), basis_rights_of(settings))
    if persons:
        output.note(_WARNING)
    if state is None and out is None:
        raise click.UsageError("--state FILE is missing: it keeps what is in force")
    if out is not None and state is not None and out.resolve() == state.resolve():
        raise click.BadParameter(
            f"{out}: would hold the bans and the state; name another file", param_hint="--out"
        )
    form: Format | None = next((name for name in FORMATS if name == chosen), None)
    tell_all(_not_read(files, form), strict=strict)
    former = None if state is None else read_state(state)
    with ExitStack() as opened_files:
        kept = None if state is None else opened_files.enter_context(replacing(state, "--state"))
        file = None if out is None else opened_files.enter_context(writing(out, "--out"))
        bans = _all_read(files, form, authority, tally, strict=strict)
        complete = bool(tally.entries) and not tally.faults
        changes = None if former is None else compared(former.listings, tally.listings, complete=complete)
        if state is not None and not allow_change and (why := why_stopped(former, changes, now)):
            _stop(why, changes)
        if file is None:
            for _ in delivered(settings, bans):
                pass  # counted as they were found
        else:
            file.writelines(encode(ban) + b"\n" for ban in bans)
        if kept is not None:
            missed = {} if complete or former is None else former.listings
            lately = (
                ()
                if former is None or changes is None or allow_change
                else (*recent(former.lately, now), change_of(changes, now))
            )
            kept.writelines(state_lines(ListState(missed | tally.listings, lately)))
    return _tell(tally, changes, round(time.time() - now, 3))


def _stop(why: str, changes: ListChanges | None) -> NoReturn:
    if changes is not None:
        for line in (counted(changes), *change_lines(changes)):
            output.note(line)
    raise NotDone(f"nothing was imported: {why}. If that is right, import it with --allow-change")


def _all_read(
    files: tuple[Path, ...], form: Format | None, authority: str | None, tally: ListedBans, *, strict: bool
) -> list[AccountBanned]:
    """Reads every file before anything is published: a file that was cut short imports nothing."""
    try:
        with output.progress("reading lists", size(files)) as hear:
            entries = read_lists(files, chosen=form, authority=authority, hear=hear, opening=opened)
            bans = list(tally.read(entries))
    finally:
        tell_faults(tally.faults)
        for line in tally.examples:
            output.note(line)
        left = sum(count for reason, count in tally.passed.items() if reason is not AliasFault.REPEATED)
        if left > len(tally.examples):
            output.note(f"… and {plural(left - len(tally.examples), 'more name')} passed over")
    if not tally.entries and tally.faults:
        raise click.ClickException("no line of these files could be read")
    if tally.broken:
        raise click.ClickException(
            f"{visible(tally.broken, 300)}: the file is damaged or was cut short; nothing was imported: fetch"
            " it again"
        )
    if not tally.entries:
        tell_all(["there is no listing in these files"], strict=strict)
    if missing := sorted(tally.programmes - tally.there.keys()):
        there = ", ".join(
            f"{visible(name)} ({count:,})" for name, count in tally.there.most_common(PROGRAMMES_TOLD_MAX)
        )
        more = ", …" if len(tally.there) > PROGRAMMES_TOLD_MAX else ""
        asked = ", ".join(map(visible, missing))
        raise click.ClickException(
            f"no entry is of the programme {asked}; there are: {there or 'none'}{more}"
        )
    return bans


def _not_read(files: tuple[Path, ...], form: Format | None) -> Iterator[str]:
    for path in files:
        if names := not_read(path, chosen=form, opening=opened):
            shown = ", ".join(map(visible, names[:PROGRAMMES_TOLD_MAX]))
            yield f"{shown_path(path)}: {plural(len(names), 'column')} not read: {shown}"


def _tell(tally: ListedBans, changes: ListChanges | None, seconds: float) -> int:
    until = None if tally.expires_at is None else datetime.fromtimestamp(tally.expires_at, UTC).date()
    entries, passed = tally.entries, tally.passed
    kinds = ("organisations", "persons", "persons_left_out", "other_programmes", "neither")
    return output.result(
        {
            **{kind: entries[kind] for kind in kinds},
            "names": tally.names,
            "names_passed_over": {str(reason): passed[reason] for reason in AliasFault},
            "bad_rows": len(tally.faults),
            "names_that_may_not_alert": tally.may_not_alert,
            "in_force_until": None if until is None else until.isoformat(),
            "changes": None if changes is None else msgspec.to_builtins(changes),
            "seconds": seconds,
        },
        f"{plural(entries['organisations'] + entries['persons'], 'listing')} with "
        f"{plural(tally.names, 'name')}{f' in force until {until}' if until else ''}; "
        f"{plural(passed.total(), 'name')} passed over, "
        f"{plural(entries['persons_left_out'], 'person')} left out, "
        f"{plural(len(tally.faults), 'bad row')}, {seconds:.1f} s",
        *(() if changes is None else (counted(changes), *change_lines(changes))),
    )
