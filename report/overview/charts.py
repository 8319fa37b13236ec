"""Small pictures as SVG without any style of their own, which the page's policy would refuse."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final

WIDTH: Final = 240
HEIGHT: Final = 40
_ROOM: Final = 2  # half a line's width, so that the top of a peak is not cut off
POINTS_MAX: Final = 120
"""Two pixels a point; more would only make the page heavier."""


def spark(values: Sequence[float], label: str) -> str:
    """A line from the oldest to the newest value, from zero up to the largest. Empty without two values."""
    shown = thinned(values)
    if len(shown) < 2:
        return ""
    top = max(*shown, 1e-9)
    step = WIDTH / (len(shown) - 1)
    points = " ".join(
        f"{place * step:.1f},{_ROOM + (HEIGHT - 2 * _ROOM) * (1 - max(0.0, value) / top):.1f}"
        for place, value in enumerate(shown)
    )
    return (
        f'<svg class="spark" viewBox="0 0 {WIDTH} {HEIGHT}" preserveAspectRatio="none" role="img"'
        f' aria-label="{escape(label)}"><polyline points="{points}"/></svg>'
    )


def thinned(values: Sequence[float]) -> list[float]:
    """At most `POINTS_MAX` values: the largest of each stretch, so that no peak is lost."""
    stretch = -(-len(values) // POINTS_MAX) or 1
    return [max(values[first : first + stretch]) for first in range(0, len(values), stretch)]
