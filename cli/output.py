"""How commands speak: tables and lines for people, one JSON object for programs, faults on standard error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any, Final, cast

import click
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from cli.options import F
from report.text import visible

WIDTH_MAX: Final = 100
"""Columns, unless COLUMNS says otherwise: longer lines of prose are hard to read."""

WIDTH_MIN: Final = 20
"""Columns: nothing can be laid out in fewer."""

NARROW: Final = 72
"""Columns: in fewer, tables put each row's cells below one another."""

Advance = Callable[[int], None]
"""Called with what was done so far."""

Columns = Mapping[str, str | int | Callable[[Any], Any]]
"""The columns of a table by their headings: a row's key, place or attribute, or what a row shows there."""

_JSON: Final = "samehand.json"  # in the context's `meta`


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
    """``--json``, which :func:`result` obeys."""
    return click.option(
        "--json",
        is_flag=True,
        expose_value=False,
        callback=lambda ctx, _, wanted: ctx.meta.update({_JSON: wanted}),
        help="Print the result as one JSON object, on the last line of standard output, instead of text.",
    )(command)


def wants_json() -> bool:
    """Returns whether the running command was given ``--json``."""
    return bool(click.get_current_context().meta[_JSON])


def result(figures: Mapping[str, Any], *lines: RenderableType, code: int = 0) -> int:
    """Prints what a command found: the figures for programs, or lines, tables and the like for people.

    An empty text is left out. Returns the exit code.
    """
    if wants_json():
        click.echo(json.dumps(figures))
    else:
        show(lines)
    return code


def show(lines: Iterable[RenderableType]) -> None:
    """Prints texts as :func:`line` does, but for empty ones, and all else as it is."""
    screen = console()
    for each in lines:
        if not isinstance(each, str | Text):
            screen.print(each)
        elif each:
            line(screen, each)


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


def line(screen: Console, words: str | Text) -> None:
    """A line for people and for ``grep``: whole in a file, and wrapped where there is a width to obey.

    What is wrapped stands two columns right of the line's own beginning.
    """
    text = Text(words) if isinstance(words, str) else words
    if not screen.is_terminal and _columns() is None:
        screen.print(text, soft_wrap=True)
        return
    indent = len(text.plain) - len(text.plain.lstrip()) + 2
    first, *rest = text.wrap(screen, max(screen.width - indent, 1))
    screen.print(first)
    for renderable in rest:
        screen.print(Text(" " * indent) + renderable)


def table(columns: Columns, rows: Iterable[Any]) -> RenderableType:
    """Rows under the names of their columns; where it is narrow, each row as lines of ``column  cell``."""
    return _Columns(tuple(columns), [tuple(cell(_value(row, of)) for of in columns.values()) for row in rows])


def _value(row: Any, of: str | int | Callable[[Any], Any]) -> Any:
    if callable(of):
        return of(row)
    return row[of] if isinstance(of, int) or isinstance(row, Mapping) else getattr(row, of)


def facts(heads: tuple[str, str], values: Mapping[str, Any]) -> RenderableType:
    """A table of names and values, a pair a row."""
    return table({heads[0]: 0, heads[1]: 1}, values.items())


def cell(value: Any) -> str:
    """A value for people: `–` for none, thousands separated, counts by name, no control characters."""
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.2f}".rstrip("0").rstrip(".")
        case Mapping():
            counts = (f"{cell(name).replace('-', ' ')} {cell(of)}" for name, of in value.items() if of)
            return ", ".join(counts) or "none"
        case list() | tuple():
            return ", ".join(map(cell, value)) or "none"
    return visible(str(value), 300)


@dataclass(frozen=True, slots=True)
class _Columns:
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if options.max_width < NARROW:
            for row in self.rows:
                cells = Table.grid(padding=(0, 2))
                for name, value in zip(self.columns[1:], row[1:], strict=True):
                    cells.add_row(name, value)
                yield Group(f"{self.columns[0]}: {row[0]}", Padding(cells, (0, 0, 0, 2)))
            return
        wide = Table(*self.columns, box=None)
        for row in self.rows:
            wide.add_row(*row)
        yield wide


def _columns() -> int | None:
    asked = os.environ.get("COLUMNS", "")
    return max(int(asked), WIDTH_MIN) if asked.isdecimal() and 0 < len(asked) < 5 else None


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
