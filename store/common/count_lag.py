"""Chooses the version of the counts that applies to an event: accounts of the last day make no value common.

An attacker who floods a platform with copies of a banned account would otherwise make its name common, and
hide in the crowd. So an older version of the counts is read beside the newest, one that ends at least the lag
before the scored event. The lag is measured in event time, so that a backlog is scored with the counts of its
own days.

The newest version still gives the counts of values that others hand out (:data:`HANDED_OUT`,
docs/adr/0014-counting.md), and of all accounts. Names are counted within strata, and both lag alike. What
only the newest version holds counts as recent (:data:`samehand.frequency.rates.LATELY`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from samehand.elapsed import DAY_SECONDS
from samehand.fingerprint.distil import is_day
from samehand.frequency.rates import LATELY
from samehand.keys import KeyKind
from store.common.sign_ups import SIGN_UPS

# Values that a third party hands out: carriers their addresses, makers of phones and browsers their user
# agents, websites their links, platforms their default picture. Thousands of strangers may get a new one
# within a day. All other values come from the account's owner: nobody hands out names, words, numbers,
# mailboxes, cards or phones by the thousand.
HANDED_OUT: Final = frozenset(
    (KeyKind.ADDRESS, KeyKind.PREFIX, KeyKind.AGENT, KeyKind.REFERRER, KeyKind.AVATAR)
)


class Version(msgspec.Struct, frozen=True):
    """Counts as they were at a freeze, and how many accounts were counted in each stratum.

    ``until``: the moment of the latest event that they count (Unix seconds), or later. ``halvings``: how
    often all counts but those of sign-ups had been halved.
    """

    number: int
    until: float
    strata: Mapping[str, int] = {}
    halvings: int = 0


def halved(strata: Mapping[str, int]) -> dict[str, int]:
    """Halves all counts but those of sign-ups, of which several versions are compared."""
    return {name: count if name.startswith(SIGN_UPS) else count // 2 for name, count in strata.items()}


def lately(newest: int, matured: int, versions: tuple[Version, Version]) -> int:
    """How much of the newest count the older version lacks, after the halvings in between."""
    new, old = versions
    return max(newest - (matured >> new.halvings - old.halvings), 0)


def accounts_in(stratum: str, newest: Version, matured: Version) -> int:
    """How many accounts were counted in a stratum; "" means in all strata, by the newest version."""
    if stratum == LATELY:
        return lately(newest.strata.get("", 0), matured.strata.get("", 0), (newest, matured))
    return (matured if stratum else newest).strata.get(stratum, 0)


def arrives(seen_at: float, newest: Version) -> bool:
    """Returns whether a sign-up is one of now: not one of former times that is read only now."""
    return seen_at >= newest.until - DAY_SECONDS


NOTHING: Final = Version(0, 0.0)
"""Before the first freeze."""


def latest_moment(seen_at: float) -> float:
    """The latest moment (Unix seconds) at which an event may have occurred; a bare date is its whole day."""
    return seen_at + DAY_SECONDS if is_day(seen_at) else seen_at


def matured(versions: Sequence[Version], at: float, lag_seconds: float) -> Version:
    """The latest of some versions (in order) that ends at least the lag before a moment; else the oldest.

    Without a lag, the newest. For a current event some kept version always qualifies, :data:`NOTHING` at
    first. The oldest serves events that arrive long after others of their time, and a lag that was raised.
    """
    if not lag_seconds:
        return versions[-1]  # also where bare dates make it end tomorrow
    old = [version for version in versions if version.until <= at - lag_seconds]
    return old[-1] if old else versions[0]


def kept_beside(
    kept: Sequence[Version], superseded: Version, newest: Version, since: float, lag_seconds: float
) -> tuple[Version, ...]:
    """The versions to keep beside the newest one, in order; ``superseded`` is the one before it.

    ``since``: the moment of the oldest event still to be scored. One version is kept for each lag, so that a
    count takes effect after one to two lags and never sooner. Each version is a whole sketch, so hardly ever
    more than two are kept: the one that is read now, and the one that is read next.
    """
    due = not kept or superseded.until >= kept[-1].until + lag_seconds
    if due or superseded.until <= newest.until - lag_seconds:
        kept = (*kept, superseded)
    first = matured((*kept, newest), since, lag_seconds).number
    return tuple(version for version in kept if version.number >= first)
