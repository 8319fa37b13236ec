"""Disguised handles: edits of each kind, and the bans that they disguise."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from types import MappingProxyType
from typing import Final, NamedTuple

from bench.index.population import BannedNames
from samehand.account import Account
from samehand.names.handle_trait import HandleTrait
from samehand.signals.handle import HANDLE
from simulate.evasion.edits import HELD_OUT, Edit
from simulate.sampling import below, one_of, seeded

KEEP: Final = 64
"""Candidates of a look-up among which the original counts as found."""
_TRIES: Final = 30  # an edit that does not apply to so many bans in turn applies to hardly any

# One spelling and another that bearers of the same name use; applied either way.
_ONE_WAY = (("aa", "a"), ("ei", "ai"), ("ey", "i"), ("q", "k"), ("a", "e"), ("ph", "f"))
_SPELLINGS = (*_ONE_WAY, *((other, one) for one, other in _ONE_WAY))


def _respelt(rng: Random, text: str) -> str:
    possible = [pair for pair in _SPELLINGS if pair[0] in text]
    if not possible:
        return text
    here, there = one_of(rng, possible)
    return text.replace(here, there, 1)


EDITS: Final[Mapping[str, Edit]] = MappingProxyType({**HELD_OUT, "respelt": _respelt})
"""Kind of obfuscation → edit, none of which tuning used."""


class Disguise(NamedTuple):
    """A disguised handle, and the number of the ban that it disguises."""

    target: int
    platform: str
    handle: str


def disguised(bans: list[BannedNames], count: int) -> list[Disguise]:
    """Draws so many held-out disguises of all kinds, of bans whose handle tells anything."""
    rng = seeded(5, "bench recall")
    each = max(1, count // len(EDITS))
    asked = []
    for edit in EDITS.values():
        wanted = each
        for _ in range(each * _TRIES):
            target = below(rng, len(bans))
            ban = bans[target]
            handle = edit(rng, ban.handle)
            trait = _folded(ban.platform, ban.handle)
            # Handles that a platform made up have nothing but their digits.
            if handle == ban.handle or trait is None or trait.automatic or not _folded(ban.platform, handle):
                continue
            asked.append(Disguise(target, ban.platform, handle))
            wanted -= 1
            if not wanted:
                break
    return asked


def _folded(platform: str, handle: str) -> HandleTrait | None:
    """The handle as samehand distils it; it is no personal value, so no key is needed."""
    return HANDLE.distil(Account(platform=platform, account_id="1", handle=handle), lambda domain, value: b"")
