"""Draws pairs below the bands for people to read, to estimate how many mirrors are missed.

An event is drawn with the probability that operators set, then each of its pairs below the bands with that of
its stratum. Strata are ranges of log-odds: missed mirrors lie mostly close below the threshold, and most
pairs lie far below it. From stratum to stratum the odds fall by a factor of 7 and the probability of a draw
by 4, which lies between what estimates a share best (the square root of the odds, Neyman 1934) and what finds
most mirrors (the odds themselves). A drawn pair stands for 1 / probability pairs.

The random numbers, from 0 up to 1, are arguments. The caller makes them of the ids by a keyed hash: without
the key nobody can choose to be drawn, or not to be.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

STRATUM_NATS: Final = 2.0
STRATA: Final = 6
"""The number of strata: 0 lies within 2 nats below the threshold, 1 within 4, and so on; 5 has no end."""

_SHARE_FROM_STRATUM_TO_STRATUM: Final = 0.25

DRAWN_AN_EVENT_MAX: Final = 3
"""The most pairs that are drawn of one event, as many as it may alert.

Without this limit, people would read an account close to an evader's sixty bans sixty times.
"""


class DrawnPair(NamedTuple):
    """A drawn pair: its place among those given, and the probability with which it was drawn."""

    place: int
    probability: float


def stratum(log_odds: float, threshold: float) -> int:
    """The stratum (0 to 5) of a pair below ``threshold``, the log-odds at which its policy alerts; nats."""
    below = max(0.0, threshold - log_odds)
    return min(STRATA - 1, int(min(below / STRATUM_NATS, STRATA)))


def stratum_share(number: int) -> float:
    """The probability with which a pair of a stratum is drawn, given that its event was drawn."""
    share: float = _SHARE_FROM_STRATUM_TO_STRATUM**number
    return share


def drawn(strata: Sequence[int], numbers: Sequence[float], event_share: float) -> list[DrawnPair]:
    """The drawn pairs of an event, in order; the event was drawn with the probability ``event_share``.

    ``numbers`` are uniform from 0 up to 1, one for each pair. Where more than :data:`DRAWN_AN_EVENT_MAX` are
    drawn, that many are chosen of them with equal chance, by the same numbers, and their probabilities are
    lowered to match.
    """
    chosen = [
        (number / stratum_share(level), place, stratum_share(level))
        for place, (level, number) in enumerate(zip(strata, numbers, strict=True))
        if number < stratum_share(level)
    ]
    kept = sorted(chosen)[:DRAWN_AN_EVENT_MAX]
    share = event_share * (len(kept) / max(1, len(chosen)))
    return sorted(DrawnPair(place, share * own) for _, place, own in kept)
