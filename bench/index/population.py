"""Banned accounts to be found again, drawn from a seed and kept in a cache outside the repository.

Their handles are formed as those of :mod:`simulate`, out of the 58,000 tokens of the commonness table, each
in proportion to its share: recall depends on how alike handles are to begin with.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import NamedTuple

from samehand.frequency.name_prior import decoration
from samehand.frequency.name_prior.table import shipped
from simulate.population.handles import NAMELESS_PLATFORMS, TakenHandles, handle
from simulate.population.languages import Name, Tongue, tongue
from simulate.population.people import PLATFORMS, display_name
from simulate.sampling import Weighted, seeded

_VERSION = 1
_TOKEN_LENGTH_MIN = 3


class BannedNames(NamedTuple):
    """What a banned account is called."""

    platform: str
    handle: str
    display_name: str


def population(bans: int, seed: int = 1) -> list[BannedNames]:
    """So many banned accounts, from the cache where they are in it."""
    file = cache_folder() / f"diverse-{bans}-{seed}-v{_VERSION}.tsv"
    if not file.exists():
        held = drawn(bans, seed)
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(f".{os.getpid()}")
        part.write_text("".join("\t".join(one) + "\n" for one in held), encoding="utf-8")
        part.replace(file)
        return held
    lines = file.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    return [BannedNames(*line.split("\t")) for line in lines]


def cache_folder() -> Path:
    """Where populations are kept between runs."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "samehand" / "bench"


def drawn(bans: int, seed: int) -> list[BannedNames]:
    rng, taken = seeded(seed, "bench diverse"), TakenHandles(bans)
    speech = _speech()
    held: list[BannedNames] = []
    while len(held) < bans:
        platform = PLATFORMS.pick(rng)
        if platform in NAMELESS_PLATFORMS:
            continue
        spoken = speech(rng)
        given, family = spoken.given.pick(rng), spoken.family.pick(rng)
        wish = handle(rng, platform, spoken, given, family)
        shown = display_name(rng, spoken, given, family, platform)
        held.append(BannedNames(platform, taken.claim(rng, platform, wish), shown))
    return held


def _speech() -> Callable[[Random], Tongue]:
    # Decorations have a fixed cost, not a share; they come by the edits.
    tokens = {
        token: bits
        for token, bits in shipped().tokens.items()
        if len(token) >= _TOKEN_LENGTH_MIN and not decoration(token)
    }
    shares = [2.0**-bits for bits in tokens.values()]
    names = Weighted([Name(token.capitalize(), (token,)) for token in tokens], shares)
    words = Weighted(list(tokens), shares)

    def speech(rng: Random) -> Tongue:
        some = tuple(words.pick(rng) for _ in range(2))
        return replace(tongue("en"), given=names, family=names, words=some)

    return speech
