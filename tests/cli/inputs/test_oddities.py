"""What is odd about files is told; with `--strict` nothing begins."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.running import Samehand, jsonl
from tests.makers import a_sign_up


@pytest.fixture
def odd(tmp_path: Path) -> tuple[object, ...]:
    (tmp_path / "bans.csv").write_text("account_id,handle,mail\n1,umar,a@b.org\n")
    return "--bans", tmp_path / "bans.csv", "--accounts", jsonl(tmp_path / "a.jsonl", a_sign_up())


def test_a_warning_is_one_line_and_the_work_is_done(samehand: Samehand, odd: tuple[object, ...]) -> None:
    ran = samehand("score", *odd, "--json")
    assert (ran.code, ran.figures["accounts"]) == (0, 1)
    assert ran.err == f"warning: {odd[1]}: 1 column not read: mail (did you mean email?)\n"


def test_strict_makes_it_a_fault_before_anything_is_done(
    samehand: Samehand, odd: tuple[object, ...], tmp_path: Path
) -> None:
    ran = samehand("score", *odd, "--strict", "--out", tmp_path / "out.jsonl")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.splitlines()[-1] == "samehand: --strict: 1 warning, so nothing was done"
    assert not (tmp_path / "out.jsonl").exists()
    empty = jsonl(tmp_path / "empty.jsonl")
    assert samehand("score", *odd[:2], "--accounts", empty, "--strict").code == 2


@pytest.mark.journey
def test_strict_publishes_nothing_of_the_files_that_are_in_order(
    samehand: Samehand, servers: str, tmp_path: Path
) -> None:
    (tmp_path / "good.csv").write_text("account_id,handle\n1,umar\n")
    (tmp_path / "empty.csv").write_text("")
    ran = samehand("enrol", tmp_path / "good.csv", tmp_path / "empty.csv", "--strict")
    assert (ran.code, ran.out) == (2, "")
    assert f"warning: {tmp_path / 'empty.csv'}: holds no records" in ran.err
    assert samehand("enrol", tmp_path / "good.csv", "--strict").code == 0
