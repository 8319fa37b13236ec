"""Figures of real names as rows of a note, each beside its goal."""

from __future__ import annotations

from typing import Any

from bench.real.families import returning
from bench.real.namesakes import namesakes
from bench.real.renames import YARDSTICKS
from bench.real.report import PARTS
from bench.real.scenes import INNOCENTS, scenes
from bench.real.tables import tables
from cli.offline.share import Share


def test_scenes_with_goals_stand_in_the_table_and_what_got_worse_below() -> None:
    told = scenes([("zarghun_waziri", "quiet_harbor")], background=3, innocent=2, households=2, crowd=5)
    (name, table), *others = tables({"scenes": told}).items()
    assert (name, others) == ("scenes", [])
    assert "| same device, rest different | " in table
    assert "| five digits behind the handle, rest absent | " in table
    for kind in INNOCENTS:
        assert f"| {kind} |" in table
    assert "among 3" in table
    assert table.endswith("less differs.")
    assert tables({"scenes": {**told, "worse": ["alone: a → b: 1 pairs"]}})["scenes"].endswith("1 pairs")


def test_namesakes_table_shows_all_languages_and_the_row_most_alarmed() -> None:
    quiet, loud = ({rest: Share(hits, 5).as_json() for rest in ("absent", "different")} for hits in (0, 4))
    told = {"innocents_each": 5, "bans": 100, "ur, own": quiet, "tr, latin": loud, "all": quiet}
    table = tables({"namesakes": told})["namesakes"]
    assert "| all | 0 % [0 %, " in table
    assert "| most: tr, latin | 80 % [" in table
    assert "ur, own" not in table


def test_namesakes_as_measured_fill_the_table() -> None:
    assert "| most: " in tables({"namesakes": namesakes(drawn=5)})["namesakes"]


def test_names_alone_are_told_beside_the_yardsticks() -> None:
    at = {**dict.fromkeys(YARDSTICKS, 0.08), "ours": 0.1, "best_yardstick": "ratio"}
    at |= {"beside": 1.25, "beside_interval": [1.01, 1.5]}
    renames: dict[str, Any] = {
        "seeds": 5,
        "bans": 1000,
        "innocent": 7000,
        "alerted_mirrors": 40,
        "alarmed_innocent": 2,
    }
    renames |= {f"recall_at_{rate:g}": at for rate in (1e-4, 1e-3, 1e-2)}
    returned = returning({"a": ["Zarghun Wozerustun", "Zarg\u200bhun Wozerustun"]}, ["tulip77"])
    table = tables({"renames": renames, "families_returning": returned})["real"]
    assert "10 %; 1.25 times `ratio` (8 %) [1.01, 1.50]" in table
    assert "(1 of 1)" in table
    assert {"renames", "families_returning", "scenes"} <= set(PARTS)
