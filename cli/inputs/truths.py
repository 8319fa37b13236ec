"""Who mirrors whom, by the command line or from tables as `samehand simulate` writes them."""

from __future__ import annotations

import csv
import functools
from collections.abc import Iterator, Mapping
from io import TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import Any, Final

import click

from cli.inputs.input_source import opened, shown_path
from cli.options import FILE, F
from report.accuracy import AccountPair
from report.text import visible
from samehand.account import account_key
from schemas.mapping.csvrows import line_of_names

PAIR = ("platform", "account_id", "banned_platform", "banned_account_id")

PAIRS_MAX: Final = 50_000
"""Of one table: each pair is looked into, which takes milliseconds, and kept with its comparison, 10 KB."""

LINE_BYTES_MAX: Final = 64 * 1024
"""Of the line of names; it has five."""


def read_truth(path: Path) -> frozenset[AccountPair]:
    """The true pairs; platforms may be left out. Raises ``click.ClickException`` where it cannot be read."""
    pairs = frozenset(_pair(row) for row in islice(_rows(path, (PAIR[1], PAIR[3])), PAIRS_MAX + 1))
    if not pairs:
        raise click.ClickException(f"{shown_path(path)}: holds no pair")
    if len(pairs) > PAIRS_MAX:
        raise click.ClickException(f"{shown_path(path)}: over {PAIRS_MAX:,} pairs; take a part of them")
    return pairs


def _pair(row: Mapping[str, str]) -> AccountPair:
    return AccountPair(
        *(
            account_key(row[platform], row[account]) if row.get(platform) else row[account]
            for platform, account in (PAIR[:2], PAIR[2:])
        )
    )


def _utf8(_: click.Context, __: click.Parameter, value: str | None) -> str | None:
    try:
        (value or "").encode()
    except UnicodeEncodeError as fault:
        raise click.BadParameter(f"{visible(value or '', 64)}: is not UTF-8") from fault
    return value


def pair_options(command: F) -> F:
    """``--why`` with the argument BANNED, and ``--truth``; the command is given ``why`` and ``truth``."""

    @click.argument("banned", required=False, callback=_utf8)
    @click.option(
        "--why",
        "account",
        metavar="ACCOUNT",
        callback=_utf8,
        help=(
            "Explain one account, as in platform:id, or platform:id BANNED: what was compared, what held it "
            "back, what one more fact would do."
        ),
    )
    @click.option(
        "--truth",
        type=FILE,
        help=(
            "CSV of pairs that you know, columns account_id and banned_account_id, with platform and "
            "banned_platform if there are several: precision, recall, and why the others were missed."
        ),
    )
    @functools.wraps(command)
    def with_pairs(*, banned: str | None, account: str | None, truth: Path | None, **rest: Any) -> Any:
        if banned is not None and account is None:
            raise click.UsageError(f"unexpected argument {visible(banned)}: BANNED goes with --why ACCOUNT")
        why = None if account is None else AccountPair(account, banned or "")
        return command(why=why, truth=None if truth is None else read_truth(truth), **rest)

    return with_pairs  # type: ignore[return-value]  # a command with other parameters, as click calls it


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
