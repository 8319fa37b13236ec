"""Who mirrors whom, from the tables that `samehand simulate` writes, or anybody in their form."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import Final

import click

from cli.inputs.input_source import opened, shown_path
from samehand.account import account_key
from schemas.csvrows import line_of_names

PAIR = ("platform", "account_id", "banned_platform", "banned_account_id")

# The last of the simulated strategies carries nothing over: it is reported, and no recall is owed on it.
CATCHABLE_MAX = 7

LINE_BYTES_MAX: Final = 64 * 1024
"""Of the line of names; it has five."""


@dataclass(frozen=True, slots=True)
class AccountPair:
    """A new account and a banned one, by their keys."""

    account: str
    banned: str


def read_truth(path: Path) -> frozenset[AccountPair]:
    """The true pairs. Raises ``click.ClickException`` with the row where the table cannot be read."""
    return frozenset(_pair(row) for row in _rows(path, PAIR))


def read_strategies(path: Path) -> Mapping[AccountPair, int]:
    """The number of each true pair's strategy."""
    strategies = {}
    for number, row in enumerate(_rows(path, (*PAIR, "strategy")), 1):
        if not row["strategy"].isdecimal():
            raise click.ClickException(f"{shown_path(path)}:row {number}: strategy must be a number, 1 to 8")
        strategies[_pair(row)] = int(row["strategy"])
    return strategies


def read_languages(path: Path) -> Mapping[str, str]:
    """The language (or script, or any group) of each account."""
    rows = _rows(path, ("platform", "account_id", "language"))
    return {account_key(row["platform"], row["account_id"]): row["language"] for row in rows}


def _pair(row: Mapping[str, str]) -> AccountPair:
    return AccountPair(
        account_key(row["platform"], row["account_id"]),
        account_key(row["banned_platform"], row["banned_account_id"]),
    )


def _rows(path: Path, columns: tuple[str, ...]) -> Iterator[Mapping[str, str]]:
    try:
        with opened(path) as file:
            delimiter, _ = line_of_names(file.readline(LINE_BYTES_MAX), frozenset(columns))
            file.seek(0)
            text = TextIOWrapper(file, "utf-8-sig", newline="")
            reader = csv.DictReader(text, delimiter=delimiter)
            missing = [name for name in columns if name not in (reader.fieldnames or ())]
            if missing:
                raise click.ClickException(f"{shown_path(path)}: lacks the column {', '.join(missing)}")
            for number, row in enumerate(reader, 1):
                if any(row[name] is None for name in columns):
                    raise click.ClickException(f"{shown_path(path)}:row {number}: has too few columns")
                yield row
    except (UnicodeDecodeError, csv.Error) as fault:
        raise click.ClickException(
            f"{shown_path(path)}: is not CSV in UTF-8 ({type(fault).__name__})"
        ) from fault
