"""Clusters: accounts that are alike among themselves, and that one hand may have made, count as one.

A cap on alerts that counts accounts can be filled by one person's accounts. One that counts clusters cannot:
what makes each of a hundred accounts resemble the same third one makes them resemble each other.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Generic, TypeVar

from samehand.fingerprint.distil import Fingerprint
from samehand.scoring.ceilings import CIRCUMSTANTIAL
from samehand.scoring.score import against_chance
from samehand.scoring.weights import Weights

T = TypeVar("T")

ALIKE_NATS: Final = 5.5
"""By so much what two accounts share must outweigh what differs: a device, a mailbox, a handle or a sentence
does, a word does not."""


def alike(first: Fingerprint, second: Fingerprint, weights: Weights) -> bool:
    """Returns whether two accounts are alike, at whatever moment they were made.

    By shipped rates, not by what was counted: else a hundred accounts on one device would make it common, and
    so unlike each other. Two accounts under different peppers are not alike.
    """
    if first.pepper_id != second.pepper_id:
        return False
    lines = against_chance(first, second, weights)
    return sum(line.nats for line in lines if line.signal not in CIRCUMSTANTIAL) >= ALIKE_NATS


class Clusters(Generic[T]):
    """Numbers the clusters of members that come one after another, the most important first.

    The first member of a cluster leads it, and others join the first leader that they are alike, so that a
    member costs at most ``leaders_max`` comparisons, and no chain of likenesses joins two that are unlike.
    """

    def __init__(self, alike: Callable[[T, T], bool], leaders_max: int) -> None:
        self._alike = alike
        self._leaders_max = leaders_max
        self._leaders: list[T] = []

    def place(self, member: T) -> int | None:
        """The member's cluster: a new one for the first of its kind, ``None`` if there are too many."""
        for number, leader in enumerate(self._leaders):
            if self._alike(leader, member):
                return number
        if len(self._leaders) >= self._leaders_max:
            return None
        self._leaders.append(member)
        return len(self._leaders) - 1
