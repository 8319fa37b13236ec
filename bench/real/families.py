"""Families of display names: half of each is banned, the rest is looked up among crowds of the innocent."""

from __future__ import annotations

from typing import Any, Final

from bench.real.lookup import Field, Looked, Named, looked_up
from cli.offline.share import Share
from simulate.sampling import seeded

DAY: Final = 86_400.0
SPREAD_SECONDS: Final = 2 * 365 * DAY
LAST_BAN: Final = 1_790_000_000.0


def families(members: dict[str, list[str]], ordinary: list[str]) -> dict[str, Any]:
    """Families of two names or more, in the file's order, the first half (rounded up) as bans.

    ``same_field``: banned names and the rest are display names, the ordinary are handles. The two others put
    the banned name into one field, and the rest and the ordinary into the other.
    """
    return {
        "same_field": _run(members, ordinary, "display_name", "display_name", "handle"),
        "banned_name_new_handle": _run(members, ordinary, "display_name", "handle", "handle"),
        "banned_handle_new_name": _run(members, ordinary, "handle", "display_name", "display_name"),
    }


def split(members: dict[str, list[str]]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Bans and accounts, each (family, name)."""
    bans, accounts = [], []
    for family, names in members.items():
        if len(names) > 1:
            half = (len(names) + 1) // 2
            bans += [(family, name) for name in names[:half]]
            accounts += [(family, name) for name in names[half:]]
    return bans, accounts


def returning(members: dict[str, list[str]], ordinary: list[str]) -> dict[str, Any]:
    """The same halves on one platform, as handles and as display names, each as a person comes back.

    Bans are spread evenly over two years in a drawn order; each name of the other half is back a day after
    one of its family, each of another one while there are. Ordinary names, in the same field, come all the
    while. ``found``: alerted on somebody of the own family.
    """
    return {field: _returning(field, members, ordinary) for field in ("handle", "display_name")}


def _returning(field: Field, members: dict[str, list[str]], ordinary: list[str]) -> dict[str, Any]:
    bans, accounts = split(members)
    rng = seeded(6, "real families")
    places = rng.sample(range(len(bans)), len(bans))
    step = SPREAD_SECONDS / len(bans)
    banned = [
        Named(name, field, LAST_BAN - place * step) for place, (_, name) in zip(places, bans, strict=True)
    ]
    own: dict[str, list[float]] = {}
    for (family, _), one in zip(bans, banned, strict=True):
        own.setdefault(family, []).append(one.at or LAST_BAN)
    taken: dict[str, int] = {}
    back = []
    for family, name in accounts:
        turn = taken[family] = taken.get(family, -1) + 1
        back.append(Named(name, field, own[family][turn % len(own[family])] + DAY))
    crowd = [Named(name, field, LAST_BAN + DAY - SPREAD_SECONDS * rng.random()) for name in ordinary]
    looked = looked_up(banned, [*back, *crowd])
    # The crowd comes after them.
    missed = [
        name
        for (family, name), several in zip(accounts, looked.found, strict=False)
        if not any(one.band != "none" and bans[one.ban][0] == family for one in several)
    ]
    alarmed = [place - len(back) for place in looked.alarmed if place >= len(back)]
    return {
        "bans": len(bans),
        "found": Share(len(accounts) - len(missed), len(accounts)).as_json(),
        "missed": missed,
        "alarmed": Share(len(alarmed), len(crowd)).as_json(),
        "ordinary_alarmed": [ordinary[place] for place in alarmed],
        "unreadable": looked.bad,
    }


def _run(
    members: dict[str, list[str]], ordinary: list[str], banned: Field, new: Field, crowd_field: Field
) -> dict[str, Any]:
    bans, accounts = split(members)
    crowd = [Named(handle, crowd_field) for handle in ordinary]
    looked = looked_up(
        [Named(name, banned) for _, name in bans], [*(Named(name, new) for _, name in accounts), *crowd]
    )
    found = [_top_is_kin(looked, place, family, bans) for place, (family, _) in enumerate(accounts)]
    alarmed = looked.alarmed
    return {
        "bans": len(bans),
        "accounts": len(accounts),
        "family_first": sum(found),
        "alerted": sum(place < len(accounts) for place in alarmed),
        "ordinary": len(crowd),
        "ordinary_alarmed": [
            crowd[place - len(accounts)].text for place in alarmed if place >= len(accounts)
        ],
        "unreadable": looked.bad,
        "seconds": round(looked.seconds, 1),
    }


def _top_is_kin(looked: Looked, place: int, family: str, bans: list[tuple[str, str]]) -> bool:
    several = looked.found[place]
    return bool(several) and bans[several[0].ban][0] == family
