"""The overview: what an operator reads in each situation."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from report.overview import overview
from report.overview.history import History, look_of
from streams.delivery.circuit_breaker import BreakerState
from streams.telemetry.lag import Lag
from streams.telemetry.metrics import Metrics
from tests.house import ROOT
from tests.report.overview.makers import NOON, TOPIC, figures_of, settle, some_metrics


class Words(HTMLParser):
    """The text of a page, and whether every element that was opened was closed."""

    VOID = frozenset({"meta", "link", "polyline"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.VOID:
            return
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data.strip())


def read(html: str) -> str:
    words = Words()
    words.feed(html.replace("<wbr>", ""))  # which part no words
    assert not words.open, f"never closed: {words.open}"
    return " ".join(part for part in words.text if part)


def shown(metrics: Metrics, looks: int = 1) -> str:
    history = History()
    for number in range(looks):
        history.note(look_of(figures_of(metrics, NOON + 2 * number)))
    return read(overview.body(figures_of(metrics), history))


def tile(metrics: Metrics, name: str) -> overview.Tile:
    history = History()
    history.note(look_of(figures_of(metrics)))
    return next(it for it in overview.tiles(figures_of(metrics), history) if it.name == name)


def test_the_first_row_is_that_of_the_dashboard() -> None:
    metrics = some_metrics()
    history = History()
    assert [it.name for it in overview.tiles(figures_of(metrics), history)] == [
        "Ready",
        "Within 5 s",
        "Oldest waiting",
        "Lag",
        "Events a second",
        "Store breaker",
        "Signal unavailable",
        "Alerts without a verdict",
    ]


def test_a_worker_that_has_seen_nothing_says_so_in_words() -> None:
    text = shown(some_metrics())
    assert "no event in 0 ms; the objective is 99%" in text
    assert "no verdict yet" in text
    assert "No alert yet." in text


def test_an_old_record_is_told_with_its_topic() -> None:
    metrics = some_metrics()
    metrics.lags({(TOPIC, 0): Lag(1050, NOON - 90)}, NOON)
    assert tile(metrics, "Oldest waiting").value == "2 min"
    assert tile(metrics, "Oldest waiting").state == "bad"
    assert f"{TOPIC} 0 0.0 1\u202f050 2 min 0" in shown(metrics)


@pytest.mark.parametrize(
    ("state", "value", "colour"),
    [
        (BreakerState.CLOSED, "closed", "good"),
        (BreakerState.HALF_OPEN, "probing", "warn"),
        (BreakerState.OPEN, "open", "bad"),
    ],
)
def test_the_breaker_is_told_in_words(state: BreakerState, value: str, colour: str) -> None:
    metrics = some_metrics()
    metrics.breaker(state)
    assert (tile(metrics, "Store breaker").value, tile(metrics, "Store breaker").state) == (value, colour)


def test_a_stopped_topic_is_named_before_anything_else() -> None:
    metrics = some_metrics()
    metrics.ready.set(0)
    metrics.topic_stopped.labels(TOPIC).set(1)
    cure = overview.Cure("SamehandTopicStopped", f"samehand letters resume {TOPIC}")
    assert tile(metrics, "Ready") == overview.Tile(
        "Ready", "stopped", f"too many dead letters: {TOPIC}", "bad", cure=cure
    )


def everything_wrong() -> Metrics:
    """A worker of which nothing is well."""
    metrics = some_metrics()
    metrics.ready.set(0)
    metrics.breaker(BreakerState.OPEN)
    metrics.lags({(TOPIC, 0): Lag(1050, NOON - 90)}, NOON)
    settle(metrics, 10, age=90.0)
    return metrics


def test_what_is_red_names_what_mends_it_and_its_runbook() -> None:
    metrics, history = everything_wrong(), History()
    history.note(look_of(figures_of(some_metrics(), NOON - 60)))
    history.note(look_of(figures_of(metrics)))
    red = [tile for tile in overview.tiles(figures_of(metrics), history) if tile.state == "bad"]
    assert [tile.name for tile in red] == ["Ready", "Within 5 s", "Oldest waiting", "Store breaker"]
    text = read(overview.body(figures_of(metrics), history))
    for tile in red:
        assert tile.cure is not None
        assert tile.cure.command.startswith("samehand ")
        assert (ROOT / overview.RUNBOOKS / f"{tile.cure.runbook}.md").is_file()
        assert f"{tile.cure.command} ; runbook docs/runbooks/{tile.cure.runbook}.md" in text
    well = overview.tiles(figures_of(some_metrics()), History())
    assert [it.cure for it in well if it.state == "good"] == [None] * 3


def test_dead_letters_are_red_while_they_come_and_told_with_their_command() -> None:
    metrics, history = some_metrics(), History()
    metrics.deadletters.labels(TOPIC, "not-json").inc(5)
    history.note(look_of(figures_of(metrics, NOON - 60)))
    old = overview.body(figures_of(metrics), history)
    assert '<td class="bad">' not in old, "what was there before the first look is no news"
    metrics.deadletters.labels(TOPIC, "not-json").inc(2)
    history.note(look_of(figures_of(metrics)))
    html = overview.body(figures_of(metrics), history)
    assert '<td class="bad">7</td>' in html
    text = read(html)
    assert "2 dead letters in 1 min." in text
    assert f"samehand letters list --topic {TOPIC}" in text
    assert (ROOT / "docs/runbooks/SamehandDeadLetters.md").is_file()
    expected = overview.body(replace(figures_of(metrics), letters_expected=True), history)
    assert '<td class="bad">' not in expected
    assert "2 dead letters in 1 min. Broken records are expected here" in read(expected)


def test_a_topic_may_break_behind_its_dots_alone() -> None:
    metrics, history = some_metrics(), History()
    settle(metrics, 1)
    history.note(look_of(figures_of(metrics)))
    assert "accounts.<wbr>created</th>" in overview.body(figures_of(metrics), history)


def test_how_soon_is_told_once_there_is_an_alert_on_a_ban_with_a_date() -> None:
    metrics = some_metrics()
    assert "None on a dated ban yet; 0 repeats" in shown(metrics)
    metrics.alert("likely", "forward", "safety", seconds_since_ban=600.0)
    assert "Half came within 10 min of the ban" in shown(metrics)


def test_precision_counts_what_was_decided() -> None:
    metrics = some_metrics()
    for verdict in ("mirror", "mirror", "mirror", "not_mirror", "unsure"):
        metrics.verdict(verdict, "likely", "latin")
    assert "likely 0 0 0 75 % of 4" in shown(metrics)


def test_signals_that_fire_come_strongest_first() -> None:
    metrics = some_metrics()
    for _ in range(3):
        metrics.fired(["timing"])
    metrics.fired(["handle"])
    assert re.search(r"timing 3 handle 1", shown(metrics))


def test_a_name_that_people_chose_is_only_ever_text() -> None:
    metrics = some_metrics('<script src="x">')
    settle(metrics, 1, topic='<script src="x">')
    assert '<script src="x">' in shown(metrics)


def test_the_whole_page_is_sound_and_carries_nothing_that_its_policy_refuses() -> None:
    metrics, history = some_metrics(), History()
    settle(metrics, 3)
    for number in range(3):
        history.note(look_of(figures_of(metrics, NOON + 2 * number)))
    html = overview.page(figures_of(metrics), history)
    assert read(html).startswith("samehand: overview")
    labels = re.findall(r'<svg [^>]*aria-label="([^"]+)"><polyline points="[^"]+"/>', html)
    assert labels == ["age of the oldest waiting record", "records that wait", "events a second"]
    assert " style=" not in html
    assert not re.search(r"<script(?![^>]* src=)", html)
    assert not re.search(r"(?:src|href)=\"(?!/|data:,)", html), "nothing from elsewhere"
