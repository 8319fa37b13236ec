"""What else than one hand could make new accounts of one day alike: people who belong together, or one cause.

Each rival has a price: how much commoner (nats) it is than a wave among two new accounts of a day that share
two kinds of values. And it explains some agreements, which then weigh no more than its limit. All numbers are
assumed, and tried on simulated days (docs/waves.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple


class WaveRival(NamedTuple):
    """``commoner`` is in nats; ``limits`` hold nats by signal or `signal.level`, the level first.

    ``together``: two of its people mostly share something of :data:`TOGETHER`.
    """

    name: str
    commoner: float
    limits: Mapping[str, float]
    together: bool = False


TOGETHER: Final = frozenset({"network", "email", "referrer"})
"""Signals of which people who belong together mostly show one: a room, a mail domain, a link they came by."""

APART_NATS: Final = 2.5
"""So much rarer is such a pair without any of these: one of twelve, assumed."""


_HANDED_OUT: Final = {"network": 0.0, "agent": 0.0, "locale": 0.0, "referrer": 0.0}
_OF_A_GROUP: Final = {
    **_HANDED_OUT,
    "device": 1.0,
    "email.same-domain": 0.0,
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
    # Colleagues sign up together.
    WaveRival(
        "company",
        3.4,
        {**_OF_A_GROUP, "contact": 1.0, "avatar": 1.0, "device": 5.0},
        together=True,
    ),
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
    # Customers of one carrier share its addresses and phones.
    WaveRival(
        "carrier",
        9.2,
        {"network": 0.0, "agent": 0.0, "locale": 0.0},
    ),
    # A release or a campaign brings many people at once.
    WaveRival("release-day", 9.2, _HANDED_OUT),
    # The platform or an app fills in the same words, names or pictures.
    WaveRival(
        "template",
        5.0,
        {
            **_HANDED_OUT,
            "bio": 1.0,
            "avatar": 0.0,
            "handle": 1.0,
            "name": 1.0,
            "crossing": 1.0,
            "disguise": 0.0,
        },
    ),
)
"""All rivals; the first is chance, which explains nothing."""
