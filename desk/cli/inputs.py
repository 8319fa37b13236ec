"""Options that several commands have, each said once."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

FILE: Final = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
"""A file that is there."""

_PLATFORM: Final = re.compile(r"[a-z0-9_.-]{1,32}")


def _platform(_: click.Context, __: click.Parameter, value: str) -> str:
    if not _PLATFORM.fullmatch(value):
        raise click.BadParameter("a platform is named in lower-case letters, digits, `_`, `.` and `-`")
    return value


def platform_option(command: F) -> F:
    """The platform of CSV rows that name none."""
    return click.option(
        "--platform",
        default="x",
        show_default=True,
        metavar="NAME",
        callback=_platform,
        help="Platform of CSV rows that name none: x, facebook, instagram, telegram, whatsapp or any other.",
    )(command)
