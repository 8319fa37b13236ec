"""Caps: the independent grounds that speak for a pair limit the band that it can reach.

Evidence of one kind, however much, has an innocent explanation: a family shares a tablet, namesakes share a
name, the guests of a café share an address. So a table says which grounds must speak, and how clearly, for a
pair to be ``possible`` or ``likely``. Of the rows whose grounds all speak, the best counts. So one more
agreeing fact never lowers a pair: a superset of grounds satisfies every row that the smaller set satisfied.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Final, Literal

import msgspec

from samehand.errors import UnusableWeights
from samehand.names.cached_property import kept

Band = Literal["likely", "possible", "none"]
Ground = Literal["names", "values", "device", "network", "shown", "moment"]
Condition = Literal["official-list", "fan-account", "names-in-part"]

GROUNDS: Final[Mapping[Ground, str]] = {
    "names": "the names",
    "values": "values that belong to somebody (e-mail, phone, payment)",
    "device": "the device",
    "network": "the network",
    "shown": "what is shown (picture, words, contact points)",
    "moment": "the moment",
}
"""The grounds, independent of each other, and what a reader calls them."""

# Grounds that many strangers share at any moment: thousands share a carrier's address within an hour.
_CIRCUMSTANTIAL: Final = frozenset(("network", "moment"))
SPEAKS_NATS: Final = 0.7
"""The least that a row may ask of a ground: a smaller weight, below a factor of two, says nothing."""


class Cap(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A row of the table: a pair may reach ``most`` if each ground of ``needs`` weighs at least so many nats.

    ``unless`` names conditions under which the row does not count: the pair's banned side is a name on an
    official list; the account calls itself a fan account; no name that agrees as a whole weighs enough by
    itself. The last is there since many strangers bear a part of a name, or a common handle and the display
    name that goes with it.
    """

    needs: dict[Ground, float]
    most: Literal["likely", "possible"]
    unless: tuple[Condition, ...] = ()


class Caps(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """The table of caps. A pair for which no row counts stays below ``possible``.

    A pair above its cap is pressed below the threshold that it may not reach, into the ``room`` (nats) just
    below that threshold. Log-odds that exceed the lower end of the room by ``half`` nats end in its middle,
    and higher ones nearer to the threshold, so that more evidence still ranks higher.
    """

    rows: tuple[Cap, ...]
    room: float = 3.0
    half: float = 8.0

    @kept
    def whole_from(self) -> float:
        """The least nats that a whole name must weigh, or else the condition ``names-in-part`` holds."""
        rows = [row.needs.get("names", 0.0) for row in self.rows if "names-in-part" in row.unless]
        return min(rows, default=0.0)

    def most(self, nats: Mapping[Ground, float], conditions: Collection[Condition] = ()) -> Band:
        """The highest band that a pair may reach whose grounds weigh so much (nats)."""
        best: Band = "none"
        for row in self.rows:
            if best == row.most or any(one in conditions for one in row.unless):
                continue
            if all(nats.get(ground, 0.0) >= least for ground, least in row.needs.items()):
                if row.most == "likely":
                    return "likely"
                best = "possible"
        return best

    def sentence(
        self, most: Band, nats: Mapping[Ground, float], conditions: Collection[Condition] = ()
    ) -> str:
        """Why a pair is held at the band ``most``, for the moderator.

        A ground speaks clearly if it weighs at least the least that any row asks of it.
        """
        asked = {
            ground: min((row.needs.get(ground, math.inf) for row in self.rows), default=0.0)
            for ground in GROUNDS
        }
        speaking = [words for ground, words in GROUNDS.items() if nats.get(ground, 0.0) >= asked[ground]]
        speaks = "speak" if speaking[1:] or speaking == [GROUNDS["names"]] else "speaks"
        who = f"Only {_listed(speaking)} {speaks} clearly" if speaking else "Nothing speaks clearly"
        because = f"{who} for this pair"
        if "official-list" in conditions:
            because += ", against an official list"
        if "fan-account" in conditions:
            because += ", and the account calls itself a fan's"
        if "names-in-part" in conditions and speaking == [GROUNDS["names"]]:
            because += ", and none of them is rare and the same as a whole"
        verdict = (
            "enough to be looked at, not to be likely" if most == "possible" else "too little for an alert"
        )
        return f"{because}: {verdict}."

    def pressed(self, log_odds: float, limit: float, floor: float = -math.inf) -> float:
        """The log-odds pressed below ``limit``: never raised, and in the same order as those given.

        Log-odds of at least ``floor`` are not pressed below it: a pair that may be ``possible`` stays so.
        """
        room = min(self.room, limit - floor)
        excess = log_odds - (limit - room)
        if excess <= 0.0 or log_odds < floor:
            return log_odds
        return max(limit - room * self.half / (excess + self.half), floor)

    def check(self) -> None:
        """Checks every row.

        Raises:
            UnusableWeights: ``room`` and ``half`` do not fit; a row needs nothing, too little, or only what
                strangers share; or names alone would alert against an official list.
        """
        if self.room <= 0 or self.half < self.room:
            raise UnusableWeights(
                f"caps need 0 < room <= half, or more evidence would not rank higher; "
                f"room is {self.room:g} and half is {self.half:g}"
            )
        for place, row in enumerate(self.rows):
            if not row.needs or min(row.needs.values()) < SPEAKS_NATS:
                raise UnusableWeights(
                    f"caps.rows.{place}.needs must name one evidence group or more, each with a weight of "
                    f"{SPEAKS_NATS} nats or more"
                )
            if _CIRCUMSTANTIAL.issuperset(row.needs):
                raise UnusableWeights(
                    f"caps.rows.{place}.needs: network and moment may not alert without another group"
                )
            if {"names"}.issuperset(_CIRCUMSTANTIAL.union(row.needs) - _CIRCUMSTANTIAL) and not (
                "official-list" in row.unless or "network" in row.needs
            ):
                raise UnusableWeights(
                    f"caps.rows.{place}: names alone may not alert against an official list; add "
                    "official-list to `unless`, or network to `needs`"
                )


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
