"""Entry point: dispatch to a command; turn every failure into one line on stderr and an exit code.

Exit codes: 0 done; 1 could not be done (an outage, a refusal, a full disk, a finding of ``doctor``); 2 bad
input or settings, no broker at the address of the settings, and a command or group called without arguments;
130 interrupted; 141 the reader of the output closed it (``| head -1``). Bad input never ends in a traceback;
a defect of ours does, to be reported.
"""

from __future__ import annotations

import difflib
import shutil
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Final, NoReturn, cast

import click

from cli import exit_codes
from cli.registry import COMMANDS, SECTIONS, module_of
from cli.standard_streams import OutputFailed, standard_streams
from report.text import visible
from store.errors import StoreError, StoreMoving, StoreRefused, StoreUnavailable
from streams.errors import BrokerRefused, BrokerUnavailable, BrokerUnreachable, SettingsError, StreamsError

WIDTH_MIN: Final = 24
"""Columns: below it no option of ours fits beside its indentation."""


class Formatter(click.HelpFormatter):
    """Click's, which never goes below 50 columns and gives names 30 of them."""

    def __init__(
        self, indent_increment: int = 2, width: int | None = None, max_width: int | None = None
    ) -> None:
        """``width`` of the text; by default what there is, at most ``max_width``."""
        there = min(shutil.get_terminal_size().columns, max_width or 80) - 2
        super().__init__(indent_increment, width or max(WIDTH_MIN, there), max_width)

    def write_dl(self, rows: Sequence[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Names and what they mean; a long name stands on a line of its own."""
        super().write_dl(rows, min(col_max, self.width * 2 // 5), col_spacing)


EXIT_CODES: Final = (
    "Exit codes: 0 done; 1 not done, for example because a server is unavailable; "
    "2 bad input, option or setting, or no broker at its address."
)
"""The last words of every command that does not list exit codes of its own."""


HELP_NAMES: Final = ["-h", "--help"]


class Context(click.Context):
    """A command being run, whose help is laid out so."""

    formatter_class = Formatter


def laid_out(command: click.Command) -> click.Command:
    """``command``, and those below it, with their help laid out so and their exit codes said."""
    command.context_class = Context
    command.context_settings["help_option_names"] = HELP_NAMES
    if not isinstance(command, click.Group) and "Exit codes:" not in (command.help or ""):
        command.epilog = EXIT_CODES
    if isinstance(command, click.Group):
        for below in command.commands.values():
            laid_out(below)
    return command


def _print_examples(ctx: click.Context) -> None:
    """Those of the wheel, or of the checkout that runs."""
    here = Path(__file__).parent
    click.echo(here / "examples" if (here / "examples").is_dir() else here.parent / "examples")
    ctx.exit()


_LINE_CHARS_MAX: Final = 10_000  # a path and a sentence


class Commands(click.Group):
    """A group whose commands are imported when they are asked for: ``--help`` stays fast."""

    context_class = Context

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(module_of(cmd_name))
        return laid_out(cast(click.Command, module.command))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Says which command is nearest when there is none of that name."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise click.UsageError(f"there is no command {args[0]!r}{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands under their headings, without loading any."""
        for section, commands in SECTIONS.items():
            with formatter.section(section):
                formatter.write_dl([*commands.items()])


@click.group(
    cls=Commands,
    context_settings={"help_option_names": HELP_NAMES, "max_content_width": 100, "show_default": True},
    epilog="Settings are environment variables (SAMEHAND_…): `samehand doctor --settings` lists them, "
    "`samehand doctor` checks them. `samehand COMMAND --help` shows examples.\n\n"
    "Exit codes: 0 done; 1 not done, for example because a server is unavailable; 2 bad input, option or "
    "setting, or no broker at its address; 130 interrupted; 141 the reader of the output closed it. Commands "
    "that run until stopped have more.",
)
@click.version_option(
    package_name="samehand", prog_name="samehand", message="%(prog)s %(version)s", help="Print the version."
)
@click.option(
    "--examples",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda ctx, _, asked: _print_examples(ctx) if asked else None,
    help="Print the folder of examples that the documentation uses.",
)
def samehand() -> None:
    """Find new accounts that resemble banned ones, with reasons, for a person to judge.

    Bans and sign-ups come from Kafka topics or files; an alert names both accounts and lists the evidence.
    samehand bans nobody.

    \b
    Try it without any server:
      samehand simulate --seed 1 --accounts 5000 --out sample
      samehand score --bans sample/bans.jsonl --accounts sample/accounts.jsonl
    """


def main(argv: Sequence[str] | None = None) -> NoReturn:
    """The entry point: runs ``argv`` (by default the process's arguments) and exits."""
    sys.exit(run(argv))


def run(argv: Sequence[str] | None = None) -> int:
    """Runs a command; its exit code. Only a defect of ours leaves as an exception."""
    with standard_streams():
        try:
            code = _code(argv)
            sys.stdout.flush()
        except OutputFailed as fault:
            if fault.closed:
                return exit_codes.PIPE_CLOSED
            with suppress(OutputFailed):  # standard error may be what is full
                _end(str(fault), exit_codes.NOT_DONE)
            return exit_codes.NOT_DONE
        return code


def _code(argv: Sequence[str] | None) -> int:
    try:
        code = samehand.main(
            args=None if argv is None else list(argv), prog_name="samehand", standalone_mode=False
        )
    except (KeyboardInterrupt, click.Abort):
        return exit_codes.INTERRUPTED
    except click.exceptions.NoArgsIsHelpError as bare:
        # Nothing was asked for, which no script means; on standard output, so that it can be paged.
        click.echo(bare.message)
        return exit_codes.BAD_INPUT
    except click.ClickException as fault:
        code = exit_codes.NOT_DONE if isinstance(fault, exit_codes.NotDone) else exit_codes.BAD_INPUT
        message = " ".join(fault.format_message().split())
        if isinstance(fault, click.UsageError) and fault.ctx is not None:
            message = f"{message.rstrip('.')}. Try `{fault.ctx.command_path} --help`."
        return _end(message, code)
    except SettingsError as fault:
        faults = [f"{name}: {reason}" for name, reason in fault.faults.items()]
        return _end("\n".join(faults) + "; `samehand doctor` says what to do", exit_codes.BAD_INPUT)
    except (StreamsError, StoreError) as fault:
        for cause in (fault, fault.__cause__):  # a question about topics wraps it
            if isinstance(cause, BrokerUnreachable):
                cure = "start the broker or set SAMEHAND_KAFKA_BROKERS; `samehand doctor` checks it"
                return _end(f"{cause}; {cure}", exit_codes.BAD_INPUT)
        # Which setting names the server that an outage is about: the fault itself names neither.
        server = ""
        if isinstance(fault, BrokerUnavailable | BrokerRefused):
            from streams.settings import load  # which `--help` does without

            server = f"; `samehand doctor` checks SAMEHAND_KAFKA_BROKERS={','.join(load().kafka_brokers)}"
        elif isinstance(fault, StoreRefused) and "NOPERM" in str(fault):
            server = "; deploy/redis/users.acl is for workers, operator.acl for `rebuild --into` and `--drop`"
        elif isinstance(fault, StoreUnavailable) and not isinstance(fault, StoreMoving):
            server = "; `samehand doctor` checks the Redis that SAMEHAND_REDIS_URL names"
        return _end(f"{fault}{server}", exit_codes.NOT_DONE)
    return code if isinstance(code, int) else exit_codes.DONE


def _end(message: str, code: int) -> int:
    for line in message.splitlines() or ["failed"]:
        # The message may quote a file name, which may contain escape sequences for the terminal.
        click.echo(f"samehand: {visible(line, _LINE_CHARS_MAX)}", err=True)
    return code
