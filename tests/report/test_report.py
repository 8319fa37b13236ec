"""Alerts, evidence and figures, drawn for people."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
import math
import re
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import date
from html.parser import HTMLParser
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError
from rich.console import Console, RenderableType

from report.dsa import FOLDER, PARTS, Annex
from report.overview import overview, pages
from report.overview.figures import Buckets, fresh_of, quantile, since
from report.overview.history import LOOK_SECONDS, LOOKS_MAX, History, Look, look_of
from report.overview.overview import HEIGHT, POINTS_MAX, WIDTH, Spark, thinned
from report.overview.pages import VIEWERS_MAX, Overview, event
from report.rendering import environment
from report.text import plural, visible, visible_sentence
from report.waterfall import terminal
from report.waterfall.rivals import in_words, telling
from report.waterfall.steps import Scale, steps
from report.waterfall.svg import described, svg
from schemas.accounts import Basis
from schemas.alerts import AlertSummary, Matched
from streams.clock import SystemClock
from streams.delivery.circuit_breaker import BreakerState
from streams.outcomes import Arrival, Dead
from streams.telemetry.lag import Lag
from streams.telemetry.metrics import Metrics
from tests.desk.makers import a_reason, a_rival, a_wave, an_alert
from tests.house import ROOT
from tests.makers import NOON
from tests.report.makers import NOON as NOON_SECONDS
from tests.report.makers import TOPIC, figures_of, settle, some_metrics
from tests.tables import for_each

# Words of people who deceive can be shown without harm.


@for_each(
    ("text", "shown"),
    [
        ("plain name", "plain name"),
        ("\x1b[31mred", "<U+001B>[31mred"),
        ("abc\u202egpj.exe", "abc<U+202E>gpj.exe"),
        ("a\u200bb", "a<U+200B>b"),
        ("two\nlines", "two<U+000A>lines"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("z\u0335\u0336\u0337\u0338\u0339", "z\u0335\u0336\u0337"),
        ("\ud800", "<U+D800>"),
    ],
)
def test_what_a_terminal_would_obey_is_written_out(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_of_a_sentence_the_isolates_of_quoted_words_stay_and_no_others() -> None:
    told = "They share “\u2068میڈیا\u2069”, not \u2068this\u2069 or “\u2068\u202ethat\u2069”."
    assert visible_sentence(told, 200) == (
        "They share “\u2068میڈیا\u2069”, not <U+2068>this<U+2069> or “<U+2068><U+202E>that<U+2069>”."
    )


def test_a_long_name_is_cut_with_a_sign_of_it() -> None:
    assert visible("a" * 200, 10) == "a" * 9 + "…"


@given(st.text(), st.integers(min_value=1, max_value=80))
def test_no_text_gets_a_control_onto_a_screen_or_out_of_its_width(text: str, width: int) -> None:
    shown = visible(text, width)
    assert len(shown) <= width
    assert not [one for one in shown if unicodedata.category(one) in {"Cc", "Cs", "Zl", "Zp"}]


def test_counts_are_said_as_people_say_them() -> None:
    assert [plural(1, "ban"), plural(0, "ban"), plural(12_000, "ban")] == ["1 ban", "0 bans", "12,000 bans"]


# Templates: values are escaped, an undefined name fails.


@pytest.mark.parametrize("name", ["page.html", "picture.svg"])
def test_value_with_markup_is_escaped_whatever_the_template_is_called(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("{{ text|shout }}")
    template = environment({"shout": str.upper}, tmp_path).get_template(name)
    assert template.render(text='<b>&"') == "&lt;B&gt;&amp;&#34;"


def test_undefined_name_fails(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text("{{ missing }}")
    with pytest.raises(UndefinedError, match="missing"):
        environment({}, tmp_path).get_template("page.html").render()


# The waterfall leads from the prior to the sum without a gap.

WEIGHTS = st.lists(st.floats(min_value=-14, max_value=14), max_size=12)


@given(st.floats(min_value=-20, max_value=0), WEIGHTS)
def test_each_bar_begins_where_the_last_ended_and_fits_the_scale(prior: float, weights: list[float]) -> None:
    lines = [a_reason(weight=weight) for weight in weights]
    total = prior + sum(weights)
    drawn = steps(prior, [it for it in lines if it.weight > 0], [it for it in lines if it.weight <= 0], total)
    for before, after in pairwise(drawn[:-1]):
        assert after.start == before.end
    assert drawn[-2].end == pytest.approx(drawn[-1].end)
    scale = Scale.over(drawn, 100.0)
    for step in drawn:
        left, width = scale.bar(step)
        assert left >= -1e-6
        assert left + width <= 100.0 + 1e-6


def test_a_step_says_for_or_against() -> None:
    drawn = steps(-7.0, [a_reason(weight=8)], [a_reason("platform", -1)], 0.0)
    assert [step.kind for step in drawn] == ["prior", "for", "against", "sum"]


def test_what_agrees_and_weighs_nothing_since_a_rival_explains_it_speaks_not_against() -> None:
    drawn = steps(-7.0, [a_reason("device", 0.0, explained=True)], [a_reason("platform", 0.0)], -7.0)
    assert [step.kind for step in drawn] == ["prior", "for", "against", "sum"]


# What else it could be, in words: the strongest first, and nothing that changes no decision.


def test_the_strongest_is_told_however_small_and_of_the_others_those_that_count() -> None:
    rivals = [a_rival("copier", 0.009), a_rival("stranger", 0.991), a_rival("namesake", 0.01)]
    assert [it.name for it in telling(rivals)] == ["stranger", "namesake"]
    assert [it.name for it in telling([a_rival("copier", 0.0)])] == ["copier"]


def test_no_share_is_called_certain() -> None:
    assert in_words([a_rival("former-holder", 1.0)]) == (
        "What else it could be: a number that changed hands > 99 %"
    )


def test_of_an_alert_without_rivals_nothing_is_said() -> None:
    assert in_words([]) == ""


def test_a_name_that_nobody_knows_is_harmless_to_show() -> None:
    assert "\x1b" not in in_words([a_rival("\x1b[31mred", 0.5)])


# The picture: well-formed, self-contained, told in words too.


SVG = "{http://www.w3.org/2000/svg}"


def picture(because: str = "The handles are the same.", title: str = "x:a beside x:b") -> ET.Element:
    drawn = steps(-7.0, [a_reason(because=because)], [], 1.0)
    return ET.fromstring(svg(title, drawn, "possible 73 %"))


def test_every_step_has_a_bar_and_its_weight() -> None:
    root = picture()
    bars = root.findall(f"{SVG}g/{SVG}rect")
    texts = [text.text for text in root.iter(f"{SVG}text")]
    assert len(bars) == 3
    assert {"-7.00", "+8.00", "+1.00"} <= set(texts)


def test_it_has_a_title_and_a_description_for_those_who_cannot_see_it() -> None:
    root = picture()
    title, desc = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
    assert title is not None
    assert title.text == "x:a beside x:b"
    assert desc is not None
    assert "handle +8.00: The handles are the same." in (desc.text or "")
    assert root.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"


def test_a_hostile_name_stays_text() -> None:
    root = picture(title="<script>alert(1)</script>\x00\u202e", because='"><image href="http://evil"/>')
    assert not [one for one in root.iter() if one.tag.endswith(("script", "image"))]
    assert "<U+0000><U+202E>" in "".join(root.itertext())


def test_quoted_word_of_a_sentence_stays_isolated() -> None:
    because = "The bio names “\u2068umar\u2069”."
    root = ET.fromstring(svg("t", steps(-7.0, [a_reason(because=because)], [], 1.0), "none"))
    assert because in [text.text for text in root.iter(f"{SVG}text")]


def test_nothing_is_loaded_from_elsewhere() -> None:
    text = svg("t", steps(0.0, [], [], 0.0), "none")
    assert "href" not in text
    assert text.count("http") == 1  # the name of the SVG namespace


def test_the_words_end_with_the_verdict() -> None:
    assert described(steps(-7.0, [], [], -7.0), "possible 73 %").endswith("possible 73 %")


def test_what_else_it_could_be_stands_below_the_bars_and_in_the_description() -> None:
    drawn = steps(-7.0, [a_reason()], [], 1.0)
    rivals = [a_rival(share=0.71), a_rival("stranger", 0.289), a_rival("copier", 0.001), a_rival("<b>", 0.02)]
    root = ET.fromstring(svg("t", drawn, "possible 73 %", rivals))
    texts = [text.text or "" for text in root.iter(f"{SVG}text")]
    assert texts[-4:] == [
        "What else could it be?",
        "a household 71 %: The sentence on household.",
        "chance 29 %: The sentence on stranger.",
        "<b> 2 %: The sentence on <b>.",
    ]
    assert "a household 71 %" in (root.findtext(f"{SVG}desc") or "")
    lowest = max(float(text.get("y", "0")) for text in root.iter(f"{SVG}text"))
    assert lowest < float(root.get("height", "0"))


def test_it_quotes_what_the_terminal_quotes() -> None:
    drawn = steps(
        -7.0,
        [a_reason(ours="umar", theirs="umar."), a_reason("name", ours="Umar Media", theirs="Umar Media")],
        [a_reason("timing", -1.0, ours="2026", theirs="2025")],
        1.0,
    )
    picture = svg("t", drawn, "possible 73 %")
    texts = [text.text for text in ET.fromstring(picture).iter(f"{SVG}text")]
    assert "umar ~ umar." in texts
    assert "Umar Media" in texts
    assert "2026" not in picture
    assert "handle +8.00: The handles are the same. (umar ~ umar.)" in described(drawn, "")


def test_no_line_of_it_stands_on_another() -> None:
    reasons = [a_reason(f"s{number}", ours="a", theirs="b" * (number % 2)) for number in range(6)]
    root = ET.fromstring(svg("t", steps(-7.0, reasons, [], 1.0), "none"))
    lines = [float(text.get("y", "0")) for text in root.iter(f"{SVG}text") if text.get("x") != "752"]
    assert all(after - before >= 14 for before, after in pairwise(lines))
    assert float(root.get("height", "0")) > lines[-1]


# An alert on a terminal: readable on 80 columns, harmless, coloured only where colours are wanted.


def drawn(what: RenderableType, *, width: int = 80, colours: bool = False) -> str:
    out = io.StringIO()
    screen = Console(file=out, width=width, force_terminal=colours, markup=False, color_system=None)
    if colours:
        screen = Console(file=out, width=width, force_terminal=True, color_system="standard")
    screen.print(what)
    return out.getvalue()


def test_an_alert_says_who_how_much_and_why() -> None:
    told = drawn(
        terminal.alert(
            an_alert(
                a_reason(because="The handles are the same.", ours="umar", theirs="umar."),
                a_reason("platform", -1.0, because="They are on different platforms."),
                seconds_since_ban=180.0,
                queue="extremism",
            )
        )
    )
    assert "likely 93 %  x:new resembles banned x:banned" in told
    assert "3 minutes after the ban" in told
    assert "umar ~ umar." in told
    assert "different platforms" in told
    assert [line.split()[0] for line in told.splitlines() if line[:1] in "+-"] == [
        "-7.0",
        "+8.0",
        "-1.0",
        "+0.0",
    ]


def test_an_alert_says_in_one_line_what_else_it_could_be() -> None:
    shares = {"household": 0.71, "stranger": 0.2, "newer": 0.09, "copier": 0.0}
    told = drawn(terminal.alert(an_alert(rivals=tuple(a_rival(*each) for each in shares.items()))))
    assert told.splitlines()[-1] == "What else it could be: a household 71 %, chance 20 %, newer 9 %"
    assert "What else" not in drawn(terminal.alert(an_alert()))


def test_a_listed_organisation_is_named_with_who_lists_it_and_where() -> None:
    listed = Matched(
        platform="watchlist",
        account_id="US:12345:0a1b2c3d4e",
        policy="watchlist",
        basis=Basis(authority="US", reference="12345"),
    )
    reasons = [a_reason("name", ours="Northern Valley Front", theirs="Northern Valley Front (NVF)")]
    told = drawn(terminal.alert(an_alert(*reasons, matched=listed, queue="watchlist")), width=120)
    assert "x:new is named like Northern Valley Front (NVF), listed by US as 12345" in told
    assert "banned" not in told
    unquoted = drawn(terminal.alert(an_alert(matched=listed)), width=120)
    assert "is named like US:12345:0a1b2c3d4e, listed by US" in unquoted


@for_each("width", [80, 100])
def test_no_line_is_wider_than_the_screen(width: int) -> None:
    reasons = [a_reason(because="long words " * 30, ours="o" * 300, theirs="t" * 300)]
    assert max(map(len, drawn(terminal.alert(an_alert(*reasons)), width=width).splitlines())) <= width


def test_a_name_is_neither_markup_nor_a_command_to_the_terminal() -> None:
    told = drawn(terminal.alert(an_alert(a_reason(ours="[bold]\x1b]0;owned\x07", theirs="plain"))))
    assert "[bold]<U+001B>]0;owned<U+0007>" in told
    assert "\x1b" not in told


def test_colours_are_for_terminals() -> None:
    alert = terminal.alert(an_alert())
    assert "\x1b[" in drawn(alert, colours=True)
    assert "\x1b[" not in drawn(alert)


@for_each(("probability", "said"), [(0.9999, "> 99 %"), (0.001, "< 1 %"), (0.5, "50 %")])
def test_no_resemblance_is_certain(probability: float, said: str) -> None:
    assert terminal.band_and_probability("possible", probability).plain == f"possible {said}"


def test_a_withdrawn_alert_says_so() -> None:
    assert "withdrawn" in drawn(terminal.alert(an_alert(status="withdrawn", revision=2)))
    banned = an_alert(status="withdrawn", revision=2, withdrawn_reason="account-banned")
    assert "account-banned" in drawn(terminal.alert(banned))


def test_what_look_back_kept_back_is_one_line() -> None:
    record = AlertSummary(
        alert_id="s",
        revision=1,
        status="open",
        matched=Matched(platform="x", account_id="banned"),
        published=50,
        withheld_likely=1,
        withheld_possible=2,
        detected_at=NOON,
    )
    assert "3 more remembered accounts resemble x:banned; the best 50" in drawn(terminal.summary(record))


def test_in_few_columns_each_sentence_stands_whole_below_its_number() -> None:
    told = drawn(
        terminal.alert(an_alert(a_reason(because="The handles are the same.", ours="umar", theirs="umar."))),
        width=40,
    )
    assert max(map(len, told.splitlines())) <= 40
    assert "+8.0 handle\n    The handles are the same.  umar ~" in told
    assert "█" not in told


def test_wave_says_how_many_accounts_which_and_what_they_share() -> None:
    told = " ".join(drawn(terminal.wave(a_wave(*"abcdefg", handle_pattern="nicole_*\x1b"))).split())
    assert told == (
        "wave of 7 new accounts resemble each other: x:a, x:b, x:c, x:d, x:e and 2 more. "
        "In common: contact (shared) 7, handles nicole_*<U+001B>."
    )
    ended = a_wave(status="withdrawn", withdrawn_reason="verdict")
    assert drawn(terminal.wave(ended)) == "A wave of new accounts is withdrawn: verdict.\n"


# Reading metrics: sums, folds, and quantiles as Prometheus interpolates them.


def test_series_are_summed_over_the_labels_that_nobody_asked_for() -> None:
    metrics = some_metrics(TOPIC, "accounts.updated")
    settle(metrics, 3)
    settle(metrics, 2, topic="accounts.updated")
    metrics.outcome(Arrival(TOPIC, 0, 9, None, None, timestamp=NOON_SECONDS), Dead("not-json"), NOON_SECONDS)
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
    metrics.lags(
        {(TOPIC, 0): Lag(3, NOON_SECONDS - 9), ("accounts.banned", 1): Lag(1, NOON_SECONDS - 40)},
        NOON_SECONDS,
    )
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


# Rates, freshness and the error budget from looks in a row.


def looks(metrics: Metrics, history: History, *events: int, age: float = 0.01) -> None:
    """A look every two seconds, before each of which so many events were settled."""
    for number, times in enumerate(events):
        settle(metrics, times, age=age)
        history.note(look_of(figures_of(metrics, NOON_SECONDS + LOOK_SECONDS * number)))


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
    history.note(look_of(figures_of(metrics, NOON_SECONDS + 4)))
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
        history.note(look_of(figures_of(metrics, NOON_SECONDS + 2 * number)))
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
    metrics.lags({(TOPIC, 0): Lag(1050, NOON_SECONDS - 90)}, NOON_SECONDS)
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
    metrics.lags({(TOPIC, 0): Lag(1050, NOON_SECONDS - 90)}, NOON_SECONDS)
    settle(metrics, 10, age=90.0)
    return metrics


def test_what_is_red_names_what_mends_it_and_its_runbook() -> None:
    metrics, history = everything_wrong(), History()
    history.note(look_of(figures_of(some_metrics(), NOON_SECONDS - 60)))
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
    history.note(look_of(figures_of(metrics, NOON_SECONDS - 60)))
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
        history.note(look_of(figures_of(metrics, NOON_SECONDS + 2 * number)))
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


# The eleven files of the transparency report have the regulation's form.


ANNEX = ("Example, Ltd", date(2026, 1, 1), date(2026, 12, 31))


def rows_of(files: dict[str, bytes], part: int) -> list[list[str]]:
    return list(csv.reader(io.StringIO(files[f"{PARTS[part]}.csv"].decode(), newline=""), strict=True))


def test_files_keep_headers_byte_for_byte_and_end_lines_as_rfc_4180_does() -> None:
    files = Annex(*ANNEX).files()
    assert len(files) == 11
    for name, content in files.items():
        template = (FOLDER / name).read_bytes()
        assert content.split(b"\r\n")[0] == template.split(b"\n")[0]
        assert content.count(b"\n") == content.count(b"\r\n")
        assert b"YYYY" not in content
        rows = list(csv.reader(io.StringIO(content.decode(), newline=""), strict=True))
        assert len({len(row) for row in rows}) == 1


def test_value_stands_in_its_cell_alone_and_the_rest_is_listed_as_empty() -> None:
    annex = Annex(*ANNEX)
    empty = Annex(*ANNEX).empty()
    security = ("STATEMENT_CATEGORY_RISK_FOR_PUBLIC_SECURITY", "KEYWORD_TERRORIST_CONTENT")
    annex.put(5, security, "Account restriction Suspension", 7)
    annex.put(8, ("Accuracy of the automated means - Recall", "Own-initiative "), "Value", 0.93751)
    files = annex.files()
    [row] = [row for row in rows_of(files, 5) if "7" in row]
    assert row[1:4] == ["Example, Ltd", "2026-01-01/2026-12-31", "KEYWORD_TERRORIST_CONTENT"]
    [row] = [row for row in rows_of(files, 8) if "0.9375" in row]
    assert row[5] == "Own-initiative "
    assert "Account restriction Suspension" in empty[PARTS[5]]
    assert "Account restriction Suspension" not in annex.empty()[PARTS[5]]
    assert annex.empty()[PARTS[3]] == empty[PARTS[3]]


@pytest.mark.parametrize(
    ("value", "written"), [(0.93751, "0.9375"), (12_345.5, "12345.5"), (100.0, "100"), (0.00001, "0")]
)
def test_number_has_no_exponent(value: float, written: str) -> None:
    annex = Annex(*ANNEX)
    annex.put(8, ("Accuracy of the automated means - Recall", "Own-initiative "), "Value", value)
    assert [row[6] for row in rows_of(annex.files(), 8)[1:] if row[6]] == [written]


def test_row_that_the_regulation_lacks_is_refused() -> None:
    with pytest.raises(KeyError, match="Part_5"):
        Annex(*ANNEX).put(5, ("STATEMENT_CATEGORY_WEATHER",), "Account restriction Suspension", 1)
