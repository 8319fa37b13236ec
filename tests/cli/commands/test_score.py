"""`samehand score`, as a person runs it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cli.inputs.input_files import read_bans
from schemas.alerts import MirrorAlert
from schemas.wire import Decoded, decode_alert
from tests.cli.running import Samehand, jsonl
from tests.makers import a_ban, a_sign_up

NAMES: dict[str, Any] = {"handle": "zarqa_bulletin_network", "email": "zarqa.desk@example.org"}


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, Path, str, Path]:
    bans = jsonl(tmp_path / "bans.jsonl", a_ban("old", **NAMES))
    accounts = jsonl(
        tmp_path / "accounts.jsonl", a_sign_up("new", **NAMES), a_sign_up("other", handle="quiet_gardener")
    )
    return "--bans", bans, "--accounts", accounts


def alerts(path: Path) -> list[MirrorAlert]:
    read = [decode_alert(line, now=float("inf")) for line in path.read_bytes().splitlines()]
    return [it.record for it in read if isinstance(it, Decoded) and isinstance(it.record, MirrorAlert)]


def test_it_shows_the_alert_with_its_reasons(samehand: Samehand, files: tuple[object, ...]) -> None:
    ran = samehand("score", *files)
    assert ran.code == 0
    assert "telegram:new resembles banned telegram:old" in ran.out
    assert "2 accounts against 1 ban: 1 likely, 0 possible on 1 account; 0 bad rows" in ran.out
    assert "zarqa.desk@example.org" not in ran.out
    assert ran.err == ""


def test_the_alerts_go_to_a_file_and_the_figures_to_the_last_line(
    samehand: Samehand, files: tuple[object, ...], tmp_path: Path
) -> None:
    ran = samehand("score", *files, "--out", tmp_path / "out.jsonl", "--json")
    seconds = ran.figures.pop("seconds")
    assert seconds > 0
    assert len(ran.out.splitlines()) == 1, "a log stands between the figures"
    assert ran.figures == {
        "fields_unusable": [],
        "accounts": 2,
        "bans": 1,
        "alerts": {"likely": 1, "possible": 0},
        "accounts_alerted": 1,
        "candidates_below": 0,
        "bad_rows": 0,
        "seconds": seconds,
    }
    (alert,) = alerts(tmp_path / "out.jsonl")
    assert (alert.key, alert.matched.key, alert.band) == ("telegram:new", "telegram:old", "likely")
    assert abs(alert.imbalance) < 1e-9


def test_rows_without_ids_are_named_by_their_numbers(samehand: Samehand, tmp_path: Path) -> None:
    bans, accounts, out = tmp_path / "b.csv", tmp_path / "a.csv", tmp_path / "out.jsonl"
    bans.write_text("handle\nalmaz_turgunbekov_asanov\n")
    accounts.write_text("handle\njane_roe\nALMAZ.Turgunbekov.Asanov\n")
    ran = samehand("score", "--bans", bans, "--accounts", accounts, "--out", out)
    assert ran.code == 0
    assert [(it.key, it.matched.key) for it in alerts(out)] == [("x:2", "x:1")]


def test_bad_lines_are_told_and_the_rest_goes_on(
    samehand: Samehand, files: tuple[str, Path, str, Path]
) -> None:
    files[1].write_bytes(b"{\n" + files[1].read_bytes())
    ran = samehand("score", *files, "--json")
    assert ran.code == 0
    assert ran.err.startswith(f"{files[1]}:1: not-json at $")
    assert len(ran.err.splitlines()) == 1
    assert (ran.figures["bad_rows"], ran.figures["alerts"]["likely"]) == (1, 1)


def test_a_file_of_which_nothing_can_be_read_is_bad_input(samehand: Samehand, tmp_path: Path) -> None:
    nonsense, accounts = tmp_path / "b.jsonl", jsonl(tmp_path / "a.jsonl", a_sign_up())
    nonsense.write_bytes(b"\xff\x00 nothing\n")
    ran = samehand("score", "--bans", nonsense, "--accounts", accounts)
    assert ran.code == 2
    assert ran.err.splitlines()[-1] == f"samehand: {nonsense}: no line of it could be read"


@pytest.mark.parametrize("content", ["{", '{"version": "x"}'])
def test_unusable_weights_are_bad_input(
    samehand: Samehand, files: tuple[object, ...], tmp_path: Path, content: str
) -> None:
    weights = tmp_path / "w.json"
    weights.write_text(content)
    ran = samehand("score", *files, "--weights", weights)
    assert ran.code == 2
    assert len(ran.err.splitlines()) == 1


def test_a_place_that_cannot_be_written_is_told_before_the_work(
    samehand: Samehand, files: tuple[object, ...], tmp_path: Path
) -> None:
    ran = samehand("score", *files, "--out", tmp_path / "nowhere" / "out.jsonl")
    assert ran.code == 2
    assert "No such file" in ran.err


@pytest.mark.parametrize("pair", [("x:\udcff",), ("x:1", "x:\udcff")])
def test_an_account_that_is_not_utf8_is_bad_input(
    samehand: Samehand, files: tuple[object, ...], pair: tuple[str, ...]
) -> None:
    ran = samehand("score", *files, "--json", "--why", *pair)
    assert (ran.code, ran.out, len(ran.err.splitlines())) == (2, "", 1)
    assert "x:<U+DCFF>: is not UTF-8" in ran.err


def test_a_file_that_is_read_is_not_written_over(
    samehand: Samehand, files: tuple[object, ...], tmp_path: Path
) -> None:
    accounts = Path(str(files[files.index("--accounts") + 1]))
    link = tmp_path / "link"
    link.symlink_to(accounts)
    before = accounts.read_bytes()
    for out in (accounts, link):
        ran = samehand("score", *files, "--out", out)
        assert (ran.code, ran.out, accounts.read_bytes()) == (2, "", before)
        assert "is read by this command; name another file" in ran.err


def test_what_was_simulated_can_be_scored(samehand: Samehand, tmp_path: Path) -> None:
    assert samehand("simulate", "--accounts", 400, "--out", tmp_path / "s", "--json").code == 0
    bans = tmp_path / "s" / "bans.jsonl"
    ran = samehand("score", "--bans", bans, "--accounts", tmp_path / "s" / "accounts.jsonl", "--json")
    assert ran.figures["bad_rows"] == 0
    assert ran.figures["bans"] == len(list(read_bans(bans, now=2e9, platform="x")))
