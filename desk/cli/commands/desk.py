"""``samehand desk``: the desk's process, and what looks after it."""

from __future__ import annotations

import asyncio
import sys
import time

import click

from desk.cli import exit_codes, output
from streams.settings import Settings, load
from streams.telemetry import logs


@click.group(
    "desk",
    invoke_without_command=True,
    short_help="Serve the pages on which people decide, until told to stop.",
)
@click.pass_context
def command(ctx: click.Context) -> int | None:
    """Serve the pages on which people decide, until told to stop.

    Reads alerts and verdicts from Kafka into its database (SAMEHAND_DATABASE_URL: SQLite for one process, or
    PostgreSQL), shows them at SAMEHAND_DESK_HOST, SAMEHAND_DESK_PORT, and publishes what people decide on
    alerts.verdicts. It needs neither Redis nor a pepper.

    \b
    Exit codes:
      0   it was told to stop, and did
      1   the database cannot be used, or another desk has it
      2   a setting cannot be used
      71  its address is taken or not this machine's

    \b
    Examples:
      samehand desk users add amina --role moderator
      SAMEHAND_KAFKA_BROKERS=kafka-1:9092 samehand desk
    """
    if ctx.invoked_subcommand is not None:
        return None
    settings = load()
    logs.configure(settings.log_level)
    from desk.database.errors import DatabaseError
    from desk.web.server import run

    try:
        return run(settings)
    except DatabaseError as fault:
        raise exit_codes.NotDone(str(fault)) from fault


@command.group("users", short_help="Add people, list them, let them in and out.")
def users() -> None:
    """Add people, list them, let them in and out.

    \b
    Examples:
      samehand desk users add amina --role moderator
      samehand desk users list
    """


@users.command("add", short_help="Add somebody.")
@click.argument("name")
@click.option(
    "--role",
    type=click.Choice(["moderator", "lead", "auditor"]),
    required=True,
    help="What they may do: decide; settle and take back, too; or read everything and decide nothing.",
)
@click.option("--link", "with_link", is_flag=True, help="Print a link that signs in once, for 15 minutes.")
@output.json_option
def add(name: str, role: str, with_link: bool, as_json: bool) -> int:
    """Add somebody. Their password is read from the terminal, or a line of standard input.

    With --link there is no password: they sign in by the link that is printed.

    \b
    Examples:
      samehand desk users add amina --role moderator
      samehand desk users add demo --role lead --link
    """
    password = None if with_link else _password()
    settings = load()
    user_id, token = asyncio.run(_add(settings, name, role, password, with_link))
    link = f"{_base(settings)}/link/{token}" if token else None
    if as_json:
        output.figures({"user_id": user_id, "name": name, "role": role, "link": link})
        return 0
    output.console().print(f"{name} is {'an' if role == 'auditor' else 'a'} {role} now, as {user_id}")
    if link:
        output.line(output.console(), link)
    return 0


def _password() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))
    return sys.stdin.readline(1_024).rstrip("\r\n")


async def _add(
    settings: Settings, name: str, role: str, password: str | None, with_link: bool
) -> tuple[str, str | None]:
    from desk.access.sessions import link
    from desk.access.sign_in import add_user
    from desk.database.engine import opened
    from desk.database.errors import DatabaseError
    from desk.review.errors import ReviewError

    now = time.time()
    try:
        async with (
            opened(
                settings.database_url.get_secret_value(), password=settings.database_secret(), alone=False
            ) as database,
            database.begin() as connection,
        ):
            user_id = await add_user(connection, name, role, password=password, now=now)
            token = await link(connection, user_id, now=now) if with_link else None
            return user_id, token
    except ReviewError as fault:
        raise click.UsageError(str(fault)) from fault
    except DatabaseError as fault:
        raise exit_codes.NotDone(str(fault)) from fault


def _base(settings: Settings) -> str:
    return settings.desk_url or f"http://{settings.desk_host}:{settings.desk_port}"
