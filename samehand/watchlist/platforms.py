"""The names of platforms that stand for official lists, under which the names on the lists are enrolled."""

from __future__ import annotations

from typing import Final

ORGANISATIONS: Final = "watchlist"
PERSONS: Final = "watchlist-persons"

_LISTS: Final = frozenset({ORGANISATIONS, PERSONS})


def is_list(platform: str) -> bool:
    """Returns whether a banned account of this platform is a name on an official list and nobody's account.

    An account that resembles such a name may simply bear its owner's name, so names never alert alone
    against it.
    """
    return platform in _LISTS
