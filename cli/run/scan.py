"""``samehand scan``: existing accounts past workers, which alert on those that resemble a ban."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
from msgspec.structs import asdict

from cli import output
from cli.bookmark import Bookmark, bookmark_option, default_bookmark, read_bookmark
from cli.inputs.event_files import EventFiles, files_options
from cli.inputs.input_errors import FileTally
from cli.inputs.input_files import ACCOUNTS, InputLine, size
from cli.options import files_argument, flag, strict_option
from cli.output_files import spare_inputs
from cli.run.publishing import require_topic
from cli.run.scanned_topic import BLOCK, BLOCK_BYTES, Step, read_by_workers
from report.text import plural
from schemas.accounts import AccountCreated, AccountScanned
from schemas.decoding.dates import from_seconds
from schemas.wire import encode
from streams.kafka.topics import names
from streams.settings import load


@click.command("scan")
@files_argument
@files_options
@bookmark_option
@flag("--from-start", "Begin with the first account, even if a run was interrupted.")
@strict_option
@output.json_option
def command(
    paths: tuple[Path, ...], files: EventFiles, bookmark_path: Path | None, from_start: bool, strict: bool
) -> int:
    """Look up existing accounts among the bans; workers publish alerts on those that resemble one.

    Use it if your platform publishes no changes of profiles (accounts.updated): an account that was bought or
    renamed is found by its present profile. FILES are JSONL of AccountCreated, or CSV whose first line names
    the account's fields, account_id among them (docs/reference/events.md); `-` is standard input. Export them
    shortly before: each profile counts as that of now, whatever its occurred_at. With created_at a young
    account is also compared by when it was made.

    Accounts go through the topic accounts.scanned, ahead of the workers by a second or two, and only while
    these keep up with your sign-ups, changes and bans. They are not remembered: later bans do not find them
    (`samehand remember` is for that). No account is alerted on twice: an alert that exists keeps its id and
    revision.

    An interrupted run goes on where workers had read when it is started again with the same files. Lines that
    cannot be read are reported on standard error with their number; the others are scanned.

    \b
    Examples:
      samehand scan accounts.jsonl
      samehand scan --platform telegram export-1.csv export-2.csv
      samehand scan --mapping mappings.toml --json users.jsonl
    """
    settings, tally = load(), FileTally()
    if bookmark_path is not None:
        spare_inputs(bookmark_path, "--bookmark")
    files.tell_odd(*((path, ACCOUNTS) for path in paths), strict=strict)
    topic = names(settings).scanned
    require_topic(settings, topic)
    path = bookmark_path or default_bookmark(settings, "scan.json")
    bookmark = Bookmark(path, topic, ",".join(settings.kafka_brokers), files.digest(paths))
    click.get_current_context().with_resource(bookmark.held())
    noted = read_bookmark(bookmark)
    skipped = 0 if from_start else noted.get(0, 0)
    try:
        with output.progress("scanning accounts", size(paths)) as hear:
            steps = _steps(files.accounts_of(paths, hear), files.now, tally, skipped)
            for step in read_by_workers(settings, steps):
                tally.done += len(step.records)
                bookmark.write({0: step.lines})
        bookmark.remove()
    finally:
        more = f" after {plural(skipped, 'line')} of an interrupted run" if skipped else ""
        code = tally.tell("account", "scanned", more, resumed_after=skipped)
    if not tally.done and not skipped:
        raise click.ClickException("these files hold no account that could be read")
    return code


def _steps(
    lines: Iterator[InputLine[AccountCreated]], now: float, tally: FileTally, skipped: int
) -> Iterator[Step]:
    """The accounts of readable lines in blocks, but for those of an interrupted run."""
    records: list[tuple[bytes, bytes]] = []
    held = 0
    for _, event in tally.readable(lines, named="scanned"):
        if tally.lines <= skipped:
            continue
        # As of now: an older date would say that the account has shown its words since then.
        value = encode(AccountScanned(**asdict(event) | {"occurred_at": from_seconds(now)}))
        records.append((event.key.encode(), value))
        held += len(value)
        if len(records) == BLOCK or held >= BLOCK_BYTES:
            yield Step(tally.lines, records)
            records, held = [], 0
    if records:
        yield Step(tally.lines, records)
