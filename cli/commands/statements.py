"""``samehand statements``: statements of reasons to the Commission's database (Article 24(5) of the DSA)."""

from __future__ import annotations

import asyncio
import re
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec

from cli import exit_codes, output
from cli.categories import categories_of, category_option
from cli.desk_database import opened_desk
from cli.options import MOMENT, limit_option, platform_name
from cli.run_async import in_event_loop
from report.text import plural, visible
from streams.errors import SettingsError
from streams.settings import load
from streams.settings.fields import PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterable

    from desk.commission.outbox import Tally
    from desk.database.statements import StatementRow
    from streams.settings import Settings

STATES: Final = ("waiting", "refused", "unsendable", "sent")

_FURTHER: Final = ("STATEMENT_CATEGORY_OTHER_VIOLATION_TC",)
"""The database has it, and parts 4 and 5 of the annex do not."""

_SHOWN_CHARS_MAX: Final = 1_000
"""Of a value: an unsendable statement may have all reasons at once."""

_PUID: Final = re.compile(r"[0-9a-f]{8,64}")


@click.group(
    "statements", short_help="Send statements of reasons to the Commission's DSA Transparency Database."
)
def command() -> None:
    """Send statements of reasons to the Commission's DSA Transparency Database.

    \b
    Examples:
      samehand statements send --platform x --dry-run
      samehand statements send --platform x --category hate=KEYWORD_HATE_SPEECH
      samehand statements list --state unsendable
      samehand statements show 5d41402abc4b
    """


@command.command("send", short_help="Send what is owed, each statement once.")
@click.option(
    "--platform",
    required=True,
    metavar="NAME",
    callback=platform_name,
    help="The platform whose token this is: each has its own there.",
)
@category_option
@click.option(
    "--since",
    type=MOMENT,
    metavar="DATE",
    help="Only actions that took effect since then (UTC); by default all.",
)
@click.option("--production", is_flag=True, help="Allow the production database: what it takes is public.")
@click.option("--dry-run", is_flag=True, help="Say what would be sent; send and write nothing.")
@output.json_option
@in_event_loop
async def send(
    platform: str,
    named: tuple[str, ...],
    since: datetime | None,
    production: bool,
    dry_run: bool,
    as_json: bool,
) -> int:
    """Send the statements that are owed to SAMEHAND_DSA_URL, by default the sandbox, each once.

    Each restriction on the topic accounts.actioned owes one if it names an alert on its account and no
    authority ordered it. What cannot be sent stays listed with its reason and is looked at again with each
    run; what was refused is sent again once the action is corrected. The token (SAMEHAND_DSA_TOKEN_FILE) is
    one platform's. Several may run at once, and any may be killed: run it again.

    Exit codes: 0 all was sent that can be; 1 some still wait, since the database refuses the token, has no
    time or does not answer, or another run has them in hand; 2 bad input, option or setting.

    \b
    Examples:
      samehand statements send --platform x --dry-run
      samehand statements send --platform x --category hate=KEYWORD_HATE_SPEECH
    """
    from desk.commission.client import CommissionClient, is_production
    from desk.commission.outbox import KEY_NAME, Scope, StatementSender

    settings = load()
    categories = categories_of(named, _FURTHER)
    if is_production(settings.dsa_url) and not (production or dry_run):
        raise click.UsageError(
            f"{PREFIX}DSA_URL is the production database, where statements are public: --production allows it"
        )
    if production and not is_production(settings.dsa_url):
        raise click.UsageError(f"--production: {PREFIX}DSA_URL is {settings.dsa_url}, another database")
    scope = Scope(settings.dsa_url, platform, 0.0 if since is None else since.timestamp(), categories)
    token = settings.dsa_secret()
    if token is None and not dry_run:
        raise SettingsError({f"{PREFIX}DSA_TOKEN_FILE": "is not set: it must hold the database's token"})
    async with opened_desk(settings) as database:
        client = CommissionClient(settings.dsa_url, token or "", time.time, ca_file=settings.dsa_ca_file)
        key = b"" if dry_run else await database.secret(KEY_NAME)
        sender = StatementSender(database, client, scope, key, time.time, asyncio.sleep)
        try:
            if dry_run:
                await sender.foresee()
            else:
                with output.progress("statements", None) as done:
                    sender.hear = lambda tally: done(tally.sent)
                    await sender.run()
        finally:
            await client.close()
    tally = sender.tally
    if as_json:
        output.figures({"destination": settings.dsa_url, "dry_run": dry_run, **msgspec.to_builtins(tally)})
    else:
        _show(tally, settings, dry_run=dry_run)
    return exit_codes.NOT_DONE if tally.waiting or tally.gave_up is not None else exit_codes.DONE


def _show(tally: Tally, settings: Settings, *, dry_run: bool) -> None:
    screen = output.console()
    if dry_run:
        output.line(screen, f"would be sent to {settings.dsa_url}: {plural(tally.prepared, 'statement')}")
    else:
        known = f", of which it knew {tally.known:,}" if tally.known else ""
        output.line(screen, f"sent to {settings.dsa_url}: {plural(tally.sent, 'statement')}{known}")
    for count, state in ((tally.refused, "refused"), (tally.unsendable, "unsendable")):
        if count and not dry_run:
            output.line(screen, f"{state}: {count:,}; `samehand statements list --state {state}` says why")
    if dry_run and tally.unsendable:
        output.line(screen, f"unsendable: {tally.unsendable:,}")
        for code, count in sorted(tally.reasons.items(), key=lambda item: (-item[1], item[0])):
            output.line(screen, f"  {count:,}: {_words([code])}")
    if tally.gave_up is not None:
        output.note(f"some still wait: {settings.dsa_url} {tally.gave_up}")
    elif tally.waiting:
        why = "another run has them in hand, or had no answer: run it again in five minutes"
        output.note(f"{plural(tally.waiting, 'statement')} still waiting: {why}")


@command.command("list", short_help="List statements and why some were not sent.")
@click.option(
    "--state",
    type=click.Choice(STATES),
    metavar="STATE",
    help=f"Only statements in one state: {', '.join(STATES)}.",
)
@limit_option("statements")
@output.json_option
@in_event_loop
async def list_(state: str | None, limit: int, as_json: bool) -> int:
    """List statements to SAMEHAND_DSA_URL, the latest changed first, and how many are in each state.

    \b
    Examples:
      samehand statements list --state refused
      samehand statements list --limit 1000 --json
    """
    from desk.database import statements

    settings = load()
    async with opened_desk(settings) as database, database.read() as connection:
        counts = await statements.counts(connection, settings.dsa_url)
        rows = await statements.page(
            connection, settings.dsa_url, states=STATES if state is None else (state,), limit=limit
        )
    if as_json:
        output.figures({"counts": counts, "statements": [_fields(row) for row in rows]})
        return 0
    screen = output.console()
    for row in rows:
        when = datetime.fromtimestamp(row.changed_at, UTC).strftime("%Y-%m-%d %H:%M")
        words = (row.puid[:12], row.state, when, visible(row.account, 64), visible(row.event_id, 64))
        output.line(screen, "  ".join(words), _why(row))
    total = ", ".join(f"{counts[name]:,} {name}" for name in STATES if name in counts) or "no statement"
    output.line(screen, f"{settings.dsa_url}: {total}")
    return 0


@command.command("show", short_help="Show one statement, and its body unless it was sent.")
@click.argument("puid", metavar="PUID")
@category_option
@output.json_option
@in_event_loop
async def show(puid: str, named: tuple[str, ...], as_json: bool) -> int:
    """Show one statement by its puid, or the beginning of it (8 characters or more).

    Of one that was not sent it shows the body that would be sent now, with the categories given here.

    \b
    Example:
      samehand statements show 5d41402abc4b
    """
    from desk.commission.composing import Unsendable
    from desk.commission.outbox import KEY_NAME, Scope, composed_of
    from desk.database import actions, statements

    if not _PUID.fullmatch(puid):
        raise click.BadParameter(f"{visible(puid, 80)}: is no puid: 8 to 64 characters, 0 to 9 and a to f")
    settings = load()
    scope = Scope(settings.dsa_url, "", 0.0, categories_of(named, _FURTHER))
    body: dict[str, Any] | None = None
    composed: dict[str, Any] | Unsendable | None = None
    async with opened_desk(settings) as database:
        key = await database.secret(KEY_NAME)
        async with database.read() as connection:
            rows = await statements.named(connection, settings.dsa_url, puid)
            if len(rows) != 1:
                raise click.BadParameter(
                    f"{puid}: {'several statements begin so' if rows else 'no statement'}"
                )
            [row] = rows
            if row.state != "sent":
                there = await actions.with_keys(connection, [row.key])
                made = await composed_of(connection, scope, key, {row.key: there.get(row.key)})
                composed = made[row.key]
                body = None if isinstance(composed, Unsendable) else composed
    fields = _fields(row)
    if isinstance(composed, Unsendable):
        fields["reason"] = _words(composed.reasons)  # as of now: the row says what the last run found
    if as_json:
        output.figures({**fields, "body": body})
        return 0
    screen = output.console()
    for name, value in fields.items():
        if value is not None:
            output.line(screen, f"{name}: {visible(str(value), _SHOWN_CHARS_MAX)}")
    if body is not None:
        click.echo(msgspec.json.format(msgspec.json.encode(body)).decode())
    return 0


def _fields(row: StatementRow) -> dict[str, Any]:
    return {
        "puid": row.puid,
        "state": row.state,
        "reason": _why(row) or None,
        "account": row.account,
        "event_id": row.event_id,
        "changed_at": datetime.fromtimestamp(row.changed_at, UTC).isoformat(timespec="seconds"),
        "uuid": row.uuid,
    }


def _why(row: StatementRow) -> str:
    """Returns the reason of a state in words."""
    reason = row.reason or ""
    return visible(reason, 300) if row.state != "unsendable" else _words(reason.split("; "))


def _words(codes: Iterable[str]) -> str:
    from desk.commission.composing import REASONS

    return " ".join(REASONS.get(code, f"{visible(code, 300)}.") for code in codes)
