"""Ceilings: what a pair cannot reach by things that others share or copy, however rare each of them is.

They hold after calibration and under every policy's thresholds. One fact more never adds a ceiling, since
each holds only where all that agrees is of its kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from samehand.elapsed import DAY_SECONDS
from samehand.scoring.evidence import Line
from samehand.scoring.weights import Bands
from samehand.signals.comparison import COMMON

SPEAKS_NATS: Final = 0.7
"""A smaller weight, below a factor of two, says nothing worth a doubt."""

HOUSEHOLD_SECONDS: Final = 2 * DAY_SECONDS
"""From so long after a ban on, what a household shares is no more than possible."""

CIRCUMSTANTIAL: Final = frozenset({"network", "agent", "locale", "referrer"})
"""Signals that strangers share by thousands: none makes two accounts alike."""

_PRIVATE: Final = frozenset(
    {
        *(("email", "same-address"), ("email", "same-mailbox"), ("phone", "same-number")),
        *(("device", "same"), ("payment", "same")),
        *(("runs", "banned-made-it"), ("runs", "same-creator"), ("runs", "same-admins")),
        *(("runs", "banned-acted"), ("runs", "one-admin")),
    }
)
"""Signals and levels that nobody can copy, since no stranger sees the values on either side.

A mailbox may be named after a public handle, and a profile may give somebody else's number. Who made a
channel, and who acted for it, its platform states.
"""
_OF_HOUSEHOLDS: Final = CIRCUMSTANTIAL | {"device", "payment"}
_FAMILY_NAMES: Final = frozenset({("handle", "part"), ("name", "shared-words"), ("crossing", "part")})


ONE_ENTITY: Final = ("runs", "moved")
"""The line of two ids that a platform gave one channel or group: it agrees with itself in everything."""
CLAIMED: Final = "claimed"
"""The level of what one side alone can say of both."""
_TITLES: Final = frozenset({"name"})


class Ceiling(NamedTuple):
    """A pair stays ``below`` a probability; the level of the line that says why."""

    below: float
    level: str


def ceiling(
    lines: Sequence[Line], since: float | None, bands: Bands, *, titled: bool = False
) -> Ceiling | None:
    """The lowest ceiling of a pair, by its lines and the seconds since the ban; ``None``: there is none.

    ``titled``: both are channels, groups or their like, of which many have one title.
    """
    if any((line.signal, line.comparison.level) == ONE_ENTITY for line in lines):
        return Ceiling(bands.possible, ONE_ENTITY[1])
    agreeing = [line for line in lines if line.weight >= SPEAKS_NATS]
    common = CIRCUMSTANTIAL | _TITLES if titled else CIRCUMSTANTIAL
    singling = [
        line
        for line in agreeing
        if line.signal not in common and line.rate < COMMON and line.comparison.level != CLAIMED
    ]
    if not singling:
        return Ceiling(bands.possible, "circumstances")
    if not any((line.signal, line.comparison.level) in _PRIVATE for line in singling):
        return Ceiling(bands.likely, "public")
    if (since is None or abs(since) >= HOUSEHOLD_SECONDS) and all(
        line.signal in _OF_HOUSEHOLDS or (line.signal, line.comparison.level) in _FAMILY_NAMES
        for line in agreeing
    ):
        return Ceiling(bands.likely, "household")
    return None
