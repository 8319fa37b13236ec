"""`samehand simulate`: the same seed, the same files."""

from __future__ import annotations

from pathlib import Path

from tests.cli.running import Samehand


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
