"""Names are drawn as people bear them, in every language, and a namesake is measured with nothing else."""

from __future__ import annotations

from collections import Counter

import pytest

from bench.real.namesakes import DRAWN, Bearers, namesakes, read_bearers
from samehand.normalize.text.scripts import Script, dominant_script
from simulate.sampling import seeded

LANGUAGES = {"ur", "ps", "sd", "bal", "pa", "fa", "ar", "hi", "bn", "tr", "ru", "so", "ha", "sw", "id"}


def test_every_language_has_given_and_family_names() -> None:
    names = read_bearers()
    assert {language for language, _, _ in names} == LANGUAGES
    for language in LANGUAGES:
        assert (language, "given", "latin") in names
        assert (language, "family", "latin") in names


@pytest.mark.parametrize(
    ("language", "script"), [("ur", Script.ARABIC), ("hi", Script.DEVANAGARI), ("ru", Script.CYRILLIC)]
)
def test_names_in_the_own_script_are_in_it(language: str, script: Script) -> None:
    assert {dominant_script(name) for name in read_bearers()[language, "given", "own"].names} == {script}


def test_a_name_is_drawn_as_often_as_people_bear_it() -> None:
    rng = seeded(1, "a draw")
    drawn = Counter(Bearers(("common", "rare"), (0.9, 1.0)).drawn(rng) for _ in range(DRAWN))
    assert drawn["rare"] / DRAWN == pytest.approx(0.1, abs=0.02)


def test_a_row_a_language_with_its_interval_and_no_alarm_where_all_else_differs() -> None:
    told = namesakes(drawn=20)
    assert {name.split(",")[0] for name in told} >= LANGUAGES
    for row in told.values():
        if isinstance(row, dict):
            assert set(row) == {"absent", "different"}
            assert row["absent"]["interval"] is not None
            assert row["different"]["hits"] == 0
    for shown in ("handle", "handle and name"):
        assert f"tr, latin, {shown}" in told
        assert told[f"all, {shown}"]["absent"]["of"] > told["tr, latin"]["absent"]["of"]
