"""`samehand explain`: a pair, reason by reason."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from math import fsum
from pathlib import Path

import pytest

from tests.cli.running import Samehand


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    new, banned = tmp_path / "new.json", tmp_path / "banned.json"
    new.write_text(json.dumps({"handle": "zarqa_bulletin", "email": "zarqa@example.org"}))
    banned.write_text(json.dumps({"handle": "zarqa.bulletin7", "email": "zarqa@example.org"}))
    return new, banned


def test_it_draws_the_waterfall(samehand: Samehand, pair: tuple[Path, Path]) -> None:
    ran = samehand("explain", *pair)
    assert ran.code == 0
    assert "x:new beside banned x:banned" in ran.out
    assert "handle" in ran.out
    assert "zarqa@example.org" not in ran.out


def test_its_figures_sum_to_the_log_odds(samehand: Samehand, pair: tuple[Path, Path]) -> None:
    figures = samehand("explain", *pair, "--json").figures
    lines = [*figures["evidence"], *figures["counter_evidence"]]
    assert fsum([figures["prior"], *(line["weight"] for line in lines)]) == pytest.approx(
        figures["log_odds"], abs=1e-9
    )


@pytest.fixture
def household(tmp_path: Path) -> tuple[Path, Path]:
    """Two people who share a device and an address."""
    new, banned = tmp_path / "new.json", tmp_path / "banned.json"
    shared = {"device_id": "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b", "ip": "198.51.100.7"}
    new.write_text(json.dumps({"handle": "mariam_bakes", **shared}))
    banned.write_text(json.dumps({"handle": "zarqa.bulletin7", **shared}))
    return new, banned


def test_it_says_what_else_it_could_be(samehand: Samehand, household: tuple[Path, Path]) -> None:
    ran = samehand("explain", *household)
    assert "What else it could be: a household" in ran.out
    assert "A household explains it." in " ".join(ran.out.split())


def test_what_a_household_explains_is_no_counter_evidence(
    samehand: Samehand, household: tuple[Path, Path]
) -> None:
    figures = samehand("explain", *household, "--json").figures
    assert figures["rivals"][0]["name"] == "household"
    assert fsum(rival["share"] for rival in figures["rivals"]) == pytest.approx(1.0)
    explained = {line["signal"] for line in figures["evidence"] if line["explained"]}
    assert {"device", "network"} <= explained
    assert not [line for line in figures["counter_evidence"] if line["explained"]]


def test_more_bans_make_it_less_likely(samehand: Samehand, pair: tuple[Path, Path]) -> None:
    """But for a mailbox, whose odds do not depend on how many are banned."""
    few, many = (samehand("explain", *pair, "--bans", bans, "--json").figures for bans in (100, 10_000_000))
    assert many["probability"] == pytest.approx(few["probability"], abs=0.001)
    for side in pair:
        side.write_text(json.dumps({"handle": json.loads(side.read_text())["handle"]}))
    few, many = (samehand("explain", *pair, "--bans", bans, "--json").figures for bans in (100, 10_000_000))
    assert many["probability"] < few["probability"]


def test_it_draws_a_picture(samehand: Samehand, pair: tuple[Path, Path], tmp_path: Path) -> None:
    samehand("explain", *pair, "--svg", tmp_path / "why.svg")
    root = ET.parse(tmp_path / "why.svg").getroot()
    assert "zarqa@example.org" not in "".join(root.itertext())
    assert len(list(root.iter("{http://www.w3.org/2000/svg}rect"))) >= 4
    assert "What else could it be?" in "".join(root.itertext())


def test_a_file_that_is_no_account_is_bad_input(
    samehand: Samehand, pair: tuple[Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "new.json").write_text("[]")
    ran = samehand("explain", *pair)
    assert (ran.code, len(ran.err.splitlines())) == (2, 1)
