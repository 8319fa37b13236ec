"""``samehand enrol``: bans from files to the topic they belong in."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from cli import output
from cli.inputs.event_files import EventFiles, files_options
from cli.inputs.input_errors import FileTally
from cli.inputs.input_files import BANS, InputLine, size
from cli.options import files_argument, strict_option
from cli.run.publishing import delivered
from schemas.accounts import AccountBanned
from streams.settings import load


@click.command("enrol")
@files_argument
@files_options
@strict_option
@output.json_option
def command(paths: tuple[Path, ...], files: EventFiles, strict: bool) -> int:
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
    settings, tally, expired = load(), FileTally(), 0
    files.tell_odd(*((path, BANS) for path in paths), strict=strict)
    try:
        with output.progress("publishing bans", size(paths)) as hear:
            lines = tally.readable(_lines(paths, files, hear), pictures=False)
            for ban in delivered(settings, (ban for _, ban in lines)):
                tally.done += 1
                expired += ban.expires_at is not None and ban.expires_at.timestamp() <= time.time()
    finally:
        more = f", {expired:,} of them already expired" if expired else ""
        code = tally.tell("ban", "delivered", more, expired=expired)
    tally.refuse_nothing()
    return code


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
