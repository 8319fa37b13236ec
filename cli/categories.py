"""The option `--category`: which category of the DSA's forms a policy belongs to."""

from __future__ import annotations

import re
from typing import Final

import click

from cli.options import F
from report.dsa import CATEGORIES, KEYWORDS
from report.text import visible

POLICY: Final = re.compile(r"[a-z0-9-]{1,64}")
_DEFAULT: Final = "violent-extremism=STATEMENT_CATEGORY_RISK_FOR_PUBLIC_SECURITY/KEYWORD_TERRORIST_CONTENT"


def category_option(command: F) -> F:
    return click.option(
        "--category",
        "named",
        multiple=True,
        metavar="POLICY=CATEGORY[/KEYWORD]",
        help=f"The DSA's category for a policy, repeatable; by default {_DEFAULT}.",
    )(command)


def categories_of(named: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Returns each policy's category, with or without a keyword."""
    categories: dict[str, tuple[str, ...]] = {}
    for pair in named or (_DEFAULT,):
        policy, _, name = pair.partition("=")
        category, slash, keyword = name.partition("/")
        if not POLICY.fullmatch(policy) or category not in CATEGORIES or (slash and keyword not in KEYWORDS):
            raise click.BadParameter(
                f"{visible(pair, 120)}: must be POLICY=CATEGORY or POLICY=CATEGORY/KEYWORD, with the DSA's "
                "names such as STATEMENT_CATEGORY_SCAMS_AND_FRAUD/KEYWORD_PHISHING",
                param_hint="--category",
            )
        keys = (category, keyword) if slash else (category,)
        if categories.setdefault(policy, keys) != keys:
            raise click.BadParameter(
                f"{policy}: has two categories; name one of them", param_hint="--category"
            )
    return categories
