"""Small line charts. The template draws them without inline styles, which the page's policy refuses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 240
HEIGHT: Final = 40
_ROOM: Final = 2  # half a line's width, so that the top of a peak is not cut off
POINTS_MAX: Final = 120
"""Two pixels a point; more would only make the page heavier."""


@dataclass(frozen=True, slots=True)
class Spark:
    """A line from the oldest to the newest value, from zero up to the largest."""

    values: Sequence[float]
    label: str

    @property
    def points(self) -> str:
        """Returns the points of an SVG polyline, "" for fewer than two values."""
        shown = thinned(self.values)
        if len(shown) < 2:
            return ""
        top = max(*shown, 1e-9)
        step = WIDTH / (len(shown) - 1)
        return " ".join(
            f"{place * step:.1f},{_ROOM + (HEIGHT - 2 * _ROOM) * (1 - max(0.0, value) / top):.1f}"
            for place, value in enumerate(shown)
        )


def thinned(values: Sequence[float]) -> list[float]:
    """At most `POINTS_MAX` values: the largest of each stretch, so that no peak is lost."""
    stretch = -(-len(values) // POINTS_MAX) or 1
    return [max(values[first : first + stretch]) for first in range(0, len(values), stretch)]
