"""What templates call."""

from __future__ import annotations

import pytest

from desk.web.environment import percent


@pytest.mark.parametrize(
    ("probability", "told"),
    [(1.0, "> 99.9 %"), (0.99996, "> 99.9 %"), (0.93, "93.0 %"), (0.0004, "< 0.1 %"), (0.0, "< 0.1 %")],
)
def test_a_probability_is_never_told_as_certain(probability: float, told: str) -> None:
    assert percent(probability) == told
