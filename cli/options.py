"""Options that several commands have, each declared once, and the types of values that options take."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from cli.inputs.input_source import STDIN, read_bytes
from report.text import visible

if TYPE_CHECKING:
    from samehand.scoring.weights import Weights

F = TypeVar("F", bound=Callable[..., Any])


def option(name: str, words: str, kind: Any = None, into: str | None = None, **more: Any) -> Callable[[F], F]:
    """An option with its help; ``into``: the parameter that gets it, if it is not called like the option."""
    return click.option(name, *([] if into is None else [into]), type=kind, help=words, **more)


def flag(name: str, words: str, into: str | None = None) -> Callable[[F], F]:
    """An option without a value."""
    return option(name, words, into=into, is_flag=True)


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


class TopicFile(InputFile):
    """A file of records, before which ``TOPIC=`` may stand where a mapping knows several topics."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        topic, equals, rest = str(value).partition("=")
        if not equals or ctx is None or Path(str(value)).exists():
            return super().convert(value, param, ctx)
        path = super().convert(rest, param, ctx)
        topics_of_files(ctx)[path] = topic
        return path


def topics_of_files(ctx: click.Context) -> dict[Path, str]:
    """The topics that a command's files were said to be of."""
    topics: dict[Path, str] = ctx.meta.setdefault("samehand.topics_of_files", {})
    return topics


TOPIC_FILE: Final = TopicFile()


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


def word(name: str, form: re.Pattern[str], words: str) -> Parsed:
    """A text of one form; ``words`` say which form that is."""

    def read(text: str) -> str:
        if not form.fullmatch(text):
            raise ValueError(f"{visible(text, 64)}: {words}")
        return text

    return Parsed(name, read)


_UNITS: Final = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 7 * 86_400}
_LENGTH: Final = re.compile(r"([0-9]{1,6})([smhdw])")


def length(text: str) -> int | None:
    """Reads a length of time like `24h`, `7d` or `4w`, as seconds; None for anything else."""
    match = _LENGTH.fullmatch(text)
    return int(match[1]) * _UNITS[match[2]] if match else None


def moment(text: str) -> datetime:
    """Reads a date, or a date and time, of UTC unless it says otherwise. Raises ValueError for others."""
    try:
        read = datetime.fromisoformat(text)
        read = read if read.tzinfo else read.replace(tzinfo=UTC)
        read.timestamp()
    except (ValueError, OverflowError):
        raise ValueError(
            f"{visible(text, 64)!r} is no date of UTC like 2026-11-20 or 2026-11-20T09:30:00Z"
        ) from None
    return read


MOMENT: Final = Parsed("date", moment)
"""A moment of UTC, as an aware datetime; a date alone is its midnight."""

COUNT: Final = Whole(0, 10**12)
"""A number of accounts: a hundred for each person alive. A float holds it, and what is computed from it."""

_SIGN_UPS_A_DAY_MAX: Final = 10**9
"""More than the largest platforms have by far."""

sign_ups_a_day_option = option(
    "--sign-ups-a-day",
    "How many accounts sign up a day on the platform; by default as many as the dated sign-ups read say, "
    "100 at least, and 10,000 if none is dated. The fewer, the more a likeness says.",
    Whole(1, _SIGN_UPS_A_DAY_MAX),
)

_PLATFORM: Final = re.compile(r"[a-z0-9_.-]{1,32}")
_CODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")
PLATFORM: Final = word(
    "name", _PLATFORM, "a platform has 1 to 32 lower-case letters, digits, `_`, `.` and `-`"
)
CODE: Final = word("code", _CODE, "1 to 64 letters, digits, `_`, `.` and `-`")

_TAKEN: Final = "samehand.stdin_taken"  # in the context's `meta`

platform_option = option(
    "--platform",
    "Platform of accounts that name none: x, facebook, instagram, telegram, whatsapp or another.",
    PLATFORM,
    default="x",
    metavar="NAME",
)
strict_option = flag(
    "--strict", "Stop before anything is done if a file is empty or has a column that is not used."
)


def weights_of_file(path: Path, hint: str = "--weights") -> Weights:
    """The table of a file, which an option names. Raises ``click.BadParameter`` where it cannot be used."""
    from samehand.errors import UnusableWeights
    from samehand.scoring.weights import read_weights

    try:
        return read_weights(read_bytes(path))
    except UnusableWeights as fault:
        raise click.BadParameter(f"{path}: is no table of weights: {fault}", param_hint=hint) from fault


def files_argument(command: F) -> F:
    """The files that a command reads, as ``paths``."""
    return click.argument("paths", metavar="FILES...", nargs=-1, required=True, type=TOPIC_FILE)(command)


def limit_option(listed: str) -> Callable[[F], F]:
    """``--limit`` of a command that lists: 50 unless given. ``listed``: of what, in the plural."""
    return option("--limit", f"List no more than N {listed}.", Whole(1, 100_000), default=50)
