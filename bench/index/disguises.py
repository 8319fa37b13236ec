"""Disguised handles: edits of each kind, tuned and held out, and the bans that they disguise."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from types import MappingProxyType
from typing import Final, NamedTuple

from bench.index.population import BannedNames
from samehand.account import Account
from samehand.names.handle_trait import HandleTrait
from samehand.signals.handle import HANDLE
from simulate.evasion.edits import HELD_OUT, TUNING, Edit
from simulate.sampling import below, one_of, seeded

KEEP: Final = 64
"""Candidates of a look-up among which the original counts as found."""
_TRIES: Final = 30  # an edit that does not apply to so many bans in turn applies to hardly any

# One spelling and another that bearers of the same name use; applied either way.
_TUNING_SPELLINGS = (("ee", "i"), ("oo", "u"), ("ou", "u"), ("y", "i"), ("o", "u"), ("e", "i"))
_HELD_OUT_SPELLINGS = (("aa", "a"), ("ei", "ai"), ("ey", "i"), ("q", "k"), ("a", "e"), ("ph", "f"))


def _respelt(spellings: tuple[tuple[str, str], ...]) -> Edit:
    both = (*spellings, *((other, one) for one, other in spellings))

    def edit(rng: Random, text: str) -> str:
        possible = [pair for pair in both if pair[0] in text]
        if not possible:
            return text
        here, there = one_of(rng, possible)
        return text.replace(here, there, 1)

    return edit


KINDS: Final[Mapping[str, Mapping[str, Edit]]] = MappingProxyType(
    {
        "tuning": MappingProxyType({**TUNING, "respelt": _respelt(_TUNING_SPELLINGS)}),
        "held_out": MappingProxyType({**HELD_OUT, "respelt": _respelt(_HELD_OUT_SPELLINGS)}),
    }
)
"""For tuning and for judging: kind of obfuscation → edit."""


class Disguise(NamedTuple):
    """A disguised handle, and the number of the ban that it disguises."""

    target: int
    platform: str
    handle: str


def disguised(bans: list[BannedNames], count: int) -> list[Disguise]:
    """Draws so many held-out disguises of all kinds, of bans whose handle tells anything."""
    rng = seeded(5, "bench recall")
    edits = KINDS["held_out"]
    each = max(1, count // len(edits))
    asked = []
    for edit in edits.values():
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
