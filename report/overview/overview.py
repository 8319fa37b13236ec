"""The overview as HTML: the whole page once, and the part of it that is sent again every two seconds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from report.overview.figures import Figures, quantile
from report.overview.history import OBJECTIVE, History
from report.rendering import environment
from streams.delivery.circuit_breaker import BreakerState
from streams.telemetry.metrics import BANDS, DIRECTIONS, FRESH_SECONDS

State = Literal["good", "warn", "bad", "plain"]

LATENCY_SECONDS: Final = 60.0
"""Percentiles are taken over the last minute."""

OLD_SECONDS: Final = 60.0
"""A record that waits longer than a minute is old by an order of magnitude; `SamehandLagging` says so too."""

SIGNALS_SHOWN: Final = 8
WIDTH: Final = 240
HEIGHT: Final = 40
_ROOM: Final = 2  # half a line's width, so that the top of a peak is not cut off
POINTS_MAX: Final = 120
"""Two pixels a point; more would only make the page heavier."""
_BREAKER: Final[dict[BreakerState, tuple[str, State]]] = {
    BreakerState.CLOSED: ("closed", "good"),
    BreakerState.HALF_OPEN: ("probing", "warn"),
    BreakerState.OPEN: ("open", "bad"),
}
_BETWEEN_WORDS: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_DOCTOR: Final = "samehand doctor"

RUNBOOKS: Final = "docs/runbooks"
"""Where they are in the repository, as the rules of Prometheus say it: a worker knows no address of it."""


@dataclass(frozen=True, slots=True)
class Cure:
    """What mends a figure that is not well: a command where one does, and the runbook, by its name."""

    runbook: str
    command: str = ""


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


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure with its name, what it means beside it, and whether it is well (in words and in colour)."""

    name: str
    value: str
    note: str
    state: State = "plain"
    chart: Spark | None = None
    cure: Cure | None = None


_MINUTE, _HOUR, _DAY = 60.0, 3600.0, 86400.0
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def seconds_text(value: float | None) -> str:
    """A duration to two digits; a dash for what is not known."""
    if value is None:
        return "–"
    if value < 1:
        return f"{value * 1000:.0f} ms"
    if value < _MINUTE:
        return f"{value:.1f} s"
    if value < _HOUR:
        return f"{value / _MINUTE:.0f} min"
    return f"{value / _HOUR:.0f} h" if value < 2 * _DAY else f"{value / _DAY:.0f} days"


def count_text(value: float) -> str:
    """A whole number with thin spaces between thousands."""
    return f"{value:,.0f}".replace(",", "\u202f")


def rate_text(value: float) -> str:
    return f"{value:.1f}" if value < 100 else count_text(value)


def share_text(value: float | None) -> str:
    """A percentage, finer towards either end, where it matters; never rounded up to the whole."""
    if value is None:
        return "–"
    percent = 100 * value
    if 99 < percent < 100:
        return f"{min(percent, 99.99):.2f} %"
    return f"{percent:.0f} %" if percent >= 10 or percent == 0 else f"{percent:.1f} %"


def size_text(bytes_: float) -> str:
    for unit in _UNITS[:-1]:
        if bytes_ < 1024:
            return f"{bytes_:.0f} {unit}"
        bytes_ /= 1024
    return f"{bytes_:.0f} {_UNITS[-1]}"


_TEMPLATES: Final = environment(
    {
        "integer": count_text,
        "rate": rate_text,
        "seconds": seconds_text,
        "share": share_text,
        "size": size_text,
        "words": _BETWEEN_WORDS.split,
    }
)


def page(figures: Figures, history: History) -> str:
    return _TEMPLATES.get_template("overview.html").render(_shown(figures, history))


def body(figures: Figures, history: History) -> str:
    return _TEMPLATES.get_template("overview_body.html").render(_shown(figures, history))


def _shown(figures: Figures, history: History) -> dict[str, Any]:
    new_letters = _new_letters(figures, history)
    worst = max(new_letters, key=lambda topic: new_letters[topic], default="")
    builds = [dict(labels) for labels in figures.samples.get("samehand_build_info", {})]
    fired = sorted(figures.by("signal", "samehand_signals_total").items(), key=lambda signal: -signal[1])
    lookups = figures.total("samehand_candidates_count")
    return {
        "tiles": tiles(figures, history),
        "width": WIDTH,
        "height": HEIGHT,
        "runbooks": RUNBOOKS,
        "topics": _topics(figures, history),
        "new_letters": new_letters,
        "letters_state": "plain" if figures.letters_expected else "bad",
        "letters_expected": figures.letters_expected,
        "letters_cure": Cure("SamehandDeadLetters", f"samehand letters list --topic {worst}"),
        "directions": DIRECTIONS,
        "bands": [_band(figures, band) for band in BANDS],
        "time_to_detect": quantile(0.5, figures.buckets("samehand_time_to_detect_seconds")),
        "repeats": figures.total("samehand_duplicates_suppressed_total"),
        "signals": [(name, times) for name, times in fired if times][:SIGNALS_SHOWN],
        "store": {
            "banned": figures.largest("samehand_fingerprints"),
            "remembered": figures.largest("samehand_remembered_accounts"),
            "evicted": figures.largest("samehand_remembered_evicted"),
            "memory": figures.largest("samehand_store_memory_bytes"),
            "limit": figures.largest("samehand_store_memory_limit_bytes"),
            "candidates": figures.total("samehand_candidates_sum") / lookups if lookups else 0.0,
            "searchable": quantile(0.99, figures.buckets("samehand_searchable_seconds")),
        },
        "build": sorted(builds[0].items()) if builds else [],
        "span": history.seconds,
    }


def tiles(figures: Figures, history: History) -> Sequence[Tile]:
    """The first row of the dashboard *Overview*, in its order."""
    return (
        _ready(figures),
        _freshness(history),
        _oldest(figures, history),
        _lag(history),
        _events(history),
        _breaker(figures),
        _unavailable(figures),
        _unjudged(figures),
    )


def _ready(figures: Figures) -> Tile:
    by_topic = figures.by("topic", "samehand_topic_stopped")
    stopped = [topic for topic, is_stopped in by_topic.items() if is_stopped]
    if stopped:
        cure = Cure("SamehandTopicStopped", f"samehand letters resume {stopped[0]}")
        return Tile("Ready", "stopped", f"too many dead letters: {', '.join(stopped)}", "bad", cure=cure)
    if figures.total("samehand_ready") == 1.0:
        return Tile("Ready", "yes", "records that arrive now are decided", "good")
    # Of what makes a worker unready, the store is the most frequent, and the breaker's page is about it.
    about = "SamehandBreakerOpen" if "store" in figures.unready else "SamehandLagWithoutProgress"
    return Tile("Ready", "no", figures.unready or "/health/ready says why", "bad", cure=Cure(about, _DOCTOR))


def _freshness(history: History) -> Tile:
    fresh, burn = history.freshness(), history.burn()
    span = seconds_text(history.seconds)
    name = f"Within {FRESH_SECONDS:.0f} s"
    if fresh is None or burn is None:
        return Tile(name, "–", f"no event in {span}; the objective is {OBJECTIVE:.0%}")
    note = f"of {span}; error budget burns at {burn:.1f} ×"
    if fresh >= OBJECTIVE:
        return Tile(name, share_text(fresh), note, "good")
    return Tile(name, share_text(fresh), note, "bad", cure=Cure("SamehandFreshnessBudgetBurnsFast", _DOCTOR))


def _oldest(figures: Figures, history: History) -> Tile:
    age = figures.largest("samehand_consumer_lag_seconds")
    ages = history.ages(LATENCY_SECONDS)
    median, tail = quantile(0.5, ages), quantile(0.99, ages)
    note = f"to an outcome p50 {seconds_text(median)}, p99 {seconds_text(tail)}"
    state: State = "good" if age <= FRESH_SECONDS else "warn" if age <= OLD_SECONDS else "bad"
    chart = Spark(history.levels(lambda look: look.lag_seconds), "age of the oldest waiting record")
    cure = None if state == "good" else Cure("SamehandLagging", _DOCTOR)
    return Tile("Oldest waiting", seconds_text(age) if age else "none", note, state, chart, cure)


def _lag(history: History) -> Tile:
    trend = history.per_second(lambda look: look.lag_records)
    note = (
        "steady" if abs(trend) < 1 else f"{'grows' if trend > 0 else 'shrinks'} by {abs(trend):.0f} a second"
    )
    chart = Spark(history.levels(lambda look: look.lag_records), "records that wait")
    return Tile("Lag", count_text(history.now.lag_records), f"records; {note}", "plain", chart)


def _events(history: History) -> Tile:
    now = history.per_second(lambda look: look.events)
    chart = Spark(history.rates(lambda look: look.events), "events a second")
    return Tile(
        "Events a second",
        rate_text(now),
        f"{count_text(history.now.events)} since the start",
        "plain",
        chart,
    )


def _breaker(figures: Figures) -> Tile:
    value, state = _BREAKER[BreakerState(int(figures.largest("samehand_store_breaker_state")))]
    age = quantile(0.99, figures.buckets("samehand_store_seconds"))
    cure = None if state == "good" else Cure("SamehandBreakerOpen", _DOCTOR)
    return Tile("Store breaker", value, f"store p99 {seconds_text(age)} a batch", state, cure=cure)


def _unavailable(figures: Figures) -> Tile:
    blind, screened = (
        figures.total("samehand_signal_unavailable_total"),
        figures.total("samehand_candidates_count"),
    )
    part = min(1.0, blind / screened) if screened else 0.0
    note = "outcomes reached without a signal that the account brought"
    return Tile("Signal unavailable", share_text(part), note, "warn" if part > 0 else "good")


def _unjudged(figures: Figures) -> Tile:
    waiting = figures.largest("samehand_alerts_unjudged")
    oldest = figures.largest("samehand_alerts_unjudged_oldest_seconds")
    note = f"the oldest has waited {seconds_text(oldest)}" if waiting else "none waits for a person"
    return Tile("Alerts without a verdict", count_text(waiting), note)


def _topics(figures: Figures, history: History) -> list[dict[str, Any]]:
    lag = figures.by("topic", "samehand_consumer_lag_records")
    oldest = figures.by("topic", "samehand_consumer_lag_seconds", max)
    letters = figures.by("topic", "samehand_deadletters_total")

    def row(topic: str, events: float) -> dict[str, Any]:
        return {
            "topic": topic,
            "events": events,
            "per_second": history.per_second(lambda look: look.by_topic.get(topic, 0.0)),
            "lag": lag.get(topic, 0.0),
            "oldest": oldest.get(topic, 0.0),
            "letters": letters.get(topic, 0.0),
        }

    return [row(topic, events) for topic, events in sorted(history.now.by_topic.items())]


def _new_letters(figures: Figures, history: History) -> dict[str, float]:
    """Returns the dead letters of the last quarter of an hour by topic."""

    def rise(topic: str) -> float:
        return history.rise(lambda look: look.letters.get(topic, 0.0))

    return {topic: rise(topic) for topic in figures.by("topic", "samehand_deadletters_total")}


def _band(figures: Figures, band: str) -> dict[str, Any]:
    mirrors, others = (
        figures.total("samehand_verdicts_total", band=band, verdict=verdict)
        for verdict in ("mirror", "not_mirror")
    )
    alerts = [
        figures.total("samehand_alerts_total", band=band, direction=direction) for direction in DIRECTIONS
    ]
    return {"band": band, "alerts": alerts, "mirrors": mirrors, "decided": mirrors + others}


def thinned(values: Sequence[float]) -> list[float]:
    """At most `POINTS_MAX` values: the largest of each stretch, so that no peak is lost."""
    stretch = -(-len(values) // POINTS_MAX) or 1
    return [max(values[first : first + stretch]) for first in range(0, len(values), stretch)]
