"""``samehand desk``: the desk's process, and what looks after it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sqlite3
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec

from cli import exit_codes, output
from cli.desk_database import desk_database
from cli.options import Whole
from cli.output_files import unwritable
from cli.run_async import in_event_loop
from report.text import plural, visible
from schemas import fields
from streams.errors import BrokerRefused, BrokerUnavailable
from streams.kafka.client import reader, writer
from streams.kafka.topics import names
from streams.settings import Settings, load

if TYPE_CHECKING:  # imported where they are used: other commands do without the desk's extra
    from desk.review.audit.chain import AcknowledgedGap, Break, Head
    from desk.review.audit.set_aside import AuditComparison, LostHeads
from streams.telemetry import logs


@click.group(
    "desk",
    invoke_without_command=True,
    short_help="Serve the web pages where people review alerts, until stopped.",
)
@click.pass_context
def command(ctx: click.Context) -> int | None:
    """Serve the web pages where people review alerts, until stopped.

    Reads alerts and verdicts from Kafka into its database (SAMEHAND_DATABASE_URL: SQLite for one process,
    or PostgreSQL), serves the pages at SAMEHAND_DESK_HOST and SAMEHAND_DESK_PORT, and publishes people's
    decisions on alerts.verdicts. Needs neither Redis nor a pepper. People who may sign in are added with
    `samehand desk users add`.

    \b
    Exit codes:
      0   stopped as asked
      1   the database cannot be used, or another desk uses it
      2   a setting cannot be used
      71  the address is in use, or is not this machine's

    \b
    Examples:
      samehand desk users add amina --role moderator
      SAMEHAND_KAFKA_BROKERS=kafka-1:9092 SAMEHAND_WEB_PORT=6072 samehand desk
    """
    if ctx.invoked_subcommand is not None:
        return None
    settings = load()
    logs.configure(settings.log_level)
    from desk.database.errors import DatabaseError
    from desk.server import run

    try:
        return run(settings)
    except DatabaseError as fault:
        raise exit_codes.NotDone(str(fault)) from fault


@command.group("users", short_help="Add, list, change and lock the accounts of people.")
def users() -> None:
    """Add, list, change and lock the accounts of people who use the desk.

    They are kept in the desk's database (SAMEHAND_DATABASE_URL).

    \b
    Examples:
      samehand desk users add amina --role moderator
      samehand desk users list
      samehand desk users set amina --out
    """


_ROLES: Final = click.Choice(["moderator", "lead", "auditor", "counsel"])
_link_option = click.option(
    "--link", "with_link", is_flag=True, help="Print a link that signs the person in once, within 15 minutes."
)


@users.command("add", short_help="Add a person.")
@click.argument("name")
@click.option(
    "--role",
    metavar="ROLE",
    type=_ROLES,
    required=True,
    help=(
        "What the person may do: a moderator decides; a lead also settles disagreements and takes decisions "
        "back; an auditor reads everything and decides nothing; counsel answers lawful requests."
    ),
)
@_link_option
@output.json_option
@in_event_loop
async def add(name: str, role: str, with_link: bool, as_json: bool) -> int:
    """Add a person called NAME, who signs in with that name.

    The password, 12 to 256 characters, is asked for on the terminal, or read as one line of standard input.
    With --link there is no password: the person signs in with the link that is printed.

    \b
    Examples:
      samehand desk users add amina --role moderator
      samehand desk users add demo --role lead --link
    """
    from desk.access.sessions import link
    from desk.access.sign_in import add_user

    password, now = None if with_link else _password(), time.time()
    settings = load()
    kept = None if password is None else _kept(password)
    async with desk_database(settings, create=True) as connection:
        user_id = await add_user(connection, name, role, password=kept, now=now)
        token = await link(connection, user_id, now=now) if with_link else None
    address = f"{_base(settings)}/link/{token}" if token else None
    if as_json:
        output.figures({"user_id": user_id, "name": name, "role": role, "link": address})
        return 0
    output.console().print(f"{name} is {'an' if role == 'auditor' else 'a'} {role} now, as {user_id}")
    if address:
        output.line(output.console(), address)
    return 0


def _password() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    return sys.stdin.readline(1_024).rstrip("\r\n")


def _kept(password: str) -> str:
    from desk.access.passwords import checked
    from desk.errors import UnusableInput

    try:
        return checked(password)
    except UnusableInput as fault:
        raise click.UsageError(str(fault)) from fault


@users.command("list", short_help="List the people.")
@output.json_option
@in_event_loop
async def list_(as_json: bool) -> int:
    """List the people: name, role, whether they may sign in, the opaque id that verdicts carry, and the
    policies that a moderator reads.

    \b
    Example:
      samehand desk users list
    """
    from desk.database import reach
    from desk.database import users as rows

    async with desk_database(load()) as connection:
        named = await reach.named(connection)
        accounts: list[dict[str, Any]] = [
            {
                "name": row.name,
                "role": row.role,
                "user_id": row.user_id,
                "out": row.disabled_at is not None,
                "policies": None
                if row.all_policies or not reach.bound(row.role)
                else named.get(row.user_id, []),
            }
            for row in await rows.everybody(connection)
        ]
    if as_json:
        output.figures({"users": accounts})
        return 0
    screen = output.console()
    if accounts:
        cells = [
            (
                visible(str(account["name"]), 128),
                str(account["role"]),
                "locked out" if account["out"] else "may sign in",
                str(account["user_id"]),
                _policies_shown(account["policies"]),
            )
            for account in accounts
        ]
        screen.print(output.table(("name", "role", "state", "id", "reads"), cells))
    screen.print(plural(len(accounts), "person").replace("persons", "people"))
    return 0


def _policies_shown(policies: list[str] | None) -> str:
    return "all" if policies is None else ",".join(policy or _NO_POLICY for policy in policies) or "none"


_NO_POLICY = "-"
"""For bans without a policy; no slug begins so."""

_SLUG: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}")


def _policies(_ctx: click.Context, _param: click.Parameter, value: str | None) -> list[str] | None:
    if value is None:
        return None
    codes = [code.strip() for code in value.split(",")] if value else []
    for code in codes:
        if code != _NO_POLICY and not _SLUG.fullmatch(code):
            raise click.BadParameter(f"{code!r} is no policy; separate several by commas")
    return ["" if code == _NO_POLICY else code for code in codes]


@users.command("set", short_help="Change a role, password or policies, or lock somebody out.")
@click.argument("name")
@click.option(
    "--role", metavar="ROLE", type=_ROLES, help="The new role: moderator, lead, auditor or counsel."
)
@click.option("--out/--in", "out", default=None, help="Lock the person out at once, or let them in again.")
@click.option(
    "--password",
    "new_password",
    is_flag=True,
    help="Read a new password from the terminal, or from a line of standard input.",
)
@_link_option
@click.option(
    "--policies",
    callback=_policies,
    metavar="CODES",
    help='Policies whose alerts a moderator reads, with commas between; "" for none, - for bans without one.',
)
@click.option("--all-policies", is_flag=True, help="Let a moderator read alerts of all policies.")
@output.json_option
def set_(
    name: str,
    role: str | None,
    out: bool | None,
    new_password: bool,
    with_link: bool,
    policies: list[str] | None,
    all_policies: bool,
    as_json: bool,
) -> int:
    """Change the role, password or policies of NAME, lock the person out, or let them in again.

    Ends all their sessions.

    \b
    Examples:
      samehand desk users set amina --role lead
      samehand desk users set amina --policies spam,scam
      samehand desk users set amina --out
    """
    if policies is not None and all_policies:
        raise click.UsageError("give one of --policies and --all-policies")
    changes: dict[str, Any] = {}
    if role is not None:
        changes["role"] = role
    reads = (policies,) if policies is not None or all_policies else ()
    if not (changes or reads or out is not None or new_password or with_link):
        raise click.UsageError(
            "say what to change: --role, --out, --in, --password, --link, --policies, --all-policies"
        )
    password = _password() if new_password else None
    settings = load()
    token = asyncio.run(_set(settings, name, changes, out, password, with_link, reads))
    link = f"{_base(settings)}/link/{token}" if token else None
    if as_json:
        shown = {"name": name, "role": role, "out": out, "link": link, "policies": policies}
        output.figures(shown)
        return 0
    output.console().print(f"{visible(name, 128)} is changed, and signed out")
    if link:
        output.line(output.console(), link)
    return 0


async def _set(
    settings: Settings,
    name: str,
    changes: dict[str, Any],
    out: bool | None,
    password: str | None,
    with_link: bool,
    policies: tuple[list[str] | None, ...],
) -> str | None:
    """Changes columns of a person, and which policies they read where one element says so."""
    from desk.access.sessions import link
    from desk.database import audit
    from desk.database import users as rows
    from desk.errors import NotFound, UnusableInput
    from desk.review.reader_policies import put_policies

    now = time.time()
    if password is not None:
        changes["password"] = _kept(password)
    if out is not None:
        changes["disabled_at"] = now if out else None
    async with desk_database(settings) as connection:
        user = await rows.by_name(connection, name)
        if user is None:
            raise NotFound(f"there is nobody called {name!r}; `samehand desk users list` lists the people")
        if with_link and (out or (out is None and user.disabled_at is not None)):
            raise UnusableInput("link", "a person who is locked out cannot sign in by a link: add --in")
        if changes:
            await rows.change(connection, user.user_id, **changes)
        await rows.end_sessions(connection, user.user_id)
        shown = {key: value for key, value in changes.items() if key != "password"}
        await audit.note(
            connection,
            audit.SYSTEM,
            "user-changed",
            user.user_id,
            now=now,
            **shown,
            password=password is not None,
        )
        for named in policies:
            await put_policies(connection, user.user_id, named, actor=audit.SYSTEM, now=now)
        return await link(connection, user.user_id, now=now) if with_link else None


@command.group("audit", short_help="Verify and export the audit log, and acknowledge a restore.")
def audit_() -> None:
    """Verify and export the audit log: every action at the desk, each line chained to the one before by its
    hash. Acknowledge what a restored backup lost.

    \b
    Examples:
      samehand desk audit verify
      samehand desk audit export > audit.jsonl
    """


@audit_.command("verify", short_help="Check that no line was changed, dropped or added.")
@click.option(
    "--offline", is_flag=True, help="Do not ask Kafka: lines missing from the end are then not noticed."
)
@output.json_option
def verify(offline: bool, as_json: bool) -> int:
    """Check that no line of the audit log was changed, dropped or added.

    Follows the hash chain from the first line, and compares it with the hashes that the desk published on
    Kafka, so that lines missing from the end are noticed too. Exit code 1 means that the log was altered,
    and the line is named; or that it could not be compared, as Kafka does not answer or its topic is gone.
    What a restored backup lost fails as well, until `samehand desk audit accept` acknowledges it.

    \b
    Examples:
      samehand desk audit verify
      samehand desk audit verify --offline
    """
    settings = load()
    topic = names(settings).audit
    # Noted before the topic is read: a desk at work publishes another one meanwhile.
    noted = None if offline else asyncio.run(_noted_head(settings))
    heads = [] if offline else _heads(settings, topic)
    number, compared = asyncio.run(_compared(settings, heads))
    broken = compared.broken
    aside = {head for gap in compared.counted for head in gap.heads}
    held = sum(head not in aside for head in heads)
    if broken is None and noted is not None and noted not in heads:
        from desk.review.audit.chain import Break

        why = f"its head was published, and is not on {topic}: the topic was emptied, or made anew"
        broken = Break(noted.number, why)
    if as_json:
        output.figures(_verified_figures(number, held, broken, compared))
    else:
        _tell_verified(number, held, broken, compared, offline=offline)
    return 0 if broken is None else 1


def _verified_figures(
    number: int, heads: int, broken: Break | None, compared: AuditComparison
) -> dict[str, Any]:
    return {
        "lines": number,
        "heads": heads,
        "broken": None if broken is None else {"number": broken.number, "why": broken.why},
        "lost_heads": [
            {"head": str(run.heads[-1]), "heads": len(run.heads), "kept": run.intact_until}
            for run in compared.runs
        ],
        "set_aside": [
            {
                "line": gap.number,
                "at": gap.at,
                "by": gap.by,
                "reason": gap.reason,
                "counts": gap in compared.counted,
                "kept": gap.intact_until,
                "heads": [str(head) for head in gap.heads],
            }
            for gap in (*compared.counted, *compared.uncounted)
        ],
    }


def _tell_verified(
    number: int, heads: int, broken: Break | None, compared: AuditComparison, *, offline: bool
) -> None:
    screen = output.console()
    if broken is not None:
        output.note(f"line {broken.number}: {broken.why}")
    elif heads or offline or not number:
        screen.print(f"{plural(number, 'line')} and {plural(heads, 'published head')} hold")
    else:
        screen.print(
            f"{plural(number, 'line')} and no published head hold: a cut end would not be noticed yet"
        )
    for run in compared.runs:
        output.note(
            f"{_lost(run)}. Was a backup restored? An auditor acknowledges it: samehand desk audit accept"
            f" --head {run.heads[-1]} --by NAME --reason CODE"
        )
    for gap in compared.counted if not offline else compared.uncounted:
        output.line(screen, _acknowledgement(gap))
    for gap in compared.uncounted if not offline else ():
        output.line(
            screen,
            f"{_acknowledgement(gap)}. It does not count: its own head was not published for that, so either "
            "`samehand desk audit accept` was interrupted and is to be run again, or somebody wrote the line "
            "to the database",
        )


def _lost(run: LostHeads) -> str:
    first, last = run.heads[0], run.heads[-1]
    which = str(first) if first == last else f"{first} to {last}"
    return (
        f"{plural(len(run.heads), 'published head')} without a line ({which}): up to "
        f"{last.number - run.intact_until:,} of lines {run.intact_until + 1:,} to {last.number:,} are lost, "
        "and any of the minute after"
    )


def _acknowledgement(gap: AcknowledgedGap) -> str:
    from desk.review.audit.set_aside import LostHeads

    try:
        moment = datetime.fromtimestamp(gap.at, UTC).isoformat(sep=" ", timespec="seconds")
    except (OverflowError, ValueError):  # of a line that somebody else wrote
        moment = "an impossible moment"
    return (
        f"line {gap.number}, by {visible(gap.by)} at {moment}, reason {visible(gap.reason)}, sets aside "
        f"{_lost(LostHeads(gap.intact_until, gap.heads))}"
    )


async def _noted_head(settings: Settings) -> Head | None:
    """The head that the database says was published last."""
    from desk.database import audit as rows
    from desk.review.audit.chain import Head

    async with desk_database(settings) as connection:
        noted = await rows.published_head(connection)
    return None if noted is None else Head(noted.number, noted.hash)


def _heads(settings: Settings, topic: str) -> list[Head]:
    from desk.feed.audit_heads import published_heads

    without = "an end that was cut off would not be noticed; --offline follows the chain alone"
    try:
        with reader(settings) as opened:
            if not opened.partitions(topic):
                raise exit_codes.NotDone(f"there is no topic {topic} with published heads: {without}")
            return list(published_heads(opened, topic))
    except (BrokerUnavailable, BrokerRefused) as fault:
        raise exit_codes.NotDone(f"the heads on {topic} cannot be read ({fault}): {without}") from fault


async def _compared(settings: Settings, heads: list[Head]) -> tuple[int, AuditComparison]:
    """How many lines were followed, and what they and the published heads say of each other."""
    from desk.database import audit as rows
    from desk.review.audit.chain import Chain
    from desk.review.audit.set_aside import compare

    chain, wanted = Chain(), {head.number for head in heads}
    hashes: dict[int, str] = {}
    async with desk_database(settings) as connection:
        while chain.broken is None and (lines := await rows.lines(connection, chain.number, 1_000)):
            chain.follow(lines)
            hashes.update({line.number: line.hash for line in lines if line.number in wanted})
    return chain.number, compare(chain, hashes, heads)


@audit_.command("accept", short_help="Acknowledge what a restored backup lost.")
@click.option(
    "--head",
    "text",
    required=True,
    metavar="NUMBER:HASH",
    help="The published head up to which lines are lost, as `verify` names it.",
)
@click.option("--by", "name", required=True, metavar="NAME", help="The auditor who acknowledges it.")
@click.option(
    "--reason",
    required=True,
    metavar="CODE",
    help="Why, as a code: up to 64 letters, digits, dots, dashes and underscores, such as a ticket's number.",
)
@output.json_option
def accept(text: str, name: str, reason: str, as_json: bool) -> int:
    """Acknowledge that a restored backup lost lines of the audit log whose hashes are published.

    Adds a line to the audit log that names those hashes, and publishes it on Kafka. `samehand desk audit
    verify` reports it from then on, and no longer fails because of them. Hashes that were published before
    one that still holds are not part of it: no restore explains them. A chain that is broken inside cannot be
    acknowledged.

    \b
    Example:
      samehand desk audit accept --head 1311:9f86…0a08 --by nadia \\
        --reason restore-311
    """
    from desk.review.audit.chain import head_of
    from desk.review.audit.set_aside import up_to

    named = head_of(text)
    if named is None:
        raise click.BadParameter(
            "is no NUMBER:HASH with 64 hexadecimal digits: copy it from `samehand desk audit verify`",
            param_hint="--head",
        )
    try:
        msgspec.convert(reason, fields.Slug)
    except msgspec.ValidationError:
        raise click.BadParameter("is no code: write restore-311, say", param_hint="--reason") from None
    settings = load()
    topic = names(settings).audit
    heads = _heads(settings, topic)
    _, compared = asyncio.run(_compared(settings, heads))
    before = next((gap for gap in compared.counted if named in gap.heads), None)
    run = up_to(compared.runs, named)
    if before is not None:
        lines = [before.number]
    elif run is not None:
        lines = asyncio.run(_accept(settings, topic, run, name, reason))
    elif compared.broken is not None and not compared.runs:
        raise exit_codes.NotDone(
            f"line {compared.broken.number}: {compared.broken.why}: no restored backup does that"
        )
    else:
        why = "holds: there is nothing to acknowledge" if named in heads else f"is not on {topic}"
        raise click.BadParameter(why, param_hint="--head")
    left = len(compared.runs) - (run is not None and run in compared.runs)
    if as_json:
        output.figures({"lines": lines, "already": before is not None, "lost_heads_left": left})
        return 0
    screen = output.console()
    if before is not None:
        output.line(screen, f"It was acknowledged before: {_acknowledgement(before)}")
    elif run is not None:
        output.line(screen, f"{_lost(run)}: acknowledged by line {', '.join(map(str, lines))}")
    if left:
        output.note("Other published heads are without a line: `samehand desk audit verify` names them.")
    return 0


async def _accept(settings: Settings, topic: str, run: LostHeads, name: str, reason: str) -> list[int]:
    from desk.feed.audit_heads import publish_setting_aside
    from desk.review.audit.set_aside import set_aside

    async with desk_database(settings) as connection:
        heads = await set_aside(connection, run, name=name, reason=reason, now=time.time())
    try:
        with writer(settings) as out:
            for head in heads:
                await publish_setting_aside(out, topic, head, now=time.time())
    except (BrokerUnavailable, BrokerRefused) as fault:
        raise exit_codes.NotDone(
            f"line {heads[0].number} is in the audit, and does not count yet, since its head could not be "
            f"published ({fault}): run this again"
        ) from fault
    return [head.number for head in heads]


@audit_.command("export", short_help="Print the lines as JSONL.")
@click.option("--since", default=0, type=Whole(min=0), help="Only lines with a number above N.")
@output.json_option
@in_event_loop
async def export(since: int, as_json: bool) -> int:
    """Print the lines of the audit log, oldest first, one JSON object a line.

    They hold ids, codes and hashes, never what anybody wrote.

    \b
    Example:
      samehand desk audit export --since 1200 > audit.jsonl
    """
    from desk.database import audit as rows

    count, last = 0, since
    async with desk_database(load()) as connection:
        while lines := await rows.lines(connection, last, 1_000):
            for line in lines:
                click.echo(
                    json.dumps(
                        {
                            "number": line.number,
                            "at": line.at,
                            "actor": line.actor,
                            "action": line.action,
                            "subject": line.subject,
                            "detail": json.loads(line.detail),
                            "hash": line.hash,
                        }
                    )
                )
            count, last = count + len(lines), lines[-1].number
    if as_json:
        output.figures({"lines": count})
    return 0


@command.command("backup", short_help="Copy the SQLite database while the desk runs.")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@output.json_option
def backup(file: Path, as_json: bool) -> int:
    """Copy the desk's SQLite database to FILE while the desk runs. For PostgreSQL use pg_dump.

    FILE must not exist. To restore, stop the desk, put the copy where SAMEHAND_DATABASE_URL says, remove the
    -wal and -shm files beside it, and start the desk: it reads from Kafka what it missed.

    \b
    Example:
      samehand desk backup /var/backups/desk-2026-11-27.db
    """
    settings = load()
    size = _backup(settings, file)
    if as_json:
        output.figures({"file": str(file), "bytes": size})
    else:
        output.console().print(f"{file}: {size:,} bytes")
    return 0


def _backup(settings: Settings, file: Path) -> int:
    from desk.database.engine import address
    from desk.database.errors import DatabaseError

    try:
        url = address(settings.database_url.get_secret_value())
    except DatabaseError as fault:
        raise exit_codes.NotDone(str(fault)) from fault
    if url.get_backend_name() != "sqlite":
        raise click.UsageError("the database is PostgreSQL: pg_dump writes a copy of it while it is in use")
    path = Path(url.database or "")
    if not path.is_file():
        raise exit_codes.NotDone(
            f"{path}: the desk's database does not exist; SAMEHAND_DATABASE_URL names it"
        )
    try:
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError:
        raise click.BadParameter(f"{file}: exists already; name another file", param_hint="FILE") from None
    except OSError as fault:
        raise unwritable(file, fault, "FILE") from fault
    try:
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(file)) as copy:
            source.backup(copy)
        return file.stat().st_size
    except (sqlite3.Error, OSError) as fault:
        file.unlink(missing_ok=True)
        raise exit_codes.NotDone(f"{file}: the copy could not be made ({type(fault).__name__})") from fault


def _base(settings: Settings) -> str:
    return settings.desk_url or f"http://{settings.desk_host}:{settings.desk_port}"
