"""What the exit code of a command says."""

from __future__ import annotations

from typing import Final

import click

DONE: Final = 0
NOT_DONE: Final = 1
BAD_INPUT: Final = 2
INTERRUPTED: Final = 130  # 128 + SIGINT, as shells count
PIPE_CLOSED: Final = 141  # 128 + SIGPIPE


class NotDone(click.ClickException):  # says what happened; "error" would add nothing
    """It could not be done, through no fault of the input: exit code 1."""

    exit_code = NOT_DONE
