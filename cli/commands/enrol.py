"""``samehand enrol``: bans from files to the topic they belong in."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import click

from agents.common.unusable_fields import UnusableFields
from cli import output
from cli.inputs.event_files import EventFiles, files_options
from cli.inputs.input_errors import tell_faults, tell_unusable
from cli.inputs.input_files import BANS, InputLine, size
from cli.options import FILE, strict_option
from cli.produce import delivered
from report.text import plural
from schemas.accounts import AccountBanned
from schemas.malformed import Malformed
from streams.settings import load


@dataclass(slots=True)
class _Tally:
    delivered: int = 0
    expired: int = 0
    faults: list[tuple[str, Malformed]] = field(default_factory=list)
    unusable: UnusableFields = field(default_factory=UnusableFields)


@click.command("enrol", short_help="Publish bans from files to the topic accounts.banned.")
@click.argument("paths", metavar="FILES...", nargs=-1, required=True, type=FILE)
@files_options
@strict_option
@output.json_option
def command(paths: tuple[Path, ...], files: EventFiles, strict: bool, as_json: bool) -> int:
    """Publish bans from files to the topic accounts.banned, where workers enrol them.

    FILES are JSONL of AccountBanned, or CSV whose first line names the account's fields and, if known,
    banned_at, policy, queue, expires_at, because_of, basis_authority and basis_reference
    (docs/reference/events.md); `-` is standard input. Running it again does no harm. Bans that have expired
    are published too, since they end earlier ones, and are counted.

    Lines that cannot be read are reported on standard error with their number; the others are published.

    \b
    Examples:
      samehand enrol bans.jsonl
      samehand enrol --platform telegram list-2024.csv list-2025.csv
      zcat bans.jsonl.gz | samehand enrol --strict -
    """
    settings, started, tally = load(), time.monotonic(), _Tally()
    files.tell_odd(*((path, BANS) for path in paths), strict=strict)
    try:
        with output.progress("publishing bans", size(paths)) as hear:
            for ban in delivered(settings, _bans(_lines(paths, files, hear), tally)):
                tally.delivered += 1
                tally.expired += ban.expires_at is not None and ban.expires_at.timestamp() <= time.time()
    finally:
        tell_faults(tally.faults)
        tell_unusable(tally.unusable)
        figures = {
            "delivered": tally.delivered,
            "expired": tally.expired,
            "bad_rows": len(tally.faults),
            "fields_unusable": tally.unusable.rows,
            "seconds": round(time.monotonic() - started, 3),
        }
        if as_json:
            output.figures(figures)
        else:
            done, bad = plural(tally.delivered, "ban"), plural(len(tally.faults), "bad row")
            expired = f", {tally.expired:,} of them already expired" if tally.expired else ""
            output.console().print(f"{done} delivered{expired}, {bad}, {figures['seconds']:.1f} s")
    if not tally.delivered and tally.faults:
        raise click.ClickException("no line of these files could be read")
    return 0


def _bans(lines: Iterator[InputLine[AccountBanned]], tally: _Tally) -> Iterator[AccountBanned]:
    """The bans of readable lines; the others are noted."""
    for line in lines:
        if isinstance(line.outcome, Malformed):
            tally.faults.append((line.address, line.outcome))
        else:
            tally.unusable.add(line.outcome, line.unusable, pictures=False)
            yield line.outcome


def _lines(
    paths: Sequence[Path], files: EventFiles, hear: output.Advance
) -> Iterator[InputLine[AccountBanned]]:
    before, nameless = 0, 0
    for path in paths:
        named = True
        for line in files.bans(path, output.after(before, hear)):
            if named and not line.named:
                named, nameless = False, nameless + 1
                if nameless > 1:  # row 5 of either would be one account, and one of the bans lost
                    raise click.ClickException(
                        f"{path}: a second file without account_id, whose rows would overwrite those of "
                        "the first. Enrol the files one at a time with other ids, or add the column"
                    )
            yield line
        before += size([path])
