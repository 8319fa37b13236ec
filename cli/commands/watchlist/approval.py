"""Who answers for an import: waits for the signatures of a plan, takes them, and keeps the record."""

from __future__ import annotations

import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

import click
import msgspec
from msgspec.structs import replace

from cli import output
from cli.exit_codes import NotDone
from cli.inputs.input_source import opened, shown_path
from cli.options import FILE
from cli.output_files import replacing
from report.text import plural, visible
from schemas.decoding.dates import from_seconds
from watchlists.approvals import (
    ImportPlan,
    plan_bytes,
    read_plan,
    read_records,
    record_of,
    signed,
    with_record,
)

WAIT_HOURS_MAX: Final = 160.0
"""Less than a week: the next import of a weekly job must find this one ended."""

POLL_SECONDS: Final = 5.0


def plan_of(state: Path) -> Path:
    """Where an import under ``state`` puts the plan that waits for signatures."""
    return state.with_name(f"{state.name}.plan")


def record_beside(state: Path) -> Path:
    """Where the record of the imports under ``state`` is kept."""
    return state.with_name(f"{state.name}.imports")


def iso(seconds: float) -> str:
    return from_seconds(seconds).isoformat(timespec="seconds")


def approved(plan: ImportPlan, state: Path, wait_hours: float) -> ImportPlan:
    """The plan with the signatures that it needs, once they are there.

    Raises `NotDone` where it has none after so many hours; the plan's file then stays for people to sign.
    """
    if not plan.why:
        return plan
    path, until, told = plan_of(state), time.monotonic() + wait_hours * 3600.0, False
    known = read_plan(path)
    if known is None or known.digest != plan.digest or (plan.importer and not known.importer):
        known = plan
        write_plan(path, plan)
    while not known.approved:
        needed = (
            f"a second person signs with `samehand watchlist approve {path} --name NAME`"
            if known.importer
            else f"two people sign with `samehand watchlist approve {path} --name NAME`, the first one with "
            "--reason"
        )
        if time.monotonic() >= until:
            raise NotDone(f"nothing was imported: {plan.why}. Until it is approved it waits: {needed}")
        if not told:
            output.note(f"waiting up to {wait_hours:g} hours for approval: {plan.why}; {needed}")
            told = True
        time.sleep(min(POLL_SECONDS, max(0.0, until - time.monotonic())))
        known = read_plan(path)
        if known is None or known.digest != plan.digest:
            raise NotDone(f"nothing was imported: {path} was removed or replaced while this import waited")
    return replace(
        plan,
        importer=known.importer,
        reason=known.reason,
        signed_at=known.signed_at,
        approver=known.approver,
        approved_at=known.approved_at,
    )


def write_plan(path: Path, plan: ImportPlan) -> None:
    with replacing(path, "the plan") as file:
        file.write(plan_bytes(plan))


def keep_record(plan: ImportPlan, state: Path) -> None:
    """Adds the import to the record before anything of it is published."""
    path = record_beside(state)
    # Keeps another import from replacing a record in between. A lock of the folder leaves no file there.
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        with suppress(OSError):  # of a file system without locks
            fcntl.flock(folder, fcntl.LOCK_EX)
        lines = with_record(read_records(path), plan, iso(time.time()))
        with replacing(path, "--state") as file:
            file.writelines(lines)
    finally:
        os.close(folder)  # which ends the lock


@click.command("approve", short_help="Sign the plan of an import that waits for approval.")
@click.argument("path", metavar="PLAN", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--name", required=True, metavar="NAME", help="Who signs: first the importer, then another one."
)
@click.option("--reason", default="", metavar="TEXT", help="Why the list is imported; from the importer.")
@output.json_option
def approve(path: Path, name: str, reason: str, as_json: bool) -> int:
    """Sign the plan of an import: the importer first, with a reason, then a second person.

    PLAN is the file that `samehand watchlist import` wrote beside its state and named. Read it before you
    sign: it says how many listings the list has, and which came, changed and went. Names are not checked
    against anything; who may write the file is for you to limit.

    \b
    Examples:
      samehand watchlist approve un.state.plan --name "$USER" --reason "..."
      samehand watchlist approve un.state.plan --name "$USER"
    """
    waiting = read_plan(path)
    if waiting is None:
        raise click.ClickException(f"{path}: is gone")
    plan = signed(waiting, name, reason, iso(time.time()))
    write_plan(path, plan)
    if as_json:
        output.figures(msgspec.to_builtins(plan) | {"approved": plan.approved})
        return 0
    delta, done = plan.delta, "Approved" if plan.approved else "Signed; a second person has to sign as well"
    output.line(
        output.console(),
        f"{done}: {visible(plan.why)}; {plural(delta.after, 'listing')} with {plural(delta.names, 'name')}",
        indent=0,
    )
    return 0


@click.command("record", short_help="Show who imported and approved a list, and what changed.")
@click.argument("path", metavar="FILE", type=FILE)
@output.json_option
def record(path: Path, as_json: bool) -> int:
    """Show the imports of one list: when, how much changed, by whom, why, and who approved.

    FILE stands beside the state of `samehand watchlist import`, and ends in .imports. Exit code 2 if a line
    was changed, or one before it is gone. Lines cut off at the end leave no trace: keep copies.

    \b
    Examples:
      samehand watchlist record un.state.imports
      samehand watchlist record un.state.imports --json
    """
    records = [record_of(line) for line in read_records(path, opened)]
    if not records:
        raise click.ClickException(f"{shown_path(path)}: no import is recorded in it")
    if as_json:
        output.figures({"imports": msgspec.to_builtins(records)})
        return 0
    rows = [
        (
            imported.at,
            "new" if imported.delta.before is None else f"{imported.delta.before:,}",
            f"{imported.delta.after:,}",
            visible(imported.importer) or "unattended",
            visible(imported.approver),
            visible(imported.reason),
        )
        for imported in records
    ]
    columns = ("at", "before", "after", "importer", "approver", "reason")
    output.console().print(output.table(columns, rows))
    return 0
