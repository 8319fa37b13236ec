"""The keys of one look-up with their weights, which a store sums without knowing what they mean."""

from __future__ import annotations

from typing import Final

import msgspec

from samehand.keys import Key

STEPS_A_NAT: Final = 1_024
"""Weights are summed in whole steps, so that every store gets the same sum, in whatever order keys come."""
SHARE_WHOLE: Final = 1_024
"""A group's share is counted in 1,024ths; this is the whole."""

Moments = tuple[tuple[float, int], ...]
"""Pairs (seconds, steps): a candidate adds the steps of the last pair whose seconds its age reaches, and the
first pair holds for all."""


class RivalSums(msgspec.Struct, frozen=True):
    """How one rival sees a candidate (steps): ``offset`` is added to its sum, ``limits`` hold each fact.

    ``timed``: the moment says something against it; else it explains any moment.
    """

    offset: int
    limits: tuple[int, ...]
    timed: bool


class KeyTable(msgspec.Struct, frozen=True):
    """The most that the candidates of one look-up can score, by the keys that they share; in steps.

    ``keys`` are the keys to try, and ``listed`` those under which the account itself is listed. A fact is
    what one signal may say. A key belongs to one or more facts (``facts``), to each of which it may add up to
    ``steps``. Both are rows with an item for each key: the first row is for the first fact of each key, the
    second for the second, and so on, with 0 steps where a key has fewer facts.

    The sum is made for each of ``rivals``, and the least of them counts: of several shared keys of one fact
    the best counts, up to the rival's limit and to what so many shared keys can say (``by_number``: the first
    fact of some keys, and the steps of one key, of two and so on, the last for more); ``floors`` is what each
    fact may add without any key. Of the facts of a group the best counts whole and the others by a share
    (``groups``: the facts, and the share in 1,024ths); a fact ``beyond`` others counts for what exceeds the
    best of them; the rest adds up, with the moment at ``at``. A candidate must reach ``least``
    steps against every rival.
    """

    keys: tuple[Key, ...]
    listed: tuple[Key, ...]
    facts: tuple[tuple[int, ...], ...]
    steps: tuple[tuple[int, ...], ...]
    floors: tuple[int, ...]
    groups: tuple[tuple[tuple[int, ...], int], ...]
    beyond: tuple[tuple[int, tuple[int, ...]], ...]
    moments: Moments
    at: float | None
    least: int
    rivals: tuple[RivalSums, ...]
    by_number: tuple[tuple[int, tuple[int, ...]], ...] = ()
