"""``samehand scan``: existing accounts past workers, which alert on those that resemble a ban."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import click
from msgspec.structs import asdict

from agents.common.unusable_fields import UnusableFields
from cli import output
from cli.bookmark import Bookmark, bookmark_option, default_bookmark, read_bookmark
from cli.inputs.event_files import EventFiles, files_options
from cli.inputs.input_errors import TOLD_MAX, tell_faults, tell_unusable
from cli.inputs.input_files import ACCOUNTS, InputLine, size
from cli.options import FILE, strict_option
from cli.output_files import spare_inputs
from cli.produce import require_topic
from cli.topics.scanned_topic import BLOCK, BLOCK_BYTES, Step, read_by_workers
from report.text import plural
from schemas.accounts import AccountCreated, AccountScanned
from schemas.decoding.dates import from_seconds
from schemas.malformed import Malformed
from schemas.wire import encode
from streams.kafka.topics import names
from streams.settings import load


@dataclass(slots=True)
class _Tally:
    resumed_after: int = 0
    scanned: int = 0
    bad_rows: int = 0
    faults: list[tuple[str, Malformed]] = field(default_factory=list)
    unusable: UnusableFields = field(default_factory=UnusableFields)

    def bad(self, address: str, fault: Malformed) -> None:
        """Counts a bad line, and keeps as many as are printed."""
        self.bad_rows += 1
        if len(self.faults) < TOLD_MAX:
            self.faults.append((address, fault))


@click.command("scan", short_help="Look up existing accounts among the bans; workers alert on mirrors.")
@click.argument("paths", metavar="FILES...", nargs=-1, required=True, type=FILE)
@files_options
@bookmark_option
@click.option(
    "--from-start", is_flag=True, help="Begin with the first account, even if a run was interrupted."
)
@strict_option
@output.json_option
def command(
    paths: tuple[Path, ...],
    files: EventFiles,
    bookmark_path: Path | None,
    from_start: bool,
    strict: bool,
    as_json: bool,
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
    settings, started, tally = load(), time.monotonic(), _Tally()
    if bookmark_path is not None:
        spare_inputs(bookmark_path, "--bookmark")
    files.tell_odd(*((path, ACCOUNTS) for path in paths), strict=strict)
    topic = names(settings).scanned
    require_topic(settings, topic)
    path = bookmark_path or default_bookmark(settings, "scan.json")
    bookmark = Bookmark(path, topic, ",".join(settings.kafka_brokers), files.digest(paths))
    click.get_current_context().with_resource(bookmark.held())
    noted = read_bookmark(bookmark)
    tally.resumed_after = 0 if from_start else noted.get(0, 0)
    try:
        with output.progress("scanning accounts", size(paths)) as hear:
            for step in read_by_workers(settings, _steps(files.accounts_of(paths, hear), files.now, tally)):
                tally.scanned += len(step.records)
                bookmark.write({0: step.lines})
        bookmark.remove()
    finally:
        tell_faults(tally.faults, tally.bad_rows)
        tell_unusable(tally.unusable)
        figures = {
            "scanned": tally.scanned,
            "resumed_after": tally.resumed_after,
            "bad_rows": tally.bad_rows,
            "fields_unusable": tally.unusable.rows,
            "seconds": round(time.monotonic() - started, 3),
        }
        if as_json:
            output.figures(figures)
        else:
            done, bad = plural(tally.scanned, "account"), plural(tally.bad_rows, "bad row")
            after = plural(tally.resumed_after, "line")
            before = f" after {after} of an interrupted run" if tally.resumed_after else ""
            output.console().print(f"{done} scanned{before}, {bad}, {figures['seconds']:.1f} s")
    if not tally.scanned and not tally.resumed_after:
        raise click.ClickException("these files hold no account that could be read")
    return 0


def _steps(lines: Iterator[InputLine[AccountCreated]], now: float, tally: _Tally) -> Iterator[Step]:
    """The accounts of readable lines in blocks, but for those of an interrupted run; notes bad lines."""
    records: list[tuple[bytes, bytes]] = []
    held, number = 0, 0
    for number, line in enumerate(lines, 1):
        if isinstance(line.outcome, Malformed):
            tally.bad(line.address, line.outcome)
            continue
        if not line.named:
            # A row number is no account that anybody could be sent to.
            raise click.ClickException(
                f"{line.address}: the file lacks the column account_id, which scanned accounts need"
            )
        tally.unusable.add(line.outcome, line.unusable)
        if number <= tally.resumed_after:
            continue
        # As of now: an older date would say that the account has shown its words since then.
        fields = asdict(line.outcome) | {"occurred_at": from_seconds(now)}
        value = encode(AccountScanned(**fields))
        records.append((line.outcome.key.encode(), value))
        held += len(value)
        if len(records) == BLOCK or held >= BLOCK_BYTES:
            yield Step(number, records)
            records, held = [], 0
    if records:
        yield Step(number, records)
