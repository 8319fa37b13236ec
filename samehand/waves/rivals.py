"""What else than one hand could make new accounts of one day alike: people who belong together, or one cause.

Each rival has a price: how much commoner (nats) it is than a wave among two new accounts of a day that share
two kinds of values. And it explains some agreements, which then weigh no more than its limit. What people are
handed where they belong, however much of it, is one fact, and every rival explains it: only what they say and
show of themselves is left. All numbers are assumed, and tried on simulated days (docs/waves.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

PLACES: Final = frozenset(
    {"network", "payment", "phone", "email.same-domain", "email.same-address", "email.same-mailbox"}
)
"""By which a household, a class or an organisation is known, as `signal` or `signal.level`: its line, card,
numbers and mail. They explain a device that two of its people share as well: it stands there."""

LINKS: Final = PLACES | {"agent", "locale", "referrer"}
"""What is handed out together with these, or to everybody. It weighs nothing but against chance."""

TOGETHER: Final = PLACES | {"referrer"}
"""Of which people who belong together mostly share one: a room, a mail domain, a link they came by."""

APART_NATS: Final = 2.5
"""So much rarer is such a pair without any of these: one of twelve, assumed."""


class WaveRival(NamedTuple):
    """``commoner`` is in nats; ``limits`` hold nats by signal or `signal.level`, the level first.

    ``together``: two of its people mostly share something of :data:`TOGETHER`.
    """

    name: str
    commoner: float
    limits: Mapping[str, float]
    together: bool = False


_OF_A_GROUP: Final = {
    "device": 1.0,
    "contact": 2.0,
    "mention": 0.0,
    "bio.almost-same": 6.0,
    "bio.mostly-same": 2.0,
    "bio.partly-same": 1.0,
    "handle.part": 1.0,
    "name.shared-words": 1.0,
    "crossing.part": 1.0,
}

RIVALS: Final = (
    # Strangers are this much alike by chance.
    WaveRival("stranger", 14.0, {}),
    # A class or a club signs up together.
    WaveRival("class", 4.2, _OF_A_GROUP, together=True),
    # Colleagues, or a family, sign up together.
    WaveRival("company", 3.4, {**_OF_A_GROUP, "contact": 1.0, "avatar": 1.0, "device": 5.0}, together=True),
    # People who attend one event sign up there.
    WaveRival(
        "event",
        4.2,
        {
            **_OF_A_GROUP,
            "device": 2.0,
            "avatar": 1.0,
            "avatar.same-picture": 5.0,
            "avatar.near-same-picture": 5.0,
            "avatar.edited-picture": 3.0,
        },
        together=True,
    ),
    # Customers of one carrier share its addresses and phones; a release or a campaign brings many at once.
    WaveRival("one-cause", 9.9, {}),
    # The platform, an app or an organisation fills in the same words, names or pictures.
    WaveRival(
        "template",
        5.0,
        {"bio": 1.0, "avatar": 0.0, "handle": 1.0, "name": 1.0, "crossing": 1.0, "disguise": 0.0},
    ),
)
"""All rivals; the first is chance, which explains nothing."""
