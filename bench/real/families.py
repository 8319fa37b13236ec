"""Families of names: half of each is banned, the rest comes back a day later among ordinary names."""

from __future__ import annotations

from collections import defaultdict
from itertools import count
from typing import Any, Final

from bench.real.lookup import Field, Named, looked_up
from cli.offline.share import Share
from simulate.sampling import seeded

DAY: Final = 86_400.0
SPREAD_SECONDS: Final = 2 * 365 * DAY
LAST_BAN: Final = 1_790_000_000.0


def split(members: dict[str, list[str]]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Bans and accounts, each (family, name); of two names or more the first half, rounded up, is banned."""
    bans, accounts = [], []
    for family, names in members.items():
        if len(names) > 1:
            half = (len(names) + 1) // 2
            bans += [(family, name) for name in names[:half]]
            accounts += [(family, name) for name in names[half:]]
    return bans, accounts


def returning(members: dict[str, list[str]], ordinary: list[str]) -> dict[str, Any]:
    """Both halves on one platform, as handles and as display names.

    Bans are spread evenly over two years in a drawn order; each name of the other half is back a day after
    one of its family, each of another one while there are. Ordinary names, in the same field, come all the
    while. ``found``: alerted on somebody of the own family.
    """
    fields: tuple[Field, ...] = ("handle", "display_name")
    return {field: _returning(field, members, ordinary) for field in fields}


def _returning(field: Field, members: dict[str, list[str]], ordinary: list[str]) -> dict[str, Any]:
    bans, accounts = split(members)
    rng = seeded(6, "real families")
    places = rng.sample(range(len(bans)), len(bans))
    moments = [LAST_BAN - place * SPREAD_SECONDS / len(bans) for place in places]
    own: defaultdict[str, list[float]] = defaultdict(list)
    for (family, _), moment in zip(bans, moments, strict=True):
        own[family].append(moment)
    turns: defaultdict[str, count[int]] = defaultdict(count)
    back = [
        Named(name, field, own[family][next(turns[family]) % len(own[family])] + DAY)
        for family, name in accounts
    ]
    crowd = [Named(name, field, LAST_BAN + DAY - SPREAD_SECONDS * rng.random()) for name in ordinary]
    banned = [Named(name, field, moment) for (_, name), moment in zip(bans, moments, strict=True)]
    looked = looked_up(banned, [*back, *crowd])
    # The crowd comes after them.
    found = sum(
        any(one.band != "none" and bans[one.ban][0] == family for one in several)
        for (family, _), several in zip(accounts, looked.found, strict=False)
    )
    alarmed = sum(place >= len(back) for place in looked.alarmed)
    return {
        "bans": len(bans),
        "found": Share(found, len(accounts)).as_json(),
        "alarmed": Share(alarmed, len(crowd)).as_json(),
    }
