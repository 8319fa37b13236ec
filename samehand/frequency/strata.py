"""The groups within which names are counted: by language or script, and by kind of account.

A title is no person's name, so that what is no account is counted among its like: `ur+channel`.
"""

from __future__ import annotations

from typing import Final

from samehand.account import ACCOUNT, KINDS
from samehand.normalize.text.scripts import Script, stratum

_ENDS: Final = ("", *(f"+{kind}" for kind in KINDS))
_SCRIPTS: Final = frozenset([script + end for script in Script for end in _ENDS])
_OTHERS: Final = frozenset([Script.OTHER + end for end in _ENDS])


def stratum_of(text: str, locale: str | None, kind: str) -> str:
    """The stratum of a name or title: by language or script, with the kind behind any but accounts."""
    among = stratum(text, locale)
    return among if kind == ACCOUNT else f"{among}+{kind}"


def is_of_titles(group: str) -> bool:
    """Returns whether a stratum holds titles instead of people's names."""
    return "+" in group


def is_pooled(group: str) -> bool:
    """Returns whether a stratum is of a script, and so pools the names of many languages."""
    return group in _SCRIPTS


def is_unlisted(groups: tuple[str, str]) -> bool:
    """Returns whether one of two strata is of a script without lists of names."""
    return not _OTHERS.isdisjoint(groups)
