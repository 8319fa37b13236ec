"""What is kept of an account, where, and why: the data of the retention page and of the DPIA's."""

from __future__ import annotations

from desk.places import places
from desk.settings import load
from tests.house import ROOT


def test_periods_of_places_follow_the_settings() -> None:
    given = places(load({"SAMEHAND_REMEMBER_DAYS": "7", "SAMEHAND_DEDUP_DAYS": "9"}))
    assert given["remembered-account"].kept.startswith("7 days (`SAMEHAND_REMEMBER_DAYS`)")
    assert given["markers"].kept.startswith("9 days (`SAMEHAND_DEDUP_DAYS`)")
    assert given["letters"].kept == "7 days"


def test_periods_of_the_assessment_are_those_of_the_places() -> None:
    page = " ".join((ROOT / "docs" / "reference" / "dpia.md").read_text("utf-8").split())
    by_default = places(load({}))
    for words, kind in {
        "remembered accounts": "remembered-account",
        "alerts": "alerts",
        "quotes at the desk": "quotes",
        "verdicts": "verdicts",
        "dead letters": "letters",
    }.items():
        number, unit, *_ = by_default[kind].kept.split()
        assert f"{words} {number} {unit}" in page
    assert by_default["ban"].kept == "as long as the ban"
    assert "Bans as long as the ban" in page
