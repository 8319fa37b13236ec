"""Draws pairs below the bands for people to read, which estimates how many mirrors are missed.

An event is drawn with the probability that operators set, then each of its pairs below the bands with that of
its stratum. Strata are by log-odds: mirrors that are missed lie mostly close below the threshold, and
everything far below is there in masses. From stratum to stratum the odds fall by a factor of 7 and the
draw by 4, between what estimates a share best (the square root of the odds, Neyman 1934) and what finds the
most mirrors (the odds themselves). A pair that was drawn stands for one over its probability.

Numbers between 0 and 1 that draw come from outside, made of the ids by a keyed hash: whoever does not know
the key cannot choose to be drawn, nor not to be.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

STRATUM_NATS: Final = 2.0
STRATA: Final = 6
"""Strata by their number: 0 within 2 nats below the threshold, and so on; the last one has no end."""

_SHARE_FROM_STRATUM_TO_STRATUM: Final = 0.25

DRAWN_AN_EVENT_MAX: Final = 3
"""Pairs of one event: as many as it may alert. An account close to an evader's sixty bans is read once."""


class Drawn(NamedTuple):
    """A pair that was drawn: its place among those given, and with what probability it was."""

    place: int
    probability: float


def stratum(log_odds: float, threshold: float) -> int:
    """The stratum of a pair below ``threshold`` (log-odds at which its policy alerts), in nats both."""
    below = max(0.0, threshold - log_odds)
    return min(STRATA - 1, int(min(below / STRATUM_NATS, STRATA)))


def stratum_share(number: int) -> float:
    """With what probability a pair of a stratum is drawn, where its event was."""
    share: float = _SHARE_FROM_STRATUM_TO_STRATUM**number
    return share


def drawn(strata: Sequence[int], numbers: Sequence[float], event_share: float) -> list[Drawn]:
    """Those of an event's pairs that are read, in their order; the event was drawn with ``event_share``.

    ``numbers`` are uniform from 0 up to 1, one a pair. Where more than :data:`DRAWN_AN_EVENT_MAX` are drawn,
    that many of them stand for all, chosen evenly by the same numbers, and their probabilities say so.
    """
    chosen = [
        (number / stratum_share(level), place, stratum_share(level))
        for place, (level, number) in enumerate(zip(strata, numbers, strict=True))
        if number < stratum_share(level)
    ]
    kept = sorted(chosen)[:DRAWN_AN_EVENT_MAX]
    share = event_share * (len(kept) / max(1, len(chosen)))
    return sorted(Drawn(place, share * own) for _, place, own in kept)
