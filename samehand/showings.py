"""Since when an account has shown the values that anybody can copy: its names, its picture, its words.

It is kept beside the fingerprint and not in it, as bounds and not as a moment: of most accounts not every
state was seen. All moments are whole Unix seconds, rounded down, which keeps their order.
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
    """What was changed since the account was first seen: the place of its signal, and the value's span."""

    place: int
    earliest: int | None  # none: no later than the account's own beginning is known
    latest: int


class Showings(msgspec.Struct, frozen=True, array_like=True, omit_defaults=True):
    """The spans of one account's values, those of :data:`COPYABLE`.

    ``begun``: the account showed nothing before. ``first``: when it was first seen, from when on it showed
    what is not named in ``changed``.
    """

    begun: int | None = None
    first: int | None = None
    changed: tuple[Changed, ...] = ()

    def of(self, signal: str) -> Span:
        """The span of what the account shows now."""
        for one in self.changed:
            if COPYABLE[one.place] == signal:
                return Span(self.begun if one.earliest is None else one.earliest, one.latest)
        return Span(self.begun, self.first)


UNKNOWN: Final = Showings()
