"""Rival explanations: what else than one hand could make two accounts alike.

Innocent likeness has few causes, and each has a name. A rival is an entry of this registry; how often it
occurs and how well it explains each agreement stands in the table of weights (``rivals``, ``explained``).
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Rival(NamedTuple):
    """One explanation other than the same hand.

    ``by_calendar``: its moment is priced by the store's own bans. An account with another reason to resemble
    the banned one signs up at any time, whatever others were banned then: the moment has its shipped weight.
    """

    name: str
    who: str
    sentence: str
    by_calendar: bool = False


RIVALS: Final = (
    Rival("stranger", "chance", "Two strangers are this much alike by chance.", by_calendar=True),
    Rival(
        "household", "a household", "Two people of one household share device, address, now and then a card."
    ),
    Rival(
        "neighbour", "a shared network", "Two people came through one café, school or carrier at the time."
    ),
    Rival("namesake", "a common name", "Two people bear one name or choose one handle.", by_calendar=True),
    Rival("copier", "copying", "Somebody copied what the banned account showed, as fans and critics do."),
    Rival("former-holder", "a number that changed hands", "The phone number was given to somebody else."),
)
"""All rival explanations. The first is chance; a table of weights states the rates of all others."""
RATED: Final = RIVALS[1:]
