"""Who showed a copied value first: a banned account that copies a picture or words incriminates their owner.

The answer depends on when the value was shown, never on the age of an account: aged accounts are bought, and
a mirror may be prepared long before the ban. A dormant account that copies the value later was not first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Final

import numpy as np

from samehand.elapsed import DAY_SECONDS
from samehand.showings import Showings
from samehand.signals.comparison import Comparison

# By the signal of a line about values that anybody can copy: those values, and their name for a reader.
_OF: Final[Mapping[str, tuple[tuple[str, ...], str]]] = {
    "handle": (("handle",), "the handle"),
    "name": (("name",), "the display name"),
    "crossing": (("handle", "name"), "the names"),
    "avatar": (("avatar",), "the picture"),
    "bio": (("bio",), "the words of the profile"),
    "contact": (("contact",), "the contact points"),
}
# The only level of contact points that is about copied values; the others say whom an account names.
_SHARED_CONTACTS: Final = ("contact", "shared")


class Order(Enum):
    """Who of two showed a value first."""

    FOUND = "found"  # the account that is not banned
    BANNED = "banned"  # or both at once
    UNKNOWN = "unknown"


class FirstShownSignal:
    """Who first showed the values that both show. It speaks against a pair or says nothing."""

    name = "first_shown"
    sentences: Mapping[str, str] = {
        "found-first": "This account showed it before the banned one did.",
        "unknown": "It is not known which of the two showed it first.",
    }

    def copied(self, signal: str, level: str) -> bool:
        """Returns whether a line of evidence is about a value that anybody can copy."""
        return signal in _OF and (signal != _SHARED_CONTACTS[0] or level == _SHARED_CONTACTS[1])

    def order(self, signal: str, ours: Showings, theirs: Showings) -> Order:
        """Who first showed the values of a line of evidence; ``theirs`` are the banned account's showings."""
        return self._order(_OF[signal][0], _OF[signal][0], ours, theirs)

    def named_first(
        self, showings: tuple[Showings, Showings] | None, since: float | None, *, to_the_day: bool
    ) -> bool:
        """Whether ours took its handle after theirs gave its contact points: by showings, or else the ban.

        ``since``: seconds from the ban to our sign-up. ``to_the_day``: only the day of one of them is known.
        """
        order = Order.UNKNOWN if showings is None else self._order(("handle",), ("contact",), *showings)
        if order is not Order.UNKNOWN:
            return order is Order.BANNED
        # At once is after the ban, as of values: between two moments after it the sooner must not weigh less.
        return since is not None and (since > DAY_SECONDS if to_the_day else since >= 0.0)

    def came_after(
        self,
        showings: tuple[Showings, Showings] | None,
        since: float | None,
        banned_at: float | None,
        *,
        to_the_day: bool,
    ) -> bool:
        """Whether ours is known to have begun after the ban (at ``banned_at``); others as of the handle."""
        if showings is not None:
            begun = showings[0].begun
            since = None if begun is None or banned_at is None else begun - banned_at
        return since is not None and (since > DAY_SECONDS if to_the_day else since >= 0.0)

    def _order(
        self, our_values: Sequence[str], their_values: Sequence[str], ours: Showings, theirs: Showings
    ) -> Order:
        mine, other = [ours.of(value) for value in our_values], [theirs.of(value) for value in their_values]
        if _over([span.latest for span in mine], [span.earliest for span in other]):
            return Order.FOUND
        if _over([span.latest for span in other], [span.earliest for span in mine], or_at_once=True):
            return Order.BANNED
        return Order.UNKNOWN

    def found_first(self, signals: Sequence[str], ours: Showings) -> Comparison:
        """The level `found-first`: our account, which is not banned, showed the lines' values first."""
        since = max(ours.of(value).latest or 0 for signal in signals for value in _OF[signal][0])
        day = np.datetime64(since, "s").astype("datetime64[D]")
        because = (
            f"This account showed {_listed(signals)} before the banned one did (since {day} at the latest)."
        )
        return Comparison("found-first", because=because)

    def unknown(self, signals: Sequence[str]) -> Comparison:
        """The level `unknown`: nobody knows which account showed the lines' values first."""
        return Comparison(
            "unknown", because=f"It is not known which of the two showed {_listed(signals)} first."
        )


def _over(ends: Sequence[int | None], begins: Sequence[int | None], *, or_at_once: bool = False) -> bool:
    """Returns whether every end is before every beginning (or at it, if ``or_at_once``); false if one is
    unknown.
    """
    ended = [end for end in ends if end is not None]
    begun = [begin for begin in begins if begin is not None]
    if len(ended) < len(ends) or len(begun) < len(begins):
        return False
    return max(ended) <= min(begun) if or_at_once else max(ended) < min(begun)


def _listed(signals: Sequence[str]) -> str:
    words = [_OF[signal][1] for signal in sorted(set(signals))]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


FIRST_SHOWN: Final = FirstShownSignal()
