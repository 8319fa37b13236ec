"""What else a pair could be: the other explanations that count, each with its share, in words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from report.text import percent, visible
from samehand.scoring.rivals import RIVALS
from schemas.alerts import RivalShare

QUESTION: Final = "What else could it be?"
SHARE_MIN: Final = 0.01
"""A smaller share of the innocent odds changes no decision; the strongest is shown in any case."""

WHO: Final = {rival.name: rival.who for rival in RIVALS}


def telling(rivals: Iterable[RivalShare]) -> list[RivalShare]:
    """Those whose share says something, the strongest first."""
    ordered = sorted(rivals, key=lambda rival: -rival.share)
    return [rival for place, rival in enumerate(ordered) if not place or rival.share >= SHARE_MIN]


def who(rival: RivalShare) -> str:
    """`a household`; of one that a later release knows, its name."""
    return WHO.get(rival.name, visible(rival.name))


def in_words(rivals: Iterable[RivalShare]) -> str:
    """`What else it could be: a household 71 %, chance 20 %`; "" of an alert that names none."""
    shares = ", ".join(f"{who(rival)} {percent(rival.share)}" for rival in telling(rivals))
    return f"What else it could be: {shares}" if shares else ""
