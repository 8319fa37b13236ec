"""How commands speak: tables and words for people, one JSON object for programs, faults on standard error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, Final, TypeVar, cast

import click
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

WIDTH_MAX: Final = 100
"""Columns, unless COLUMNS says otherwise: longer lines of prose are hard to read."""

WIDTH_MIN: Final = 20
"""Columns: nothing can be laid out in fewer."""

NARROW: Final = 72
"""Columns: in fewer, tables put each row's cells below one another."""

F = TypeVar("F", bound=Callable[..., Any])

Advance = Callable[[int], None]
"""Called with what was done so far."""


class _Trimmed:
    """A text stream in which no line ends in blanks: tables pad their last column."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        *whole, rest = text.split("\n")
        return self._stream.write("".join(f"{line.rstrip(' ')}\n" for line in whole) + rest)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def json_option(command: F) -> F:
    return click.option(
        "--json",
        "as_json",
        is_flag=True,
        help="Print the result as one JSON object, on the last line of standard output, instead of text.",
    )(command)


def console(*, error: bool = False) -> Console:
    """Standard output (or error): coloured on a terminal unless NO_COLOR is set, plain in a file.

    As wide as COLUMNS says; without it as the terminal is, at most ``WIDTH_MAX``.
    """
    stream = sys.stderr if error else sys.stdout
    on_terminal = stream.isatty()
    asked = _columns()
    made = Console(
        file=stream if on_terminal else cast("IO[str]", _Trimmed(stream)),
        force_terminal=on_terminal,
        markup=False,
        highlight=False,
        emoji=False,
        width=asked or (None if on_terminal else WIDTH_MAX),
    )
    if asked is None:
        made.width = min(made.width, WIDTH_MAX)
    return made


def line(screen: Console, *words: str | Text, indent: int = 2) -> None:
    """A line for people and for ``grep``: whole in a file, and wrapped where there is a width to obey."""
    if not screen.is_terminal and _columns() is None:
        screen.print(*words, soft_wrap=True)
        return
    text = Text(" ").join(Text(word) if isinstance(word, str) else word for word in words)
    first, *rest = text.wrap(screen, max(screen.width - indent, 1))
    screen.print(first)
    for renderable in rest:
        screen.print(Text(" " * indent) + renderable)


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> RenderableType:
    """Rows under the names of their columns; where it is narrow, each row as lines of ``column  cell``."""
    return _Columns(tuple(columns), tuple(map(tuple, rows)))


@dataclass(frozen=True, slots=True)
class _Columns:
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if options.max_width < NARROW:
            for row in self.rows:
                cells = Table.grid(padding=(0, 2))
                for name, cell in zip(self.columns[1:], row[1:], strict=True):
                    cells.add_row(name, cell)
                yield Group(f"{self.columns[0]}: {row[0]}", Padding(cells, (0, 0, 0, 2)))
            return
        wide = Table(*self.columns, box=None)
        for row in self.rows:
            wide.add_row(*row)
        yield wide


def _columns() -> int | None:
    asked = os.environ.get("COLUMNS", "")
    return max(int(asked), WIDTH_MIN) if asked.isdecimal() and 0 < len(asked) < 5 else None


def figures(values: Mapping[str, Any]) -> None:
    """The figures as one JSON object on one line."""
    click.echo(json.dumps(values))


def note(message: str) -> None:
    click.echo(message, err=True)


def after(before: int, hear: Advance) -> Advance:
    """The same ear for the next of several parts, of which ``before`` was done."""
    return lambda done: hear(before + done)


@contextmanager
def progress(label: str, total: int | None) -> Iterator[Advance]:
    """A bar on standard error, on a terminal only; without a total it counts."""
    screen = console(error=True)
    if not screen.is_terminal:
        yield lambda done: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=screen, transient=True) as bar:
        task = bar.add_task(label, total=total)
        yield lambda done: bar.update(task, completed=done)
