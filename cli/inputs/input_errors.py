"""Warnings about input files, and their bad lines, each with its address: on standard error."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from agents.common.unusable_fields import UnusableFields
from cli import output
from cli.inputs.input_files import InputLine, Kind, odd
from report.text import plural, visible
from schemas.accounts import AccountEvent
from schemas.malformed import Malformed
from streams.outcomes import Dead

E = TypeVar("E", bound=AccountEvent)

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


@dataclass(slots=True)
class FileTally:
    """What a command reads of files and does with it, said when it ends."""

    done: int = 0
    lines: int = 0
    bad_rows: int = 0
    faults: list[tuple[str, Malformed | Dead]] = field(default_factory=list)
    """As many as are printed."""
    unusable: UnusableFields = field(default_factory=UnusableFields)
    started: float = field(default_factory=time.monotonic)

    def bad(self, address: str, fault: Malformed | Dead) -> None:
        self.bad_rows += 1
        if len(self.faults) < TOLD_MAX:
            self.faults.append((address, fault))

    def readable(
        self, lines: Iterable[InputLine[E]], *, named: str = "", pictures: bool = True
    ) -> Iterator[tuple[InputLine[E], E]]:
        """Yields lines that can be read, with what they hold.

        ``named``: what needs accounts that the file itself names; a row number is no account that anybody
        could be sent to. Raises ``click.ClickException`` for a file that names none.
        """
        for line in lines:
            self.lines += 1
            if isinstance(line.outcome, Malformed):
                self.bad(line.address, line.outcome)
                continue
            if named and not line.named:
                raise click.ClickException(
                    f"{line.address}: the file lacks the column account_id, which {named} accounts need"
                )
            self.unusable.add(line.outcome, line.unusable, pictures=pictures)
            yield line, line.outcome

    def tell(self, noun: str, verb: str, more: str = "", **figures: int) -> int:
        """Prints bad lines, fields that could not be used, and what was done; ``figures``: besides."""
        tell_faults(self.faults, self.bad_rows)
        tell_unusable(self.unusable)
        seconds = round(time.monotonic() - self.started, 3)
        return output.result(
            {
                verb: self.done,
                **figures,
                "bad_rows": self.bad_rows,
                "fields_unusable": self.unusable.rows,
                "seconds": seconds,
            },
            f"{plural(self.done, noun)} {verb}{more}, {plural(self.bad_rows, 'bad row')}, {seconds:.1f} s",
        )

    def refuse_nothing(self) -> None:
        """Raises ``click.ClickException`` for files of which not one line could be read."""
        if self.bad_rows and not self.done:
            raise click.ClickException("no line of these files could be read")
