"""How commands speak: tables and words for people, one JSON object for programs, faults on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

WIDTH_MAX: Final = 100
"""Columns: longer lines of prose are hard to read, and files have no width of their own."""

F = TypeVar("F", bound=Callable[..., Any])

Advance = Callable[[int], None]
"""Called with what was done so far."""


class _Screen(Console):
    """A console that leaves it to the door how a closed pipe ends."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def json_option(command: F) -> F:
    """The option that every command has."""
    return click.option(
        "--json",
        "as_json",
        is_flag=True,
        help="Print the figures as one JSON object on the last line of standard output.",
    )(command)


def console(*, error: bool = False) -> Console:
    """Standard output (or error): coloured on a terminal unless NO_COLOR is set, plain in a file."""
    stream = sys.stderr if error else sys.stdout
    on_terminal = stream.isatty()
    made = _Screen(
        file=stream,
        force_terminal=on_terminal,
        markup=False,
        highlight=False,
        emoji=False,
        width=None if on_terminal else WIDTH_MAX,
    )
    made.width = min(made.width, WIDTH_MAX)
    return made


def figures(values: Mapping[str, Any]) -> None:
    """The figures as one JSON object on one line."""
    click.echo(json.dumps(values))


def note(message: str) -> None:
    """One line on standard error."""
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
