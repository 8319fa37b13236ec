"""Commands on pictures and simulated streams."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.exit_codes import BAD_INPUT, DONE
from cli.main import run
from samehand.pictures import hashing
from tests.cli.running import Samehand
from tests.samehand.pictures.test_hashing import a_photo, encoded, needs_extra, picture_of

# Pictures are hashed for people, and what is no picture ends in one line.


@needs_extra
def test_a_picture_is_hashed_as_an_avatar_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "one.jpg").write_bytes(encoded(a_photo()))
    assert run(["hash-avatar", str(tmp_path / "one.jpg"), "--json"]) == DONE
    (found,) = json.loads(capsys.readouterr().out)["pictures"]
    assert found["pdq"] == picture_of(a_photo()).pdq.hex()
    assert found["evidence"]


@needs_extra
def test_what_is_no_picture_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.txt").write_text("no picture")
    assert run(["hash-avatar", str(tmp_path / "notes.txt")]) == BAD_INPUT
    line, end = capsys.readouterr().err.splitlines()
    assert "notes.txt: malformed" in line
    assert end == "samehand: 1 picture of 1 cannot be used"


def test_without_the_extra_it_says_what_to_install(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hashing, "_libraries", lambda: None)
    (tmp_path / "one.jpg").write_bytes(b"")
    assert run(["hash-avatar", str(tmp_path / "one.jpg")]) == BAD_INPUT
    assert "samehand[avatar]" in capsys.readouterr().err


@needs_extra
def test_a_bad_picture_does_not_hide_the_good_ones(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.jpg").write_text("no picture")
    (tmp_path / "good.jpg").write_bytes(encoded(a_photo()))
    files = [str(tmp_path / name) for name in ("bad.jpg", "good.jpg")]
    assert run(["hash-avatar", *files]) == BAD_INPUT
    printed = capsys.readouterr()
    assert picture_of(a_photo()).pdq.hex() in printed.out
    assert "bad.jpg: malformed" in printed.err.splitlines()[0]
    assert printed.err.splitlines()[-1] == "samehand: 1 picture of 2 cannot be used"
    assert run(["hash-avatar", "--json", *files]) == BAD_INPUT
    told = json.loads(capsys.readouterr().out)
    assert [len(told[name]) for name in ("pictures", "bad")] == [1, 1]


# `samehand simulate`: the same seed, the same files.


def test_it_writes_what_score_reads_and_says_what(samehand: Samehand, tmp_path: Path) -> None:
    figures = samehand("simulate", "--seed", 3, "--accounts", 400, "--out", tmp_path, "--json").figures
    assert figures["sign_ups"] == 400
    assert figures["topics"]["accounts.created"] == 400
    truth = (tmp_path / "truth.csv").read_text().splitlines()
    assert len(truth) == figures["mirrors"] + 1


def test_a_seed_gives_the_same_files(samehand: Samehand, tmp_path: Path) -> None:
    for name in ("one", "two"):
        samehand("simulate", "--seed", 3, "--accounts", 300, "--out", tmp_path / name)
    assert (tmp_path / "one" / "events.jsonl").read_bytes() == (
        tmp_path / "two" / "events.jsonl"
    ).read_bytes()


def test_a_folder_that_cannot_be_made_is_bad_input(samehand: Samehand, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    ran = samehand("simulate", "--accounts", 300, "--out", tmp_path / "file" / "below")
    assert (ran.code, len(ran.err.splitlines())) == (2, 1)
