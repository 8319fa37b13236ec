"""The keys of one look-up with their weights, which a store sums without knowing what they mean."""

from __future__ import annotations

from typing import Final

import msgspec

from samehand.keys import Key

STEPS_A_NAT: Final = 1_024
"""Weights are summed in whole steps, so that every store gets the same sum, in whatever order keys come."""
SHARE_WHOLE: Final = 1_024
"""A group's share is counted in 1,024ths; this is the whole."""


class KeyTable(msgspec.Struct, frozen=True):
    """The most that the candidates of one look-up can score, by the keys that they share; in steps.

    ``keys`` are the keys to try, and ``listed`` those under which the account itself is listed. A fact is
    what one signal may say. A key belongs to one or more facts (``facts``), to each of which it may add up to
    ``steps``. Both are rows with an item for each key: the first row is for the first fact of each key, the
    second for the second, and so on, with 0 steps where a key has fewer facts.

    The sum is made so: of several shared keys of one fact the best counts; ``floors`` is what each fact may
    add without any key. Of the facts of a group the best counts whole and the others by a share (``groups``:
    the facts, and the share in 1,024ths); a fact ``beyond`` others counts for what exceeds the best of them;
    the rest adds up.

    ``moments``: pairs (seconds, steps); a candidate adds the steps of the last pair whose seconds its age at
    ``at`` reaches, and the first pair holds for all. A candidate must reach ``least`` steps in all, and must
    satisfy one of ``rows``: the least steps of each ground. ``grounds`` has the ground of each fact, -1 for
    none; the last ground is the moment. ``unseen`` is what each ground may weigh in addition to its facts. A
    row that ``needs_whole`` marks holds only for a candidate that shares a key which may show a whole name
    (``whole``, an item for each key).
    """

    keys: tuple[Key, ...]
    listed: tuple[Key, ...]
    facts: tuple[tuple[int, ...], ...]
    steps: tuple[tuple[int, ...], ...]
    whole: tuple[bool, ...]
    floors: tuple[int, ...]
    groups: tuple[tuple[tuple[int, ...], int], ...]
    beyond: tuple[tuple[int, tuple[int, ...]], ...]
    moments: tuple[tuple[float, int], ...]
    at: float | None
    least: int
    grounds: tuple[int, ...]
    unseen: tuple[int, ...]
    rows: tuple[tuple[int, ...], ...]
    needs_whole: tuple[bool, ...]
