"""The figures drawn: SVG with nothing to load, each with its figures in words for those who cannot see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from cli.commands.backtest.judged import BacktestRun
from report.rendering import environment

_WIDTH: Final = 560
_HEIGHT: Final = 400
_LEFT: Final = 64  # room for the numbers of the axis
_TOP: Final = 48
_PLOT_WIDTH: Final = _WIDTH - _LEFT - 24
_PLOT_HEIGHT: Final = _HEIGHT - _TOP - 56
_ROW: Final = 26
_LABELS: Final = 90
_NUMBERS: Final = 150  # a value and its interval, right of the bars
_POINTS_MAX: Final = 400  # more points change nothing that is visible
_TEMPLATES: Final = environment({})

Point = tuple[float, float]


def charts(run: BacktestRun, figures: Mapping[str, Any]) -> dict[str, str]:
    """File name to SVG: precision–recall, calibration, recall by strategy, false alarms by group."""
    drawn = {
        "precision-recall.svg": curve(
            "Precision and recall", "recall of catchable mirrors", "precision", precision_recall(run, figures)
        ),
        "calibration.svg": curve(
            "Calibration of events",
            "probability claimed",
            "share that was true",
            [(bin_["claimed"], bin_["true"]) for bin_ in figures["calibration"]["bins"]],
            diagonal=True,
        ),
        "false-alarms.svg": bars(
            "False alarms per 1,000 sign-ups, where each group has enough",
            figures["false_alarms"]["even_handedness"]["per_1000"],
        ),
    }
    if figures["recall_by_strategy"]:
        title = "Recall by strategy, at 20 alerts per 1,000 sign-ups"
        drawn["strategies.svg"] = bars(title, figures["capacities"]["20"]["recall_by_strategy"])
    return drawn


def precision_recall(run: BacktestRun, figures: Mapping[str, Any]) -> list[Point]:
    """A point at each true pair, thinned out."""
    points, true, wanted = [], 0, max(figures["catchable"], 1)
    for rank, judged in enumerate(run.judged, 1):
        if judged.true:
            true += 1
            points.append((min(true / wanted, 1.0), true / rank))
    step = max(1, len(points) // _POINTS_MAX)
    return points[::step]


def curve(title: str, across: str, upwards: str, points: Sequence[Point], *, diagonal: bool = False) -> str:
    """Points of the unit square, joined; the diagonal where claimed and true should agree."""
    words = "; ".join(f"{across} {x:.2f}: {upwards} {y:.2f}" for x, y in points[:: max(1, len(points) // 10)])
    steps = [step / 5 for step in range(6)]
    return _TEMPLATES.get_template("curve.svg").render(
        width=_WIDTH,
        height=_HEIGHT,
        left=_LEFT,
        top=_TOP,
        plot_width=_PLOT_WIDTH,
        plot_height=_PLOT_HEIGHT,
        title=title,
        words=words or "no points",
        across=across,
        upwards=upwards,
        grid=[
            {"at": f"{at:.1f}", "x": f"{_x(at):.1f}", "y": f"{_y(at):.1f}", "text_y": f"{_y(at) + 4:.1f}"}
            for at in steps
        ],
        diagonal=f"{_x(0)},{_y(0)} {_x(1)},{_y(1)}" if diagonal else "",
        points=[(f"{_x(x):.1f}", f"{_y(y):.1f}") for x, y in points],
    )


def bars(title: str, shares: Mapping[str, Mapping[str, Any]]) -> str:
    """A bar a share with its 95 % interval as a line; shares as :meth:`Share.as_json` gives them."""
    known = {name: share for name, share in shares.items() if share["value"] is not None}
    longest = max((share["interval"][1] for share in known.values()), default=1.0) or 1.0
    scale = (_WIDTH - _LABELS - _NUMBERS) / longest
    words = "; ".join(f"{name}: {share['value']:g} of {share['interval']}" for name, share in known.items())

    def bar(name: str, value: float, low: float, high: float) -> dict[str, str]:
        return {
            "name": name,
            "width": f"{max(value * scale, 1):.1f}",
            "low": f"{_LABELS + low * scale:.1f}",
            "high": f"{_LABELS + high * scale:.1f}",
            "words": f"{value:.3g} [{low:.3g}, {high:.3g}]",
        }

    return _TEMPLATES.get_template("bars.svg").render(
        width=_WIDTH,
        height=_TOP + _ROW * len(known) + 12,
        labels=_LABELS,
        bar_top=_TOP,
        row_height=_ROW,
        title=title,
        words=words or "nothing measured",
        bars=[bar(name, share["value"], *share["interval"]) for name, share in known.items()],
    )


def _x(share: float) -> float:
    return _LEFT + share * _PLOT_WIDTH


def _y(share: float) -> float:
    return _TOP + (1 - share) * _PLOT_HEIGHT
