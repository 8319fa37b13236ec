"""The bench of distilling: every part is timed, and the parts add up."""

from __future__ import annotations

import pytest

from bench import distilling
from samehand.signals import SIGNALS


def test_every_part_is_timed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(distilling, "collect_seldom", lambda: None)
    found = distilling.measured(20)
    assert set(found) == {"read", "words to quote", "stratum", *(signal.name for signal in SIGNALS)}
    assert min(found.values()) > 0


def test_shares_are_of_all_parts() -> None:
    told = distilling.table({"bio": 30.0, "email": 10.0})
    assert "| bio | 30.0 | 75.0% |" in told
    assert "| all | 40 | |" in told
