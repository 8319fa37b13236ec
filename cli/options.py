"""Options that several commands have, each said once."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from cli.inputs.input_source import STDIN
from report.text import visible

F = TypeVar("F", bound=Callable[..., Any])


class InputFile(click.Path):
    """A file that is there, or ``-`` for standard input, which one parameter of a command may name."""

    def __init__(self) -> None:
        super().__init__(exists=True, dir_okay=False, readable=True, allow_dash=True, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        path = super().convert(value, param, ctx)
        if path == STDIN and ctx is not None:
            if ctx.meta.get(_TAKEN):
                self.fail("standard input (`-`) can be read for one file only", param, ctx)
            ctx.meta[_TAKEN] = True
        return path


FILE: Final = InputFile()


class OutFolder(click.Path):
    """A folder that a command writes to; an empty name, as of an unset variable, is not the current one."""

    def __init__(self) -> None:
        super().__init__(file_okay=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":
            self.fail("it is empty; name a folder, `.` for the current one", param, ctx)
        return super().convert(value, param, ctx)


OUT_FOLDER: Final = OutFolder()

OUT_FILE: Final = click.Path(dir_okay=False, path_type=Path)
"""A file that a command writes, which `cli.output_files` checks."""


class Whole(click.IntRange):
    """A whole number within bounds, called `N` in the help."""

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        return "N"


class FiniteRange(click.FloatRange):
    """A number within bounds. Click's own takes `nan`, which is neither below nor above any bound."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a finite number", param, ctx)
        return number


class Parsed(click.ParamType):
    """What a function reads in a text; it raises ValueError with what is wrong."""

    def __init__(self, name: str, read: Callable[[str], Any]) -> None:
        self.name, self._read = name, read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            return self._read(value) if isinstance(value, str) else value
        except ValueError as fault:
            self.fail(str(fault), param, ctx)


def moment(text: str) -> datetime:
    """Reads a date, or a date and time of UTC. Raises ValueError for anything else."""
    form = "%Y-%m-%d" if len(text) <= len("2026-11-20") else "%Y-%m-%dT%H:%M:%S"
    return datetime.strptime(text.removesuffix("Z"), form).replace(tzinfo=UTC)


def _moment(text: str) -> datetime:
    try:
        return moment(text)
    except ValueError:
        raise ValueError(
            f"{visible(text, 64)!r} is no date of UTC like 2026-11-20 or 2026-11-20T09:30:00Z"
        ) from None


MOMENT: Final = Parsed("date", _moment)
"""A moment of UTC, as an aware datetime; a date alone is its midnight."""

COUNT: Final = Whole(0, 10**12)
"""A number of accounts: a hundred for each person alive. A float holds it, and what is computed from it."""

_TAKEN: Final = "samehand.stdin_taken"  # in the context's `meta`
_PLATFORM: Final = re.compile(r"[a-z0-9_.-]{1,32}")


def platform_name(_: click.Context, __: click.Parameter, value: str) -> str:
    if not _PLATFORM.fullmatch(value):
        raise click.BadParameter(
            f"{visible(value, 64)}: a platform has 1 to 32 lower-case letters, digits, `_`, `.` and `-`"
        )
    return value


def platform_option(command: F) -> F:
    """The platform of accounts that name none."""
    return click.option(
        "--platform",
        default="x",
        metavar="NAME",
        callback=platform_name,
        help="Platform of accounts that name none: x, facebook, instagram, telegram, whatsapp or another.",
    )(command)


def strict_option(command: F) -> F:
    return click.option(
        "--strict",
        is_flag=True,
        help="Stop before anything is done if a file is empty or has a column that is not used.",
    )(command)


def bans_option(command: F) -> F:
    return click.option(
        "--bans",
        type=FILE,
        required=True,
        help="Banned accounts: JSONL of AccountBanned, or CSV; - is standard input.",
    )(command)


def accounts_option(command: F) -> F:
    return click.option(
        "--accounts",
        type=FILE,
        required=True,
        help="Accounts to score: JSONL of AccountCreated, or CSV; - is standard input.",
    )(command)


def weights_option(
    help_text: str = "Score with this table of weights (JSON) instead of the shipped one.",
) -> Callable[[F], F]:
    """A file of weights; commands that do more with it than score say so in ``help_text``."""
    return click.option("--weights", type=FILE, help=help_text)


def limit_option(listed: str) -> Callable[[F], F]:
    """``--limit`` of a command that lists: 50 unless given. ``listed``: of what, in the plural."""
    return click.option("--limit", default=50, type=Whole(1, 100_000), help=f"List no more than N {listed}.")


def out_file_option(help_text: str) -> Callable[[F], F]:
    """A file that a command writes, which `cli.output_files` checks."""
    return click.option("--out", type=OUT_FILE, help=help_text)
