"""How help is laid out: as wide as the terminal (or COLUMNS) is, down to a narrow one."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from typing import Final

import click

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
    "2 bad input, option or setting."
)
"""The last words of every command that does not list exit codes of its own."""


class Context(click.Context):
    """A command being run, whose help is laid out so."""

    formatter_class = Formatter


def laid_out(command: click.Command) -> click.Command:
    """``command``, and those below it, with their help laid out so and their exit codes said."""
    command.context_class = Context
    if not isinstance(command, click.Group) and "Exit code" not in (command.help or ""):
        command.epilog = EXIT_CODES
    if isinstance(command, click.Group):
        for below in command.commands.values():
            laid_out(below)
    return command
