"""Warnings about input files, and their bad lines, each with its address: on standard error."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import click

from agents.common.unusable_fields import UnusableFields
from cli import output
from cli.inputs.input_files import Kind, odd
from report.text import plural, visible
from schemas.malformed import Malformed
from streams.outcomes import Dead

TOLD_MAX: Final = 1_000
"""More bad lines than this mean the wrong file, or the same fault in every line."""


def fault_line(address: str, fault: Malformed | Dead) -> str:
    """``bans.jsonl:17: missing-field at $.account.account_id: …``; quotes nothing of the line itself."""
    what = f"{visible(address, 300)}: {fault.reason} at {fault.path}"
    return f"{what}: {fault.detail}" if fault.detail else what


def tell_faults(faults: Sequence[tuple[str, Malformed | Dead]], found: int = 0) -> None:
    """The bad lines in their order, and how many were left out of all that were ``found``."""
    told = faults[:TOLD_MAX]
    for address, fault in told:
        output.note(fault_line(address, fault))
    if (left_out := max(found, len(faults)) - len(told)) > 0:
        output.note(f"… and {plural(left_out, 'more bad line')}")


def tell_unusable(unusable: UnusableFields) -> None:
    """A line for each field that could not be used, with the shape of one such value and what helps."""
    for sentence in unusable.sentences:
        output.note(sentence)


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
