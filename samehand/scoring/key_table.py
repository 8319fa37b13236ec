"""The keys of one look-up with their weights as numbers, which a store adds without knowing their meaning."""

from __future__ import annotations

from typing import Final

import msgspec

from samehand.keys import Key

STEPS_A_NAT: Final = 1_024
"""Nats are added in whole steps: sums are the same in whatever order keys come, in every store."""
SHARE_WHOLE: Final = 1_024
"""A group's share is a number of 1,024ths."""


class KeyTable(msgspec.Struct, frozen=True):
    """The most that the candidates of one look-up can score, by the keys that they share; in steps.

    ``keys`` are those to try, and ``listed`` those under which the account itself is listed. Each key belongs
    to a fact (``facts``), of which sharing it may make as much as ``steps``, or to several: a row for the
    first of each key, one for the second, and so on, of no steps where a key has fewer. Of several keys of
    one fact the best counts. ``floors`` is what each fact may add without any key. Of the facts of a group
    the best counts whole and the others by a share (``groups``: the facts, and 1,024ths); of a fact
    ``beyond`` others what exceeds the best of them; all else adds up.

    ``moments``: a candidate that is older than so many seconds at ``at`` gets so many steps, the last that
    holds; the first is for all. ``least`` is what a sum must reach. And one of ``rows`` must hold: so many
    steps of each ground, as ``grounds`` says of each fact (-1: of none); the last ground is the moment.
    ``unseen`` is what each ground may weigh beyond its facts. A row of ``needs_whole`` holds only for who
    shares a key that may show a whole name (``whole``).
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
