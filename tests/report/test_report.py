"""Alerts, evidence and figures, drawn for people."""

from __future__ import annotations

import hashlib
import io
import re
import unicodedata
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError
from prometheus_client import CollectorRegistry
from rich.console import Console, RenderableType

from report import worker_page
from report.rendering import environment
from report.text import plural, visible, visible_sentence
from report.waterfall import terminal
from report.waterfall.steps import Scale, steps
from report.waterfall.words import if_not, in_words
from schemas.accounts import Basis
from schemas.alerts import AlertSummary, Matched
from streams.outcomes import NOTHING, Arrival, Dead, Outcome
from streams.telemetry.lag import Lag
from streams.telemetry.metrics import Metrics
from tests.desk.makers import a_reason, a_rival, a_wave, an_alert
from tests.makers import NOON
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


def test_what_agrees_and_weighs_nothing_since_a_rival_explains_it_speaks_not_against() -> None:
    drawn = steps(-7.0, [a_reason("device", 0.0, explained=True)], [a_reason("platform", 0.0)], -7.0)
    assert [step.kind for step in drawn] == ["prior", "for", "against", "sum"]


# What an alert says in words: what speaks for it, what against, and what else it could be.


def test_a_reason_stands_with_what_it_would_explain_and_without_a_number() -> None:
    told = if_not([a_rival("household", 2.4, "device", "network"), a_rival("newer", 0.3)])
    household = "then most likely a household, which would explain device, network"
    assert told == f"{household}; or newer (all already counted)"
    told = if_not([a_rival("household", 2.4, "device", "network")], ["device", "email", "phone"])
    assert told == f"{household}, but not e-mail, phone (already counted)"
    assert if_not([]) == ""


def test_a_name_that_nobody_knows_is_harmless_to_show() -> None:
    assert "\x1b" not in if_not([a_rival("\x1b[31mred", 0.5, "\x1b[31m")])


def test_each_signal_is_said_once_with_its_crowd_and_stands_where_its_sum_puts_it() -> None:
    said = in_words(
        an_alert(
            a_reason("bio", 9.0, because="The texts are the same."),
            a_reason("bio", -7.5, level="shared-by-many", because="About 300 accounts show it."),
            a_reason("device", 8.0, because="The device is the same."),
            a_reason("timing", 4.0, because="Soon after."),
            a_reason("email", -0.5, because="Other mailboxes."),
            a_reason("handle", 0.1, because="A run of letters."),
            a_reason("rivals", -2.0, level="household", because="A household."),
            a_reason("ceiling", -1.0, because="Possible at most."),
            rivals=(a_rival("household", 2.0, "device"),),
        )
    )
    assert said.strong == ("The device is the same.",)
    assert said.weak == ("The texts are the same. About 300 accounts show it.",)
    assert said.against == ("Other mailboxes.",)
    assert said.held == ("Possible at most.",)
    assert said.check == "Do both write in the same words, or do two people answer each other?"
    assert said.if_not == "then most likely a household, which would explain device (already counted)"


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
            ),
            numbers=True,
        )
    )
    assert "likely  umar (x:new) resembles banned umar. (x:banned)" in told
    assert "That is 93 %, calibrated." in told
    assert "3 minutes after the\nban" in told
    assert "umar ~ umar." in told
    assert "different platforms" in told
    assert [line.split()[0] for line in told.splitlines() if line[:1] in "+-"] == [
        "-7.0",
        "+8.0",
        "-1.0",
        "+0.0",
    ]


def test_an_alert_says_in_words_what_else_it_could_be_and_no_number_unless_asked() -> None:
    alert = an_alert(a_reason("device", 8.0), rivals=(a_rival("household", 0.71, "device"),))
    told = drawn(terminal.alert(alert))
    assert "If not then most likely a household, which would explain device" in " ".join(told.split())
    assert not re.search(r"[-+][0-9]|%", told)
    assert "If not" not in drawn(terminal.alert(an_alert()))


def test_a_listed_organisation_is_named_with_who_lists_it_and_where() -> None:
    listed = Matched(
        platform="watchlist",
        account_id="US:12345:0a1b2c3d4e",
        policy="watchlist",
        basis=Basis(authority="US", reference="12345"),
    )
    reasons = [a_reason("name", ours="Northern Valley Front", theirs="Northern Valley Front (NVF)")]
    told = drawn(terminal.alert(an_alert(*reasons, matched=listed, queue="watchlist")), width=120)
    assert "Northern Valley Front (x:new) is named like Northern Valley Front (NVF), listed by US" in told
    assert "banned" not in told
    unquoted = drawn(terminal.alert(an_alert(matched=listed)), width=120)
    assert "is named like US:12345:0a1b2c3d4e, listed by US" in unquoted


@for_each("width", [80, 100])
def test_no_line_is_wider_than_the_screen(width: int) -> None:
    reasons = [a_reason(because="long words " * 30, ours="o" * 300, theirs="t" * 300)]
    assert max(map(len, drawn(terminal.alert(an_alert(*reasons)), width=width).splitlines())) <= width


def test_colours_are_for_terminals() -> None:
    alert = terminal.alert(an_alert())
    assert "\x1b[" in drawn(alert, colours=True)
    assert "\x1b[" not in drawn(alert)


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
        terminal.alert(
            an_alert(a_reason(because="The handles are the same.", ours="umar", theirs="umar.")), numbers=True
        ),
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


# The page of a worker: what a person reads in each situation.

TOPIC = "accounts.created"
NOON_SECONDS = NOON.timestamp()


def some_metrics(*topics: str) -> Metrics:
    """Meters of a worker that has done nothing yet."""
    return Metrics(CollectorRegistry(), topics=topics or (TOPIC,), reasons=["not-json"])


def test_page_of_ready_worker_says_so_and_counts_events_and_dead_letters_by_topic() -> None:
    metrics = some_metrics(TOPIC, "accounts.updated")
    outcomes: tuple[Outcome, ...] = (NOTHING, NOTHING, NOTHING, Dead("not-json"))
    for offset, outcome in enumerate(outcomes):
        arrival = Arrival(TOPIC, 0, offset, None, None, timestamp=NOON_SECONDS)
        metrics.outcome(arrival, outcome, NOON_SECONDS)
    html = worker_page.page(metrics.registry, "")
    assert "Ready: records that arrive now are decided." in html
    assert f'<th scope="row">{TOPIC}</th><td>4</td><td>0.0</td><td>1</td>' in html


def test_page_names_why_records_would_wait_and_how_long_the_oldest_does() -> None:
    metrics = some_metrics()
    metrics.lags({(TOPIC, 0): Lag(7, NOON_SECONDS - 900)}, NOON_SECONDS)
    html = worker_page.page(metrics.registry, "store: Redis cannot be reached: <ConnectionError>")
    assert "Not ready: store: Redis cannot be reached: &lt;ConnectionError&gt;" in html
    assert "Oldest waiting record: 900.0 s" in html


def test_files_of_others_are_unchanged() -> None:
    report = files("report")
    listed = re.findall(
        r"^\| `([\w.-]+)` .* `([0-9a-f]{64})` \|$", report.joinpath("vendored.md").read_text(), re.MULTILINE
    )
    assert len(listed) == 1
    for name, digest in listed:
        assert hashlib.sha256(report.joinpath("static", name).read_bytes()).hexdigest() == digest, name
