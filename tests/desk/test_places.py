"""What is kept of an account, where, and why: the data of the retention page and of the DPIA's."""

from __future__ import annotations

from desk.places import places
from desk.settings import load


def test_periods_of_places_follow_the_settings() -> None:
    given = places(load({"SAMEHAND_REMEMBER_DAYS": "7", "SAMEHAND_DEDUP_DAYS": "9"}))
    assert given["remembered-account"].kept.startswith("7 days (`SAMEHAND_REMEMBER_DAYS`)")
    assert given["markers"].kept.startswith("9 days (`SAMEHAND_DEDUP_DAYS`)")
    assert given["letters"].kept == "7 days"
