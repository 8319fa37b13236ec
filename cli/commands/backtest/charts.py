"""The figures drawn: SVG with nothing to load, each with its figures in words for those who cannot see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from cli.commands.backtest.judged import Run

_WIDTH: Final = 560
_HEIGHT: Final = 400
_LEFT: Final = 64  # room for the numbers of the axis
_TOP: Final = 48
_PLOT_WIDTH: Final = _WIDTH - _LEFT - 24
_PLOT_HEIGHT: Final = _HEIGHT - _TOP - 56
_ROW: Final = 26
_LABELS: Final = 90
_NUMBERS: Final = 150  # a value and its interval, right of the bars
_POINTS_MAX: Final = 400  # a curve of more cannot be told from it
_INK, _LINE, _PALE = "#1f2937", "#1d4ed8", "#d1d5db"

Point = tuple[float, float]


def charts(run: Run, told: Mapping[str, Any]) -> dict[str, str]:
    """File name to SVG: precision–recall, calibration, recall by strategy, false alarms by group."""
    drawn = {
        "precision-recall.svg": curve(
            "Precision and recall", "recall of catchable mirrors", "precision", precision_recall(run, told)
        ),
        "calibration.svg": curve(
            "Calibration of events",
            "probability claimed",
            "share that was true",
            [(each["claimed"], each["true"]) for each in told["calibration"]["bins"]],
            diagonal=True,
        ),
        "false-alarms.svg": bars(
            "False alarms per 1,000 sign-ups, where each group has enough",
            told["false_alarms"]["even_handedness"]["per_1000"],
        ),
    }
    if told["recall_by_strategy"]:
        title = "Recall by strategy, at 20 alerts per 1,000 sign-ups"
        drawn["strategies.svg"] = bars(title, told["capacities"]["20"]["recall_by_strategy"])
    return drawn


def precision_recall(run: Run, told: Mapping[str, Any]) -> list[Point]:
    """A point at each true pair, thinned out."""
    points, true, wanted = [], 0, max(told["catchable"], 1)
    for rank, one in enumerate(run.judged, 1):
        if one.true:
            true += 1
            points.append((min(true / wanted, 1.0), true / rank))
    step = max(1, len(points) // _POINTS_MAX)
    return points[::step]


def curve(title: str, across: str, upwards: str, points: Sequence[Point], *, diagonal: bool = False) -> str:
    """Points of the unit square, joined; the diagonal where claimed and true should agree."""
    axes = "".join(_grid(step / 5) for step in range(6))
    line = " ".join(f"{_x(x):.1f},{_y(y):.1f}" for x, y in points)
    dots = "".join(f'<circle cx="{_x(x):.1f}" cy="{_y(y):.1f}" r="2.5" fill="{_LINE}"/>' for x, y in points)
    ideal = f'<polyline points="{_x(0)},{_y(0)} {_x(1)},{_y(1)}" stroke="{_PALE}" stroke-dasharray="4 4"/>'
    middle = _LEFT + _PLOT_WIDTH / 2
    body = (
        f"{axes}{ideal if diagonal else ''}"
        f'<polyline points="{line}" fill="none" stroke="{_LINE}" stroke-width="1.5"/>{dots}'
        f'<text x="{middle}" y="{_HEIGHT - 12}" text-anchor="middle">{escape(across)}</text>'
        f'<text x="14" y="{_TOP - 10}">{escape(upwards)}</text>'
    )
    words = "; ".join(f"{across} {x:.2f}: {upwards} {y:.2f}" for x, y in points[:: max(1, len(points) // 10)])
    return _svg(title, words or "no points", body, _HEIGHT)


def bars(title: str, shares: Mapping[str, Mapping[str, Any]]) -> str:
    """A bar a share with its 95 % interval as a line; shares as :meth:`Share.told` gives them."""
    known = {name: share for name, share in shares.items() if share["value"] is not None}
    longest = max((share["interval"][1] for share in known.values()), default=1.0) or 1.0
    scale = (_WIDTH - _LABELS - _NUMBERS) / longest
    rows = "".join(_bar(place, name, share, scale) for place, (name, share) in enumerate(known.items()))
    words = "; ".join(f"{name}: {share['value']:g} of {share['interval']}" for name, share in known.items())
    return _svg(title, words or "nothing measured", rows, _TOP + _ROW * len(known) + 12)


def _bar(place: int, name: str, share: Mapping[str, Any], scale: float) -> str:
    top, (low, high) = _TOP + place * _ROW, share["interval"]
    middle, width = top + 9, max(share["value"] * scale, 1)
    left, right = _LABELS + low * scale, _LABELS + high * scale
    return (
        f'<text x="8" y="{top + 13}">{escape(name)}</text>'
        f'<rect x="{_LABELS}" y="{top}" width="{width:.1f}" height="18" fill="{_LINE}"/>'
        f'<line x1="{left:.1f}" x2="{right:.1f}" y1="{middle}" y2="{middle}" '
        f'stroke="{_INK}" stroke-width="2"/>'
        f'<text x="{_WIDTH - 8}" y="{top + 13}" text-anchor="end">'
        f"{share['value']:.3g} [{low:.3g}, {high:.3g}]</text>"
    )


def _grid(at: float) -> str:
    right, height = _LEFT + _PLOT_WIDTH, f"{_y(at):.1f}"
    return (
        f'<line x1="{_LEFT}" x2="{right}" y1="{height}" y2="{height}" stroke="{_PALE}"/>'
        f'<text x="{_LEFT - 8}" y="{_y(at) + 4:.1f}" text-anchor="end">{at:.1f}</text>'
        f'<text x="{_x(at):.1f}" y="{_TOP + _PLOT_HEIGHT + 18}" text-anchor="middle">{at:.1f}</text>'
    )


def _x(share: float) -> float:
    return _LEFT + share * _PLOT_WIDTH


def _y(share: float) -> float:
    return _TOP + (1 - share) * _PLOT_HEIGHT


def _svg(title: str, words: str, body: str, height: int) -> str:
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" \
height="{height}" role="img" aria-labelledby="title words" font-family="system-ui, sans-serif" font-size="12">
<title id="title">{escape(title)}</title>
<desc id="words">{escape(words)}</desc>
<rect width="100%" height="100%" fill="#ffffff"/>
<text x="8" y="20" font-size="15" font-weight="600" fill="{_INK}">{escape(title)}</text>
<g fill="{_INK}">{body}</g>
</svg>
"""
