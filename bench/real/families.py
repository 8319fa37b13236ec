"""Families of display names: half of each is banned, the rest is looked up among crowds of the innocent."""

from __future__ import annotations

from typing import Any, Literal

from bench.real.lookup import Looked, Named, looked_up

Field = Literal["handle", "display_name"]


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
