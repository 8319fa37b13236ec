"""An alert on a terminal: readable on 80 columns, harmless, coloured only where colours are wanted."""

from __future__ import annotations

import io

import pytest
from rich.console import Console, RenderableType

from report.waterfall import terminal
from schemas.accounts import Basis
from schemas.alerts import AlertSummary, Matched
from tests.desk.makers import a_reason, a_rival, an_alert
from tests.makers import NOON


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


@pytest.mark.parametrize("width", [80, 100])
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


@pytest.mark.parametrize(("probability", "said"), [(0.9999, "> 99 %"), (0.001, "< 1 %"), (0.5, "50 %")])
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
