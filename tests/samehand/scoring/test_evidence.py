"""A score shows every line once, on the side it speaks for, the strongest first."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from samehand.scoring.evidence import Evidence, Score

lines = st.lists(
    st.builds(
        Evidence,
        signal=st.sampled_from(("handle", "name", "device")),
        weight=st.floats(-14.0, 22.0),
        level=st.just("same"),
        because=st.just("They are the same."),
    ),
    max_size=12,
).map(tuple)


def a_score(shown: tuple[Evidence, ...]) -> Score:
    return Score(prior=-9.0, lines=shown, log_odds=0.0, probability=0.5, band="possible")


@given(lines)
def test_every_line_speaks_either_for_or_against(shown: tuple[Evidence, ...]) -> None:
    one = a_score(shown)
    assert all(line.weight > 0 for line in one.evidence)
    assert all(line.weight <= 0 for line in one.counter_evidence)
    assert sorted(map(id, (*one.evidence, *one.counter_evidence))) == sorted(map(id, shown))


@given(lines)
def test_the_strongest_stand_first(shown: tuple[Evidence, ...]) -> None:
    one = a_score(shown)
    for side in (one.evidence, one.counter_evidence):
        strengths = [abs(line.weight) for line in side]
        assert strengths == sorted(strengths, reverse=True)
