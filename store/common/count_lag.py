"""Which counts may be read already: what came within the last day takes nothing off a value's rarity.

Whoever floods a platform with copies of a banned account would make its name common with them, and hide in
it. So an older version of the counts is read beside the newest, one that ends at least the lag before the
event that is judged: by the events' own time, so that a backlog lags as the days that it is from.

What others hand out is read from the newest all the same (:data:`HANDED_OUT`, docs/adr/0036-lag.md), and so
is how many accounts there are in all. Names are counted within strata, which lag as they do. What the newest
has beyond the other came lately (:data:`samehand.frequency.rates.LATELY`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from samehand.fingerprint.distil import is_day
from samehand.frequency.ban_calendar import DAY_SECONDS
from samehand.keys import KeyKind

# Carriers, makers of phones and browsers, whoever spreads a link, and platforms with the picture that they
# give to those who have none: thousands of strangers meet what is new of these within a day. All else is of
# one hand: nobody is given another's name, words, number, mailbox, card or phone by the thousand.
HANDED_OUT: Final = frozenset(
    (KeyKind.ADDRESS, KeyKind.PREFIX, KeyKind.AGENT, KeyKind.REFERRER, KeyKind.AVATAR)
)


class Version(msgspec.Struct, frozen=True):
    """Counts as they were at a freeze, and how many accounts were counted in each stratum.

    ``until``: no event that they hold is later (Unix seconds). ``halvings``: how often they had faded.
    """

    number: int
    until: float
    strata: Mapping[str, int] = {}
    halvings: int = 0


def lately(newest: int, matured: int, versions: tuple[Version, Version]) -> int:
    """How much of a count of the newest of two versions is later than the other, which it may have halved."""
    new, old = versions
    return max(newest - (matured >> new.halvings - old.halvings), 0)


NOTHING: Final = Version(0, 0.0)
"""Before the first freeze."""


def latest_moment(seen_at: float) -> float:
    """When an event may have occurred at the latest: a date without a time stands for its whole day."""
    return seen_at + DAY_SECONDS if is_day(seen_at) else seen_at


def matured(versions: Sequence[Version], at: float, lag_seconds: float) -> Version:
    """The latest of versions (in their order) that ends the lag before a moment; else the oldest.

    Without a lag the newest. Of what is kept one does for each event of now, :data:`NOTHING` at first. The
    oldest is for events that come long after others of their time, and for a lag made longer.
    """
    if not lag_seconds:
        return versions[-1]  # also where dates without times end it tomorrow
    old = [it for it in versions if it.until <= at - lag_seconds]
    return old[-1] if old else versions[0]


def kept_beside(
    kept: Sequence[Version], superseded: Version, newest: Version, since: float, lag_seconds: float
) -> tuple[Version, ...]:
    """Those to keep beside the newest, which supersedes the last one, in their order.

    ``since``: of which moment the oldest event is that has to be judged. One is kept a lag, so that what is
    counted takes effect after one to two of them and never sooner, and hardly ever more than two, since each
    is a whole sketch: the one that is read, and the one that is read next.
    """
    due = not kept or superseded.until >= kept[-1].until + lag_seconds
    if due or superseded.until <= newest.until - lag_seconds:
        kept = (*kept, superseded)
    first = matured((*kept, newest), since, lag_seconds).number
    return tuple(it for it in kept if it.number >= first)
