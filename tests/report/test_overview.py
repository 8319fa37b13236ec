"""The overview: figures, their history, the page and what serves it."""

from __future__ import annotations

import asyncio
import hashlib
import math
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from importlib.resources import files

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given
from hypothesis import strategies as st

from report.overview import overview, pages
from report.overview.figures import Buckets, fresh_of, quantile, since
from report.overview.history import LOOK_SECONDS, LOOKS_MAX, History, Look, look_of
from report.overview.overview import HEIGHT, POINTS_MAX, WIDTH, Spark, thinned
from report.overview.pages import VIEWERS_MAX, Overview, event
from streams.clock import SystemClock
from streams.delivery.circuit_breaker import BreakerState
from streams.outcomes import Arrival, Dead
from streams.telemetry.lag import Lag
from streams.telemetry.metrics import Metrics
from tests.house import ROOT
from tests.report.makers import NOON, TOPIC, figures_of, settle, some_metrics
from tests.tables import for_each

# Reading metrics: sums, folds, and quantiles as Prometheus interpolates them.


def test_series_are_summed_over_the_labels_that_nobody_asked_for() -> None:
    metrics = some_metrics(TOPIC, "accounts.updated")
    settle(metrics, 3)
    settle(metrics, 2, topic="accounts.updated")
    metrics.outcome(Arrival(TOPIC, 0, 9, None, None, timestamp=NOON), Dead("not-json"), NOON)
    figures = figures_of(metrics)
    assert figures.total("samehand_events_total") == 6.0
    assert figures.total("samehand_events_total", topic=TOPIC) == 4.0
    assert figures.by("outcome", "samehand_events_total") == {"nothing": 5.0, "dead": 1.0, "published": 0.0}


def test_what_is_not_there_is_0_and_what_is_unknown_is_left_out() -> None:
    figures = figures_of(some_metrics())
    assert figures.total("samehand_nothing_of_the_kind") == 0.0
    assert figures.largest("samehand_precision_ratio") == 0.0, "nobody has judged: not a number"


def test_the_oldest_of_all_topics_is_the_largest() -> None:
    metrics = some_metrics(TOPIC, "accounts.banned")
    metrics.lags({(TOPIC, 0): Lag(3, NOON - 9), ("accounts.banned", 1): Lag(1, NOON - 40)}, NOON)
    figures = figures_of(metrics)
    assert figures.largest("samehand_consumer_lag_seconds") == 40.0
    assert figures.by("topic", "samehand_consumer_lag_seconds", max) == {TOPIC: 9.0, "accounts.banned": 40.0}


def test_five_seconds_are_fresh_and_what_takes_longer_is_not() -> None:
    metrics = some_metrics()
    settle(metrics, 99, age=5.0)
    settle(metrics, 1, age=5.001)
    assert fresh_of(figures_of(metrics).buckets("samehand_event_age_seconds")) == 99.0


TEN_BELOW_TWO: Buckets = ((1.0, 0.0), (2.0, 10.0), (4.0, 10.0), (math.inf, 10.0))


@for_each(("share", "expected"), [(0.5, 1.5), (0.9, 1.9), (1.0, 2.0)])
def test_a_quantile_lies_within_its_bucket(share: float, expected: float) -> None:
    assert quantile(share, TEN_BELOW_TWO) == pytest.approx(expected)


def test_beyond_the_last_edge_a_quantile_is_that_edge() -> None:
    assert quantile(0.99, ((1.0, 0.0), (math.inf, 5.0))) == 1.0


def test_without_observations_there_is_no_quantile() -> None:
    assert quantile(0.5, ()) is None
    assert quantile(0.5, ((1.0, 0.0), (math.inf, 0.0))) is None


@given(st.lists(st.floats(0, 100), min_size=1), st.floats(0, 1))
def test_a_quantile_lies_between_the_edges(values: list[float], share: float) -> None:
    edges = (0.5, 1.0, 5.0, 50.0, math.inf)
    buckets = tuple((edge, float(sum(value <= edge for value in values))) for edge in edges)
    found = quantile(share, buckets)
    assert found is not None
    assert 0.0 <= found <= 50.0


def test_what_came_between_two_looks() -> None:
    older: Buckets = ((1.0, 2.0), (math.inf, 3.0))
    assert since(((1.0, 5.0), (math.inf, 9.0)), older) == ((1.0, 3.0), (math.inf, 6.0))
    assert since(older, ()) == older


# Figures over time, drawn and written.


# Rates, freshness and the error budget from looks in a row.


def looks(metrics: Metrics, history: History, *events: int, age: float = 0.01) -> None:
    """A look every two seconds, before each of which so many events were settled."""
    for number, times in enumerate(events):
        settle(metrics, times, age=age)
        history.note(look_of(figures_of(metrics, NOON + LOOK_SECONDS * number)))


def test_before_the_first_look_nothing_is_known() -> None:
    history = History()
    assert history.now == Look()
    assert (history.seconds, history.per_second(lambda look: look.events)) == (0.0, 0.0)
    assert (history.freshness(), history.burn()) == (None, None)


def test_a_rate_is_taken_over_the_last_seconds() -> None:
    metrics, history = some_metrics(), History()
    looks(metrics, history, 0, 1000, 0, 0, 0, 0, 0, 20)
    assert history.per_second(lambda look: look.events) == pytest.approx(2.0), "20 in 10 s"
    assert history.rates(lambda look: look.events) == [500.0, 0.0, 0.0, 0.0, 0.0, 0.0, 10.0]
    assert history.now.by_topic == {TOPIC: 1020.0}


def test_the_budget_burns_once_for_each_slow_event_in_a_hundred() -> None:
    metrics, history = some_metrics(), History()
    looks(metrics, history, 0, 97)
    settle(metrics, 3, age=6.0)
    history.note(look_of(figures_of(metrics, NOON + 4)))
    assert history.freshness() == pytest.approx(0.97)
    assert history.burn() == pytest.approx(3.0)


def test_what_was_before_the_history_does_not_count() -> None:
    metrics, history = some_metrics(), History()
    settle(metrics, 50, age=60.0)
    looks(metrics, history, 0, 10)
    assert history.freshness() == 1.0


def test_it_is_bounded() -> None:
    history = History()
    for number in range(LOOKS_MAX + 10):
        history.note(Look(at=float(number), lag_records=float(number)))
    assert len(history.levels(lambda look: look.lag_records)) == LOOKS_MAX
    assert history.seconds == LOOKS_MAX - 1


# Line charts: within their frame, no peak lost.

VALUES = st.lists(st.floats(0, 1e9), min_size=2, max_size=1000)


@given(VALUES)
def test_a_line_stays_within_its_frame(values: list[float]) -> None:
    points = [tuple(map(float, pair.split(","))) for pair in Spark(values, "lag").points.split()]
    assert all(0 <= x <= WIDTH + 0.1 and 0 <= y <= HEIGHT for x, y in points)
    assert 2 <= len(points) <= POINTS_MAX


@given(VALUES)
def test_thinning_keeps_the_peak(values: list[float]) -> None:
    assert max(thinned(values)) == max(values)


def test_one_value_is_no_line() -> None:
    assert Spark([], "lag").points == Spark([1.0], "lag").points == ""


# Numbers as people read them.


@for_each(
    ("value", "shown"),
    [(None, "–"), (0.0042, "4 ms"), (4.96, "5.0 s"), (120, "2 min"), (7200, "2 h"), (864000, "10 days")],
)
def test_durations(value: float | None, shown: str) -> None:
    assert overview.seconds_text(value) == shown


@for_each(
    ("value", "shown"),
    [(None, "–"), (0.0, "0 %"), (0.004, "0.4 %"), (0.52, "52 %"), (0.9951, "99.51 %"), (1.0, "100 %")],
)
def test_shares(value: float | None, shown: str) -> None:
    assert overview.share_text(value) == shown


def test_what_is_not_all_is_never_shown_as_all() -> None:
    assert overview.share_text(0.999999) == "99.99 %"


def test_counts_rates_and_sizes() -> None:
    assert overview.count_text(1234567) == "1\u202f234\u202f567"
    assert (overview.rate_text(12.34), overview.rate_text(2500)) == ("12.3", "2\u202f500")
    assert (overview.size_text(512), overview.size_text(30 * 1024**2), overview.size_text(2**50)) == (
        "512 B",
        "30 MiB",
        "1024 TiB",
    )


# The overview: what an operator reads in each situation.


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


@for_each(
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
    assert "precision 75 % of 4 no verdict yet" in shown(metrics)


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


# The overview's addresses: served for real, to real connections.


Client = TestClient[web.Request, web.Application]


@dataclass
class Room:
    """A served overview, and the word that stops it."""

    metrics: Metrics = field(default_factory=some_metrics)
    stopping: bool = False
    unready: str = ""

    def __post_init__(self) -> None:
        self.overview = Overview(
            self.metrics.registry, SystemClock(), lambda: self.stopping, lambda: self.unready
        )


@pytest.fixture
def room() -> Room:
    return Room()


@pytest.fixture
async def client(room: Room) -> AsyncIterator[Client]:
    app = web.Application()
    room.overview.mount(app.router)
    async with TestClient(TestServer(app)) as opened:
        yield opened
        room.stopping = True


async def test_the_page_is_readable_without_any_script(room: Room, client: Client) -> None:
    settle(room.metrics, 1234)
    room.overview.look()
    answer = await client.get("/")
    assert answer.status == 200
    assert "1\u202f234 since the start" in await answer.text()


async def test_it_says_why_records_would_wait(room: Room, client: Client) -> None:
    room.unready = "store: Redis did not answer in time"
    room.metrics.ready.set(0)
    room.overview.look()
    assert "store: Redis did not answer in time" in await (await client.get("/")).text()


@pytest.mark.parametrize("path", ["/", "/overview/stream", "/static/htmx.min.js", "/static/overview.css"])
async def test_every_answer_forbids_all_but_our_own_files(client: Client, path: str) -> None:
    async with client.get(path) as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'; script-src 'self';")
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_the_stream_sends_what_changes(room: Room, client: Client) -> None:
    async with client.get("/overview/stream") as answer:
        assert answer.content_type == "text/event-stream"
        for events in (7, 8):
            settle(room.metrics, events)
            room.overview.look()
            assert await answer.content.readline() == b"event: overview\n"
            while (line := await answer.content.readline()) != b"\n":
                assert line.startswith(b"data: ")
                if b"since the start" in line:
                    shown = line.decode()
            assert re.search(rf"\b{7 if events == 7 else 15} since the start", shown)


async def test_a_stop_ends_every_stream_at_once(room: Room, client: Client) -> None:
    async with client.get("/overview/stream") as answer:
        room.overview.look()
        await answer.content.readline()
        room.stopping = True
        async with asyncio.timeout(20.0):
            await answer.content.read()


async def test_who_goes_gives_up_its_place(
    room: Room, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "VIEWERS_MAX", 1)
    async with client.get("/overview/stream") as answer:
        room.overview.look()
        await answer.content.readline()
        answer.close()
    async with asyncio.timeout(60.0):
        while (await client.get("/overview/stream")).status == 503:
            room.overview.look()
            await asyncio.sleep(0.05)
    room.stopping = True


async def test_who_vanished_without_a_word_gives_it_up_in_time(
    room: Room, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing tells the server: what it sends lies in buffers. Who is still there comes back by itself."""
    monkeypatch.setattr(pages, "STREAM_SECONDS", 0.5)
    async with client.get("/overview/stream") as answer:
        room.overview.look()
        async with asyncio.timeout(60.0):
            assert (await answer.content.read()).startswith(b"event: overview\n")


async def test_one_viewer_too_many_is_told_to_come_later(
    room: Room, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "VIEWERS_MAX", 2)
    assert VIEWERS_MAX > 2
    async with client.get("/overview/stream"), client.get("/overview/stream"):
        refused = await client.get("/overview/stream")
        assert refused.status == 503
        assert refused.headers["Retry-After"] == "30"
    room.stopping = True


async def test_looks_go_on_until_the_process_stops(room: Room) -> None:
    watching = asyncio.create_task(room.overview.watch())
    await asyncio.sleep(0)
    room.stopping = True
    async with asyncio.timeout(LOOK_SECONDS + 60.0):
        await watching


def test_each_line_of_an_event_is_marked() -> None:
    assert event("overview", "<p>\n</p>") == b"event: overview\ndata: <p>\ndata: </p>\n\n"


def test_files_of_others_are_unchanged() -> None:
    report = files("report")
    listed = re.findall(
        r"^\| `([\w.-]+)` .* `([0-9a-f]{64})` \|$", report.joinpath("vendored.md").read_text(), re.MULTILINE
    )
    assert len(listed) == 2
    for name, digest in listed:
        assert hashlib.sha256(report.joinpath("static", name).read_bytes()).hexdigest() == digest, name
