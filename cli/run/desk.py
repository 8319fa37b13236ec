"""``samehand desk``: the desk's process, and what looks after it."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

import click

from cli import output
from cli.exit_codes import NotDone
from cli.opening import desk_database, opened_desk
from cli.options import Parsed, Whole, flag, option
from cli.running import in_event_loop
from desk.settings import DeskSettings, load
from report.text import plural, visible
from streams.errors import BrokerRefused, BrokerUnavailable
from streams.kafka.client import reader
from streams.kafka.topics import names
from streams.telemetry import logs

if TYPE_CHECKING:  # imported where they are used: other commands do without the desk's extra
    from desk.review.audit.chain import Chain, Head


@click.group("desk", invoke_without_command=True)
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
        raise NotDone(str(fault)) from fault


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
_link_option = flag("--link", "Print a link that signs the person in once, within 15 minutes.", "with_link")


@users.command("add", short_help="Add a person.")
@click.argument("name")
@option(
    "--role",
    "What the person may do: a moderator decides; a lead also settles disagreements and takes decisions "
    "back; an auditor reads everything and decides nothing; counsel answers lawful requests.",
    _ROLES,
    metavar="ROLE",
    required=True,
)
@_link_option
@output.json_option
@in_event_loop
async def add(name: str, role: str, with_link: bool) -> int:
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
    address = f"{settings.desk_base_url}/link/{token}" if token else None
    return output.result(
        {"user_id": user_id, "name": name, "role": role, "link": address},
        f"{name} is {'an' if role == 'auditor' else 'a'} {role} now, as {user_id}",
        address or "",
    )


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
async def list_() -> int:
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
    shown = output.table(_COLUMNS, accounts) if accounts else ""
    people = plural(len(accounts), "person").replace("persons", "people")
    return output.result({"users": accounts}, shown, people)


def _policies_shown(policies: list[str] | None) -> str:
    return "all" if policies is None else ",".join(policy or _NO_POLICY for policy in policies) or "none"


_COLUMNS: Final[output.Columns] = {
    "name": "name",
    "role": "role",
    "state": lambda account: "locked out" if account["out"] else "may sign in",
    "id": "user_id",
    "reads": lambda account: _policies_shown(account["policies"]),
}

_NO_POLICY = "-"
"""For bans without a policy; no slug begins so."""

_SLUG: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,63}")


def _policies(text: str) -> list[str]:
    codes = [code.strip() for code in text.split(",")] if text else []
    for code in codes:
        if code != _NO_POLICY and not _SLUG.fullmatch(code):
            raise ValueError(f"{code!r} is no policy; separate several by commas")
    return ["" if code == _NO_POLICY else code for code in codes]


@users.command("set", short_help="Change a role, password or policies, or lock somebody out.")
@click.argument("name")
@option("--role", "The new role: moderator, lead, auditor or counsel.", _ROLES, metavar="ROLE")
@click.option("--out/--in", "out", default=None, help="Lock the person out at once, or let them in again.")
@flag(
    "--password", "Read a new password from the terminal, or from a line of standard input.", "new_password"
)
@_link_option
@option(
    "--policies",
    'Policies whose alerts a moderator reads, with commas between; "" for none, - for bans without one.',
    Parsed("policies", _policies),
    metavar="CODES",
)
@flag("--all-policies", "Let a moderator read alerts of all policies.")
@output.json_option
@in_event_loop
async def set_(
    name: str,
    role: str | None,
    out: bool | None,
    new_password: bool,
    with_link: bool,
    policies: list[str] | None,
    all_policies: bool,
) -> int:
    """Change the role, password or policies of NAME, lock the person out, or let them in again.

    Ends all their sessions.

    \b
    Examples:
      samehand desk users set amina --role lead
      samehand desk users set amina --policies spam,scam
      samehand desk users set amina --out
    """
    from desk.access.sessions import link
    from desk.database import audit
    from desk.database import users as rows
    from desk.errors import NotFound, UnusableInput
    from desk.review.reader_policies import put_policies

    if policies is not None and all_policies:
        raise click.UsageError("give one of --policies and --all-policies")
    reads = policies is not None or all_policies
    if not (reads or role is not None or out is not None or new_password or with_link):
        raise click.UsageError(
            "say what to change: --role, --out, --in, --password, --link, --policies, --all-policies"
        )
    settings, now = load(), time.time()
    password = {"password": _kept(_password())} if new_password else {}
    shown: dict[str, Any] = {} if role is None else {"role": role}
    if out is not None:
        shown["disabled_at"] = now if out else None
    async with desk_database(settings) as connection:
        user = await rows.by_name(connection, name)
        if user is None:
            raise NotFound(f"there is nobody called {name!r}; `samehand desk users list` lists the people")
        user_id = user.user_id
        if with_link and (out or (out is None and user.disabled_at is not None)):
            raise UnusableInput("link", "a person who is locked out cannot sign in by a link: add --in")
        if changes := shown | password:
            await rows.change(connection, user_id, **changes)
        await rows.end_sessions(connection, user_id)
        told = {**shown, "password": new_password}
        await audit.note(connection, audit.SYSTEM, "user-changed", user_id, now=now, **told)
        if reads:
            await put_policies(connection, user_id, policies, actor=audit.SYSTEM, now=now)
        token = await link(connection, user_id, now=now) if with_link else None
    address = f"{settings.desk_base_url}/link/{token}" if token else None
    return output.result(
        {"name": name, "role": role, "out": out, "link": address, "policies": policies},
        f"{visible(name, 128)} is changed, and signed out",
        address or "",
    )


@command.group("audit", short_help="Verify and export the audit log.")
def audit_() -> None:
    """Verify and export the audit log: every action at the desk, each line chained to the one before by its
    hash.

    \b
    Examples:
      samehand desk audit verify
      samehand desk audit export > audit.jsonl
    """


@audit_.command("verify", short_help="Check that no line was changed, dropped or added.")
@flag("--offline", "Do not ask Kafka: lines missing from the end are then not noticed.")
@option(
    "--restored",
    "The newest line that was published before a backup was restored: up to it, lost lines are no fault.",
    metavar="NUMBER:HASH",
)
@output.json_option
def verify(offline: bool, restored: str | None) -> int:
    """Check that no line of the audit log was changed, dropped or added.

    Follows the hash chain from the first line, and compares each line with the keyed hash that the desk
    published on Kafka, so that lines missing from the end are noticed too. Exit code 1 means that the log was
    altered, and the line is named; or that it could not be compared, as Kafka does not answer or its topic is
    gone.

    A restored backup lacks lines whose hashes are published. --restored names the newest of these hashes, as
    the failing check printed it: hashes published until then are listed where the log contradicts them, and
    fail no check. Keep that output with the report on the restore.

    \b
    Examples:
      samehand desk audit verify
      samehand desk audit verify --offline
      samehand desk audit verify --restored 1311:9f86…0a08
    """
    from desk.review.audit.chain import Break, against, contradiction, head_of

    settings = load()
    topic = names(settings).audit
    # Noted before the topic is read: a desk at work publishes more meanwhile.
    key, noted = asyncio.run(_noted(settings))
    heads = [] if offline else _heads(settings, topic)
    last = None if restored is None else head_of(restored)
    if restored is not None and last not in heads:
        why = "is no NUMBER:HASH of 64 hexadecimal digits" if last is None else f"is not on {topic}"
        raise click.BadParameter(why, param_hint="--restored")
    chain, hashes = asyncio.run(_followed(settings, key, heads))
    since = max((at for at, head in enumerate(heads, 1) if head == last), default=0)
    lost = [head for head in heads if chain.broken is None and contradiction(hashes, chain.number, head)]
    absent = set(lost)
    excused = [head for head in heads[:since] if head in absent]
    broken = chain.broken or against(hashes, chain.number, heads[since:])
    if broken is None and not (offline or noted is None) and noted.number not in {it.number for it in heads}:
        why = f"it was published, and is not on {topic}: the topic was emptied, or made anew"
        broken = Break(noted.number, why)
    if broken is not None:
        output.note(f"line {broken.number}: {broken.why}")
    if lost and len(lost) > len(excused):
        output.note(f"Was a backup restored? samehand desk audit verify --restored {lost[-1]}")
    held = len(heads) - len(lost)
    words = f"{plural(chain.number, 'line')} hold, {held or 'none'} of them as published"
    if not (held or offline or not chain.number):
        words += ": a cut end would not be noticed yet"
    return output.result(
        {
            "lines": chain.number,
            "heads": held,
            "broken": None if broken is None else {"number": broken.number, "why": broken.why},
            "lost_heads": [str(head) for head in lost],
        },
        "" if broken is not None else words,
        *(f"lost by a restore: line {head}" for head in excused),
        code=0 if broken is None else 1,
    )


async def _noted(settings: DeskSettings) -> tuple[bytes, Head | None]:
    """The key under which lines are published, and the line that the database says was published last."""
    from desk.database import audit as rows
    from desk.feed.audit_heads import KEY_NAME
    from desk.review.audit.chain import Head

    async with opened_desk(settings) as database:
        key = await database.secret(KEY_NAME)
        async with database.read() as connection:
            noted = await rows.published_head(connection)
    return key, None if noted is None else Head(noted.number, noted.hash)


def _heads(settings: DeskSettings, topic: str) -> list[Head]:
    from desk.feed.audit_heads import published_heads

    without = "an end that was cut off would not be noticed; --offline follows the chain alone"
    try:
        with reader(settings) as opened:
            if not opened.partitions(topic):
                raise NotDone(f"there is no topic {topic} with published lines: {without}")
            # A desk that died before it noted them has published lines twice.
            return list(dict.fromkeys(published_heads(opened, topic)))
    except (BrokerUnavailable, BrokerRefused) as fault:
        raise NotDone(f"the lines on {topic} cannot be read ({fault}): {without}") from fault


async def _followed(
    settings: DeskSettings, key: bytes, heads: list[Head]
) -> tuple[Chain, dict[int, tuple[str, str]]]:
    """The chain, followed to its end, and the hashes of each published line: its own, as releases up to 0.2.0
    published it, and the keyed one."""
    from desk.database import audit as rows
    from desk.review.audit.chain import Chain, sealed

    chain, wanted = Chain(), {head.number for head in heads}
    hashes: dict[int, tuple[str, str]] = {}
    async with desk_database(settings) as connection:
        while chain.broken is None and (lines := await rows.lines(connection, chain.number, 1_000)):
            chain.follow(lines)
            hashes |= {it.number: (it.hash, sealed(key, it.hash)) for it in lines if it.number in wanted}
    return chain, hashes


@audit_.command("export", short_help="Print the lines as JSONL.")
@option("--since", "Only lines with a number above N.", Whole(min=0), default=0)
@output.json_option
@in_event_loop
async def export(since: int) -> int:
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
                click.echo(json.dumps({**asdict(line), "detail": json.loads(line.detail)}))
            count, last = count + len(lines), lines[-1].number
    return output.result({"lines": count})
