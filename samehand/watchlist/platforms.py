"""The platforms that are no platforms: under which the names of official lists are enrolled."""

from __future__ import annotations

from typing import Final

ORGANISATIONS: Final = "watchlist"
PERSONS: Final = "watchlist-persons"

_LISTS: Final = frozenset({ORGANISATIONS, PERSONS})


def is_list(platform: str) -> bool:
    """Whether a banned account of this platform is a name on an official list and nobody's account.

    Handles and display names may resemble it and still be somebody's own name: they never alert alone.
    """
    return platform in _LISTS
