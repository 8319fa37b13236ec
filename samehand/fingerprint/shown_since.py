"""Updates since when an account has shown each of its values, when its profile changes.

An attacker may change a profile to look like the first or the second to show a value: add a comma, or show
another picture for a while. So where a new value is merely like the former one, or may have been shown
before, its span is wide: it may have been shown ever since the account began, and is known to be shown only
from now on.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final

from samehand.fingerprint.distil import Fingerprint
from samehand.frequency.rates import NothingCounted
from samehand.showings import COPYABLE, Changed, Showings
from samehand.signals import POSITION, SIGNALS
from samehand.signals.context import ComparisonContext

_FIELDS: Final = {
    "handle": frozenset(("handle",)),
    "name": frozenset(("display_name",)),
    "avatar": frozenset(("avatar",)),
    "bio": frozenset(("bio",)),
    "contact": frozenset(("bio", "links")),
}
"""The fields of a profile from which each signal is read."""


def shown_since(
    before: Showings,
    was: Sequence[Fingerprint],
    now: Showings,
    shows: Sequence[Fingerprint],
    not_read: Collection[str] = (),
) -> Showings:
    """The spans of an account's values after its profile changed.

    ``before`` are the spans of the former state ``was`` (empty if it is unknown), ``now`` those of the new
    state ``shows`` taken by itself. A value that stays keeps its span. A value is new if it is unlike the
    former one, and that one had been shown ever since the account began. ``not_read`` names fields that could
    not be read in one of the states: they may be unchanged.
    """
    known = [moment for moment in (before.begun, now.begun) if moment is not None]
    begun = min(known) if known else None
    if begun is not None and before.first is not None and begun > before.first:
        begun = None  # it was seen before it is said to begin: the beginning is wrong
    if before.first is None or now.first is None or not was:
        return Showings(begun, now.first)
    pair = next(((old, new) for old in was for new in shows if old.pepper_id == new.pepper_id), None)
    unread, kept = frozenset(not_read), {change.place: change for change in before.changed}
    changed = []
    for place, signal in enumerate(COPYABLE):
        if pair is not None and _FIELDS[signal].isdisjoint(unread):
            old, new = (fingerprint.traits[POSITION[signal]] for fingerprint in pair)
            if old == new:
                if place in kept:
                    changed.append(kept[place])
                continue
            if not _alike(signal, old, new, pair) and before.of(signal).latest == begun:
                changed.append(Changed(place, now.first, now.first))
                continue
        changed.append(Changed(place, None, now.first))
    return Showings(begun, before.first, tuple(changed))


def _alike(signal: str, old: object, new: object, pair: tuple[Fingerprint, Fingerprint]) -> bool:
    """Returns whether one value could be taken for the other; true in doubt."""
    if old is None or new is None:
        return False
    was, shows = pair
    context = ComparisonContext(
        NothingCounted(), (was.stratum, shows.stratum), (was.platform, shows.platform)
    )
    comparison = SIGNALS[POSITION[signal]].compare(new, old, context)
    if comparison is None:
        return signal != "contact"  # the comparison of contact points has no level for different ones
    return comparison.level != "different"
