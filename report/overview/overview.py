"""The overview as HTML: the whole page once, and the part of it that is sent again every two seconds.

Every value is a number or a name from the worker's own metrics, and is escaped all the same: topics have a
prefix and queues a name that people choose.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final, Literal

from report.overview import formatting
from report.overview.charts import spark
from report.overview.figures import Figures, quantile
from report.overview.history import OBJECTIVE, History, Look
from streams.delivery.circuit_breaker import BreakerState
from streams.telemetry.metrics import BANDS, DIRECTIONS, FRESH_SECONDS

State = Literal["good", "warn", "bad", "plain"]

LATENCY_SECONDS: Final = 60.0
"""Percentiles are taken over the last minute."""

OLD_SECONDS: Final = 60.0
"""A record that waits longer than a minute is old by an order of magnitude; `SamehandLagging` says so too."""

SIGNALS_SHOWN: Final = 8
_BREAKER: Final[dict[BreakerState, tuple[str, State]]] = {
    BreakerState.CLOSED: ("closed", "good"),
    BreakerState.HALF_OPEN: ("probing", "warn"),
    BreakerState.OPEN: ("open", "bad"),
}
_BETWEEN_WORDS: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_DOCTOR: Final = "samehand doctor"
_HTMX: Final = escape(
    '{"includeIndicatorStyles":false,"allowEval":false,"allowScriptTags":false,"selfRequestsOnly":true}'
)


RUNBOOKS: Final = "docs/runbooks"
"""Where they are in the repository, as the rules of Prometheus say it: a worker knows no address of it."""


@dataclass(frozen=True, slots=True)
class Cure:
    """What mends a figure that is not well: a command where one does, and the runbook, by its name."""

    runbook: str
    command: str = ""

    def html(self) -> str:
        """As a line below the figure."""
        command = f"<code>{_broken_at_dots(self.command)}</code>; " if self.command else ""
        name = _BETWEEN_WORDS.sub("<wbr>", escape(self.runbook))
        return f'<p class="cure">{command}runbook <code>{RUNBOOKS}/<wbr>{name}.md</code></p>'


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure with its name, what it means beside it, and whether it is well (in words and in colour)."""

    name: str
    value: str
    note: str
    state: State = "plain"
    chart: str = ""
    cure: Cure | None = None

    def html(self) -> str:
        """As a section of the page."""
        cure = self.cure.html() if self.cure is not None else ""
        return (
            f'<section class="tile {self.state}"><h2>{escape(self.name)}</h2>'
            f'<p class="value">{escape(self.value)}</p>'
            f'<p class="note">{escape(self.note)}</p>{cure}{self.chart}</section>'
        )


def page(figures: Figures, history: History) -> str:
    """The whole page."""
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="htmx-config" content="{_HTMX}">
<title>samehand: overview</title>
<noscript><meta http-equiv="refresh" content="5"></noscript>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/static/overview.css">
<script src="/static/htmx.min.js" defer></script>
<script src="/static/htmx-sse.min.js" defer></script>
</head>
<body hx-ext="sse">
<header><h1>samehand</h1><p>One worker, live. Dashboards over all workers are in Grafana;
<a href="/metrics">metrics</a> · <a href="/health/ready">health</a></p></header>
<main sse-connect="/overview/stream" sse-swap="overview">{body(figures, history)}</main>
<footer><p>Resemblance, not identity: a person decides.
This page shows no account and no personal value.</p></footer>
</body>
</html>
"""


def body(figures: Figures, history: History) -> str:
    """What changes."""
    return "".join(
        (
            f'<div class="tiles">{"".join(tile.html() for tile in tiles(figures, history))}</div>',
            '<div class="panels">',
            _topics(figures, history),
            _alerts(figures),
            _signals(figures),
            _store(figures),
            "</div>",
            _stamp(figures, history),
        )
    )


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
    stopped = [topic for topic, one in figures.by("topic", "samehand_topic_stopped").items() if one]
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
    span = formatting.seconds(history.seconds)
    name = f"Within {FRESH_SECONDS:.0f} s"
    if fresh is None or burn is None:
        return Tile(name, "–", f"no event in {span}; the objective is {OBJECTIVE:.0%}")
    note = f"of {span}; error budget burns at {burn:.1f} ×"
    if fresh >= OBJECTIVE:
        return Tile(name, formatting.share(fresh), note, "good")
    return Tile(
        name, formatting.share(fresh), note, "bad", cure=Cure("SamehandFreshnessBudgetBurnsFast", _DOCTOR)
    )


def _oldest(figures: Figures, history: History) -> Tile:
    age = figures.largest("samehand_consumer_lag_seconds")
    ages = history.ages(LATENCY_SECONDS)
    median, tail = quantile(0.5, ages), quantile(0.99, ages)
    note = f"to an outcome p50 {formatting.seconds(median)}, p99 {formatting.seconds(tail)}"
    state: State = "good" if age <= FRESH_SECONDS else "warn" if age <= OLD_SECONDS else "bad"
    chart = spark(history.levels(lambda look: look.lag_seconds), "age of the oldest waiting record")
    cure = None if state == "good" else Cure("SamehandLagging", _DOCTOR)
    return Tile("Oldest waiting", formatting.seconds(age) if age else "none", note, state, chart, cure)


def _lag(history: History) -> Tile:
    trend = history.per_second(lambda look: look.lag_records)
    note = (
        "steady" if abs(trend) < 1 else f"{'grows' if trend > 0 else 'shrinks'} by {abs(trend):.0f} a second"
    )
    chart = spark(history.levels(lambda look: look.lag_records), "records that wait")
    return Tile("Lag", formatting.count(history.now.lag_records), f"records; {note}", "plain", chart)


def _events(history: History) -> Tile:
    now = history.per_second(lambda look: look.events)
    chart = spark(history.rates(lambda look: look.events), "events a second")
    return Tile(
        "Events a second",
        formatting.rate(now),
        f"{formatting.count(history.now.events)} since the start",
        "plain",
        chart,
    )


def _breaker(figures: Figures) -> Tile:
    value, state = _BREAKER[BreakerState(int(figures.largest("samehand_store_breaker_state")))]
    age = quantile(0.99, figures.buckets("samehand_store_seconds"))
    cure = None if state == "good" else Cure("SamehandBreakerOpen", _DOCTOR)
    return Tile("Store breaker", value, f"store p99 {formatting.seconds(age)} a batch", state, cure=cure)


def _unavailable(figures: Figures) -> Tile:
    blind, screened = (
        figures.total("samehand_signal_unavailable_total"),
        figures.total("samehand_candidates_count"),
    )
    part = min(1.0, blind / screened) if screened else 0.0
    note = "outcomes reached without a signal that the account brought"
    return Tile("Signal unavailable", formatting.share(part), note, "warn" if part > 0 else "good")


def _unjudged(figures: Figures) -> Tile:
    waiting = figures.largest("samehand_alerts_unjudged")
    oldest = figures.largest("samehand_alerts_unjudged_oldest_seconds")
    note = f"the oldest has waited {formatting.seconds(oldest)}" if waiting else "none waits for a person"
    return Tile("Alerts without a verdict", formatting.count(waiting), note)


def _topics(figures: Figures, history: History) -> str:
    waits = figures.by("topic", "samehand_consumer_lag_records")
    ages = figures.by("topic", "samehand_consumer_lag_seconds", max)
    dead = figures.by("topic", "samehand_deadletters_total")
    lately = {topic: history.rise(_letters_of(topic)) for topic in dead}
    rows = (
        (
            Cell(topic),
            Cell(formatting.count(events)),
            Cell(formatting.rate(history.per_second(_events_of(topic)))),
            Cell(formatting.count(waits.get(topic, 0.0))),
            Cell(formatting.seconds(age) if (age := ages.get(topic, 0.0)) else "–"),
            Cell(formatting.count(dead.get(topic, 0.0)), "bad" if lately.get(topic) else "plain"),
        )
        for topic, events in sorted(history.now.by_topic.items())
    )
    table = _table(("topic", "events", "a second", "lag", "oldest", "dead letters"), rows, "topics")
    return _panel("Topics", f"{table}{_letters(lately, history)}")


def _letters(lately: Mapping[str, float], history: History) -> str:
    """What to do about dead letters of the last quarter of an hour; nothing where there are none."""
    rising = sorted((topic for topic, count in lately.items() if count), key=lambda topic: -lately[topic])
    if not rising:
        return ""
    count = sum(lately.values())
    letters = f"{formatting.count(count)} dead letter{'' if count == 1 else 's'}"
    told = f"{letters} in {formatting.seconds(history.seconds)}."
    cure = Cure("SamehandDeadLetters", f"samehand letters list --topic {rising[0]}")
    return f'<p class="bad"><strong>{escape(told)}</strong></p>{cure.html()}'


def _events_of(topic: str) -> Callable[[Look], float]:
    return lambda look: look.by_topic.get(topic, 0.0)


def _letters_of(topic: str) -> Callable[[Look], float]:
    return lambda look: look.letters.get(topic, 0.0)


def _alerts(figures: Figures) -> str:
    rows = (
        (
            Cell(band),
            *(
                Cell(formatting.count(figures.total("samehand_alerts_total", band=band, direction=way)))
                for way in DIRECTIONS
            ),
            Cell(_precision(figures, band)),
        )
        for band in BANDS
    )
    found = quantile(0.5, figures.buckets("samehand_time_to_detect_seconds"))
    repeats = formatting.count(figures.total("samehand_duplicates_suppressed_total"))
    soon = formatting.seconds(found)
    half = "None on a dated ban yet" if found is None else f"Half came within {soon} of the ban"
    note = f"{half}; {repeats} repeats were not published."
    table = _table(("band", *DIRECTIONS, "precision"), rows)
    return _panel("Match alerts", f"{table}<p>{escape(note)}</p>")


def _precision(figures: Figures, band: str) -> str:
    judged = {
        it: figures.total("samehand_verdicts_total", band=band, verdict=it) for it in ("mirror", "not_mirror")
    }
    decided = sum(judged.values())
    return (
        f"{formatting.share(judged['mirror'] / decided)} of {formatting.count(decided)}"
        if decided
        else "no verdict yet"
    )


def _signals(figures: Figures) -> str:
    fired = sorted(figures.by("signal", "samehand_signals_total").items(), key=lambda one: -one[1])
    shown = [(name, times) for name, times in fired if times][:SIGNALS_SHOWN]
    if not shown:
        return _panel("Signals that fire", "<p>No alert yet.</p>")
    top = shown[0][1]
    rows = "".join(
        f'<tr><th scope="row">{escape(name)}</th><td><meter max="{top:.0f}" value="{times:.0f}"'
        f' aria-label="{escape(name)}"></meter></td><td>{formatting.count(times)}</td></tr>'
        for name, times in shown
    )
    return _panel("Signals that fire", f"<table><tbody>{rows}</tbody></table>")


def _store(figures: Figures) -> str:
    used, limit = (
        figures.largest("samehand_store_memory_bytes"),
        figures.largest("samehand_store_memory_limit_bytes"),
    )
    memory = (
        f"{formatting.size(used)} of {formatting.size(limit)}"
        if limit
        else f"{formatting.size(used)}, no limit set"
    )
    candidates = figures.total("samehand_candidates_count")
    mean = figures.total("samehand_candidates_sum") / candidates if candidates else 0.0
    rows = (
        ("banned accounts", formatting.count(figures.largest("samehand_fingerprints"))),
        ("remembered accounts", formatting.count(figures.largest("samehand_remembered_accounts"))),
        ("forgotten early", formatting.count(figures.largest("samehand_remembered_evicted"))),
        ("memory", memory),
        ("candidates a look-up", f"{mean:.1f}"),
        (
            "ban to searchable, p99",
            formatting.seconds(quantile(0.99, figures.buckets("samehand_searchable_seconds"))),
        ),
    )
    return _panel("Store", _table((), ((Cell(name), Cell(value)) for name, value in rows)))


def _stamp(figures: Figures, history: History) -> str:
    builds = [dict(labels) for labels in figures.samples.get("samehand_build_info", {})]
    about = (
        ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in sorted(builds[0].items()))
        if builds
        else ""
    )
    span = escape(formatting.seconds(history.seconds))
    return f'<p class="stamp">{escape(about)}; looks of the last {span}</p>'


def _panel(name: str, inside: str) -> str:
    return f'<section class="panel"><h2>{escape(name)}</h2>{inside}</section>'


@dataclass(frozen=True, slots=True)
class Cell:
    """What stands in a table, and whether it is well."""

    text: str
    state: State = "plain"

    def html(self) -> str:
        """As the cell of a row."""
        coloured = f' class="{self.state}"' if self.state != "plain" else ""
        return f"<td{coloured}>{escape(self.text)}</td>"


def _table(heads: Sequence[str], rows: Iterable[Sequence[Cell]], kind: str = "") -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    lines = "".join(
        f'<tr><th scope="row">{_broken_at_dots(first.text)}</th>{"".join(cell.html() for cell in rest)}</tr>'
        for first, *rest in rows
    )
    opening = f'<table class="{kind}">' if kind else "<table>"
    return f"{opening}{f'<thead><tr>{head}</tr></thead>' if head else ''}<tbody>{lines}</tbody></table>"


def _broken_at_dots(name: str) -> str:
    """A topic's name that a narrow column breaks behind a dot, and nowhere else."""
    return escape(name).replace(".", ".<wbr>")
