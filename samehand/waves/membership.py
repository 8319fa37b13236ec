"""Who is in a wave: each account by its own evidence, which is how many of the others it resembles.

Nobody is a member because a neighbour is: an account must itself be alike with at least four others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, TypeVar

from samehand.alert_id import alert_id
from samehand.waves.keys import OTHERS_MIN

MEMBERS_MIN: Final = OTHERS_MIN + 1
MEMBERS_MAX: Final = 500
"""A person who has read five hundred alike accounts knows what the next one is. The record of a wave allows
as many (schemas/waves.py)."""

REVISED_AT: Final = (5, 10, 20, 50, 100, 200, 500)
"""Sizes at which a wave is published again, so that one of five hundred accounts is seven records."""

_COVERED: Final = 1.2
"""A dismissal covers so many times the members that its reader was shown: a class has latecomers."""

COMPARED_MAX: Final = 16
"""Others with whom a new account is compared: four times as many as make a wave, and a millisecond."""

T = TypeVar("T")


def gathered(
    newcomer: T, others: Sequence[T], known: Callable[[T], bool], alike: Callable[[T, T], bool]
) -> tuple[list[T], list[T]]:
    """Returns who joins a wave together with a newcomer, the newcomer first, and whom the newcomer resembles.

    Both are empty where the newcomer has too little evidence. ``known``: whether an account is in a wave
    already; it needs no further evidence then.
    """
    resembling = [account for account in others if alike(newcomer, account)]
    if len(resembling) < OTHERS_MIN:
        return [], []
    joining = [newcomer]
    for candidate in resembling:
        if known(candidate):
            continue
        near = 1  # the newcomer
        for other in resembling:
            if near >= OTHERS_MIN:
                break
            near += other is not candidate and alike(candidate, other)
        if near >= OTHERS_MIN:
            joining.append(candidate)
    return joining, resembling


def nearest(votes: Mapping[str, int], began_at: Callable[[str], float]) -> list[str]:
    """Returns the waves that a newcomer joins, the oldest first: it merges them.

    ``votes``: how many members of each it resembles. It takes four of each; else it is the wave of which it
    resembles most.
    """
    several = sorted(votes, key=lambda wave: (began_at(wave), wave))
    near = [wave for wave in several if votes[wave] >= OTHERS_MIN]
    return near or sorted(several, key=lambda wave: -votes[wave])[:1]


def covered(shown: int) -> int:
    """Returns how many members a dismissed wave may have before it is raised anew."""
    return int(shown * _COVERED)


def successor(wave_id: str) -> str:
    """Returns the id under which a dismissed wave is raised anew: the verdict stays with the former one."""
    return alert_id("wave raised anew", wave_id)


def revision_due(before: int, after: int) -> bool:
    """Returns whether a wave that grew from one size to another has passed a size at which it is published
    again.
    """
    return any(before < size <= after for size in REVISED_AT)
