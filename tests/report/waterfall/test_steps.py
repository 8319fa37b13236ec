"""Steps of a waterfall, and other explanations."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from report.waterfall.rivals import in_words, telling
from report.waterfall.steps import Scale, steps
from tests.desk.makers import a_reason, a_rival

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
