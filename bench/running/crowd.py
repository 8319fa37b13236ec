"""The banned, and who signs up after them: drawn from a seed, so that every turn has the same.

A slice of the bans is drawn by a process of its own. Handles are unique within a slice only, as they are
on two platforms; pictures, addresses and devices are those of one population.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from typing import Final

from msgspec.structs import replace

from schemas.accounts import AccountBanned, AccountCreated
from simulate.evasion.edits import EDIT_SETS
from simulate.evasion.strategies import STRATEGIES
from simulate.population.people import TRAITS, Person, Population
from simulate.sampling import seeded
from simulate.timeline.records import banned, created

BANNED_AT: Final = 1_790_000_000.0
"""When the first of them was banned, all others within a day: 2026-09-21."""
DAY_SECONDS: Final = 86_400.0

AGES_DAYS: Final = 730.0
"""Bans of a platform that has banned for long: as many on each day of two years."""

MIRROR_EVERY: Final = 200
"""One sign-up of so many is a mirror: the share of `samehand simulate`."""

ORIGINALS: Final = 200
"""So many of the banned are kept as people, for mirrors to be made of."""

POLICIES: Final = ("spam", "violent-extremism", "fraud", "abuse")

# Ids as platforms give them, some eighteen digits; an odd factor modulo 2 ** 60 permutes.
_SCATTER, _IDS = 0x9E3779B97F4A7C15, 1 << 60
SIGN_UPS_FROM: Final = 1 << 40
"""Numbers of sign-ups are beyond any ban's."""


def account_id(number: int) -> str:
    """The id of the numbered account."""
    return str(number * _SCATTER % _IDS)


def aged(number: int, until: float) -> float:
    """When the numbered account was banned, if bans go back for two years from a moment."""
    return until - number * _SCATTER % _IDS / _IDS * AGES_DAYS * DAY_SECONDS


def people(seed: int, bans: int, part: range, originals: Container[int] | None = None) -> Iterator[Person]:
    """The banned of one slice, in order; originals have every trait that an evader may take along.

    They are those whose numbers are given, or as :func:`is_original` has it.
    """
    rng, population = seeded(seed, f"bench bans {part.start}"), Population(seed, bans)
    for number in part:
        person = replace(population.person(rng), account_id=account_id(number))
        equipped = is_original(number, bans) if originals is None else number in originals
        yield population.equipped(rng, person, frozenset(TRAITS)) if equipped else person


def is_original(number: int, bans: int) -> bool:
    """Returns whether mirrors will be made of this one: some two hundred of the banned."""
    return number % max(1, bans // ORIGINALS) == 0


def ban(number: int, person: Person, at: float | None = None) -> AccountBanned:
    """The ban of the numbered person at a moment, which never ends: a snapshot must not grow old."""
    moment = BANNED_AT + number % DAY_SECONDS if at is None else at
    return replace(banned(person, moment, POLICIES[number % len(POLICIES)]), expires_at=None)


def sign_ups(
    seed: int,
    bans: int,
    originals: Sequence[Person],
    count: int,
    *,
    at: float,
    first: int = 0,
    every: int = MIRROR_EVERY,
) -> list[AccountCreated]:
    """So many sign-ups of strangers at a moment, one in ``every`` a mirror of one of the originals.

    ``first`` is the number of the first: another one gives other accounts of the same kind.
    """
    rng, population = seeded(seed, f"bench sign-ups {first}"), Population(seed, bans)
    ways, edits = STRATEGIES[:7], EDIT_SETS["tuning"]
    found = []
    for number in range(first, first + count):
        if originals and number % every == every // 2:
            turn = number // every
            original = originals[turn % len(originals)]
            person = ways[turn % len(ways)].mirror(population, edits, original, rng)
        else:
            person = population.person(rng)
        own = replace(person, account_id=account_id(SIGN_UPS_FROM + number))
        found.append(created(own, at))
    return found
