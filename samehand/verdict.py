"""What a moderator's verdict on an alert means for the pair, and for others like it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final

Cleared = Mapping[str, int]
"""Of one ban, by the name of an innocent reason: how many dismissed alerts it covers whole."""
NOBODY: Final[Cleared] = MappingProxyType({})


class Consequence(Enum):
    """What follows from a verdict. None of them touches an account on its platform."""

    SUPPRESS = "suppress"  # the pair is not alerted again
    JOIN = "join"  # the account joins the banned account's family
    NOTHING = "nothing"


_CONSEQUENCES: Final = {
    "not_mirror": Consequence.SUPPRESS,
    "mirror": Consequence.JOIN,
    "unsure": Consequence.NOTHING,
}


def consequence(verdict: str) -> Consequence:
    """The consequence of ``mirror``, ``not_mirror`` or ``unsure``; anything else has none."""
    return _CONSEQUENCES.get(verdict, Consequence.NOTHING)
