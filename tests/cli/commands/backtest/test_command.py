"""`samehand backtest`, as a person runs it."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from schemas.wire import encode
from tests.cli.running import Samehand, jsonl
from tests.makers import a_ban, a_sign_up

NAMES: dict[str, Any] = {"handle": "zarqa_bulletin_network", "email": "zarqa.desk@example.org"}


@pytest.fixture
def files(tmp_path: Path) -> tuple[object, ...]:
    bans = jsonl(tmp_path / "bans.jsonl", a_ban("old", **NAMES), a_ban("gone", handle="hilltop_radio"))
    accounts = jsonl(
        tmp_path / "accounts.jsonl",
        a_sign_up("new", **NAMES),
        a_sign_up("fresh", handle="somebody_else"),
        a_sign_up("other", handle="quiet_gardener"),
    )
    table = tmp_path / "truth.csv"
    table.write_text(
        "platform,account_id,banned_platform,banned_account_id,strategy\n"
        "telegram,new,telegram,old,1\ntelegram,fresh,telegram,gone,8\n"
    )
    return "--bans", bans, "--accounts", accounts, "--truth", table, "--strategies", table


def test_it_tells_what_was_found_and_what_nobody_could_find(
    samehand: Samehand, files: tuple[object, ...]
) -> None:
    ran = samehand("backtest", *files, "--json")
    assert ran.code == 0
    assert ran.figures["average_precision"] == 1.0
    assert ran.figures["recall_by_strategy"]["1"]["value"] == 1.0
    assert ran.figures["recall_by_strategy"]["8"]["value"] == 0.0
    assert ran.figures["blocking_recall"] == ran.figures["scoring_recall"]


def test_it_is_read_as_tables_too(samehand: Samehand, files: tuple[object, ...]) -> None:
    ran = samehand("backtest", *files)
    assert "3 sign-ups, 2 mirrors, 1 of them catchable; average precision 1.000" in ran.out


def test_the_pictures_are_whole_and_say_their_figures_in_words(
    samehand: Samehand, files: tuple[object, ...], tmp_path: Path
) -> None:
    assert samehand("backtest", *files, "--out", tmp_path / "report").code == 0
    drawn = sorted((tmp_path / "report").glob("*.svg"))
    assert [path.name for path in drawn] == [
        "calibration.svg", "false-alarms.svg", "precision-recall.svg", "strategies.svg",
    ]  # fmt: skip
    for path in drawn:
        words = ElementTree.parse(path).getroot().find("{http://www.w3.org/2000/svg}desc")
        assert words is not None
        assert words.text


def test_a_truth_without_its_columns_is_bad_input(
    samehand: Samehand, files: tuple[object, ...], tmp_path: Path
) -> None:
    (tmp_path / "truth.csv").write_text("a,b\n1,2\n")
    ran = samehand("backtest", *files)
    assert ran.code == 2
    assert "lacks the column account_id" in ran.err


def test_no_recall_is_owed_on_an_account_that_was_banned_itself(
    samehand: Samehand, files: tuple[object, ...], tmp_path: Path
) -> None:
    with (tmp_path / "bans.jsonl").open("ab") as bans:
        bans.write(encode(a_ban("fresh", handle="somebody_else")) + b"\n")
    figures = samehand("backtest", *files, "--json").figures
    assert (figures["mirrors"], figures["scoring_recall"]["of"]) == (1, 1)
    assert [it["cause"] for it in figures["missed"]] == ["account-banned"]
