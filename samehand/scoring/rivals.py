"""Rival explanations: what else than one hand could make two accounts alike.

Innocent likeness has few causes, and each has a name. Every explanation is a process that makes sign-ups, in
accounts a second for one ban. Those by chance are parts of all that sign up here, counted once. How often the
others occur, and how well each explains an agreement, stands in the table of weights (``rivals``,
``explained``).
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Rival(NamedTuple):
    """One explanation other than the same hand: how its accounts arrive.

    ``share``: it is that part of all sign-ups; else its rate (accounts a ban) stands in the table of weights.
    ``copies``: it reacts to the ban as mirrors do, only later; any other comes at any time. ``one_name``: one
    name explains all names that agree, so that the rarest of them counts. ``one_crowd``: the same of all
    values that were counted with a crowd, which may be one organisation's. ``of_people``: it is about names
    of people, and no reason where both accounts bear titles, as channels and groups do. ``needs``: of each of
    these sets of signals one must agree, or the reason is not named, and it covers none but these; ``check``:
    what tells it from a mirror.
    """

    name: str
    who: str
    sentence: str
    check: str
    needs: tuple[frozenset[str], ...] = ()
    share: float = 0.0
    copies: bool = False
    one_name: bool = False
    one_crowd: bool = False
    of_people: bool = False


_OF_CHANCE: Final = 0.2  # five of them
_NAMES: Final = frozenset({"handle", "name", "crossing", "email", "mention"})
_PLACES: Final = frozenset({"network"})
_COPIED: Final = frozenset({"handle", "name", "crossing", "avatar", "bio", "contact", "mention"})

RIVALS: Final = (
    Rival(
        "stranger",
        "chance",
        "Two strangers are this much alike by chance.",
        "Do both write to the same people, about the same things?",
        share=_OF_CHANCE,
    ),
    Rival(
        "household",
        "a household",
        "Two people of one household share device, address, now and then a card.",
        "Do both write in the same words, or do two people answer each other?",
        (frozenset({"device", "network", "payment"}),),
    ),
    Rival(
        "neighbour",
        "a shared network",
        "Two people of one place share its networks, its language and its names.",
        "Does it follow or write to people whom the banned one knew?",
        (_PLACES,),
        share=_OF_CHANCE,
    ),
    Rival(
        "namesake",
        "a common name",
        "Two people bear one name or choose one handle.",
        "Do their posts fit one life: one place, one work, one family?",
        (_NAMES,),
        share=_OF_CHANCE,
        one_name=True,
        of_people=True,
    ),
    Rival(
        "copier",
        "copying",
        "Somebody copied what the banned account showed, as fans and critics do.",
        "Has the new one anything that the banned one never showed in public?",
        (_COPIED,),
        copies=True,
    ),
    Rival(
        "former-holder",
        "a number that changed hands",
        "The phone number was given to somebody else.",
        "Does it write to the people whom the banned one wrote to?",
        (frozenset({"phone"}),),
    ),
    Rival(
        "namesake-nearby",
        "a neighbour of that name",
        "Two people of one place bear one name.",
        "Were both ever active at one moment, as two people are?",
        (_NAMES, _PLACES),
        share=_OF_CHANCE,
        one_name=True,
        of_people=True,
    ),
    Rival(
        "colleague",
        "an organisation",
        "Two people of one organisation share its network, its addresses and its standard texts.",
        "Do other accounts of the organisation show the same text and addresses?",
        (_PLACES | {"email", "referrer"}, frozenset({"email", "referrer", "bio", "avatar"})),
        share=_OF_CHANCE,
        one_crowd=True,
    ),
)
"""All rival explanations, the first chance; a table of weights has the rates of those that are no share."""
MAY_COVER: Final = tuple(frozenset[str]().union(*rival.needs) for rival in RIVALS)
"""The signals that a reader believes each to explain."""
RATED: Final = tuple(rival for rival in RIVALS if not rival.share)
