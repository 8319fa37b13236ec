"""Since when an account has shown the values that anybody can copy: its names, its picture, its words.

The store keeps this beside the fingerprint, and as bounds, since it saw only some states of most accounts.
All moments are whole Unix seconds, rounded down, which keeps their order.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

COPYABLE: Final = ("handle", "name", "avatar", "bio", "contact")
"""The signals whose values a stranger can take over. Append, never reorder: their places are stored."""


class Span(NamedTuple):
    """When a value was first shown: from ``earliest`` to ``latest``, each ``None`` where it is unknown."""

    earliest: int | None
    latest: int | None


class Changed(NamedTuple):
    """A value that changed since the account was first seen: the place of its signal, and its span."""

    place: int
    earliest: int | None  # none: the value may have been shown ever since the account began
    latest: int


class Showings(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """The spans of one account's values, those of :data:`COPYABLE`.

    ``begun``: the moment before which the account showed nothing. ``first``: the moment at which it was first
    seen; since then at the latest it has shown all values that ``changed`` does not name.
    """

    begun: int | None = None
    first: int | None = None
    changed: tuple[Changed, ...] = ()

    def of(self, signal: str) -> Span:
        """The span of the value that the account shows now."""
        for change in self.changed:
            if COPYABLE[change.place] == signal:
                return Span(self.begun if change.earliest is None else change.earliest, change.latest)
        return Span(self.begun, self.first)


UNKNOWN: Final = Showings()
