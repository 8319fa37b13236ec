"""The option `--category`: which category of the DSA's forms a policy belongs to."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, Final, TypeVar

import click

from report.dsa import Annex
from report.text import visible

F = TypeVar("F", bound=Callable[..., Any])

POLICY: Final = re.compile(r"[a-z0-9-]{1,64}")
_DEFAULT: Final = "violent-extremism=KEYWORD_TERRORIST_CONTENT"


def category_option(command: F) -> F:
    return click.option(
        "--category",
        "named",
        multiple=True,
        metavar="POLICY=NAME",
        help=f"The regulation's category or keyword for a policy, repeatable; by default {_DEFAULT}.",
    )(command)


def categories_of(named: tuple[str, ...], further: Iterable[str] = ()) -> dict[str, tuple[str, ...]]:
    """Returns each policy's category, named directly or by a keyword that only one category has.

    ``further``: categories beside those of the annex's parts 4 to 6.
    """
    known: dict[str, tuple[str, ...]] = {name: (name,) for name in further}
    for keys in Annex("", date.min, date.min).categories():
        known["/".join(keys)] = keys
        known[keys[-1]] = () if len(keys) > 1 and keys[-1] in known else keys
    categories: dict[str, tuple[str, ...]] = {}
    for pair in named or (_DEFAULT,):
        policy, _, name = pair.partition("=")
        if not POLICY.fullmatch(policy) or not known.get(name):
            raise click.BadParameter(
                f"{visible(pair, 120)}: POLICY=NAME, with a name of the regulation's parts 4 to 6 such as "
                "KEYWORD_TERRORIST_CONTENT, or CATEGORY/KEYWORD where several categories have the keyword",
                param_hint="--category",
            )
        if categories.setdefault(policy, known[name]) != known[name]:
            raise click.BadParameter(
                f"{policy}: has two categories; name one of them", param_hint="--category"
            )
    return categories
