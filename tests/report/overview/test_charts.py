"""Small pictures: within their frame, no peak lost, nothing a strict policy refuses."""

from __future__ import annotations

from xml.etree import ElementTree

from hypothesis import given
from hypothesis import strategies as st

from report.overview.charts import HEIGHT, POINTS_MAX, WIDTH, spark, thinned

VALUES = st.lists(st.floats(0, 1e9), min_size=2, max_size=1000)


@given(VALUES)
def test_a_line_stays_within_its_frame(values: list[float]) -> None:
    root = ElementTree.fromstring(spark(values, "lag"))
    points = [tuple(map(float, pair.split(","))) for pair in root[0].attrib["points"].split()]
    assert all(0 <= x <= WIDTH + 0.1 and 0 <= y <= HEIGHT for x, y in points)
    assert len(points) <= POINTS_MAX


@given(VALUES)
def test_thinning_keeps_the_peak(values: list[float]) -> None:
    assert max(thinned(values)) == max(values)


def test_one_value_is_no_line() -> None:
    assert spark([], "lag") == spark([1.0], "lag") == ""


def test_it_says_in_words_what_it_shows_and_carries_no_style() -> None:
    shown = spark([0.0, 1.0], 'lag "now" <b>')
    assert ElementTree.fromstring(shown).attrib["aria-label"] == 'lag "now" <b>'
    assert "style" not in shown
