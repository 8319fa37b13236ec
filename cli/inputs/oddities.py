"""Warnings about the input files of a command before it begins; with ``--strict`` they are errors."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from cli import output
from cli.inputs.input_files import Kind, odd
from report.text import plural


def tell_odd(files: Iterable[tuple[Path, Kind[Any]]], *, strict: bool) -> None:
    """A line of warning for each empty file, and for the columns of each that are not read.

    Raises ``click.ClickException`` where there is any and ``strict`` is asked for.
    """
    tell_all([sentence for path, kind in files for sentence in odd(path, kind)], strict=strict)


def tell_all(sentences: Iterable[str], *, strict: bool = False) -> None:
    """The same for sentences that are known already."""
    warnings = [f"warning: {sentence}" for sentence in sentences]
    for line in warnings:
        output.note(line)
    if strict and warnings:
        raise click.ClickException(f"--strict: {plural(len(warnings), 'warning')}, so nothing was done")
