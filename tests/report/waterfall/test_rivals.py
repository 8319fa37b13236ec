"""What else it could be, in words: the strongest first, and nothing that changes no decision."""

from __future__ import annotations

from report.waterfall.rivals import in_words, telling
from tests.desk.makers import a_rival


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
