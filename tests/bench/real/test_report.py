"""The bench of real names: a folder in, figures out, and one line where there is no folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from bench.real.families import returning, split
from bench.real.lookup import Named, looked_up
from bench.real.report import FILES, NoRealNames, read_names
from tests.house import ROOT

CROWD = ["quiet_harbor", "tulip77", "northern.lights", "kzq9", "paper_boat"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lines = {
        "cheater_name_families.csv": "family,display_name\na,Zarfeshan\na,Zarf\u200beshan\n",
        "ordinary_handles.txt": "tulip77\npaper_boat\n",
        "handle_renames.csv": "old,new\nzarfeshan,zarfeshan_2\n",
    }
    for name, text in lines.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_a_folder_is_read_as_it_is(folder: Path) -> None:
    names = read_names(folder)
    assert names.families == {"a": ["Zarfeshan", "Zarf\u200beshan"]}
    assert names.ordinary == ["tulip77", "paper_boat"]
    assert names.renames == [("zarfeshan", "zarfeshan_2")]


@pytest.mark.parametrize("gone", FILES)
def test_a_missing_file_is_named(folder: Path, gone: str) -> None:
    (folder / gone).unlink()
    with pytest.raises(NoRealNames, match=gone):
        read_names(folder)


def test_without_a_folder_one_line_says_so() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench.real"], cwd=ROOT, env={"PATH": ""}, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "SAMEHAND_REAL_NAMES" in done.stderr


def test_the_first_half_of_a_family_rounded_up_is_banned() -> None:
    bans, accounts = split({"a": ["one", "two", "three"], "alone": ["only"]})
    assert bans == [("a", "one"), ("a", "two")]
    assert accounts == [("a", "three")]


def test_who_is_back_a_day_after_is_found_on_its_own_family_alone() -> None:
    members = {
        "a": ["Zarfeshan Mirgul", "Zarf\u200beshan Mirgul"],
        "b": ["Wardakan Post", "Toryalai Khpalwak"],
    }
    # Two years of bans, or a day after one of them says nothing.
    rng = Random(5)
    drawn = ["".join(rng.choices("bdfghklmnprstvz", k=12)) for _ in range(80)]
    members |= {one: [one, other] for one, other in zip(drawn[:40], drawn[40:], strict=True)}
    told = returning(members, CROWD)["display_name"]
    assert told["bans"] == 42
    assert (told["found"]["hits"], told["found"]["of"]) == (1, 42)
    assert told["alarmed"]["hits"] == 0


def test_an_account_is_ranked_against_every_ban_it_resembles() -> None:
    looked = looked_up(
        [Named("zarfeshan", "handle"), Named("tulip77", "handle")], [Named("zarfeshan7", "handle")]
    )
    assert [one.ban for one in looked.found[0]] == [0]
    assert looked.bad == 0
