"""What a dry run refuses, in one line, and what it goes on with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.commands.dry_run.makers import a_platform
from tests.cli.running import Samehand, jsonl
from tests.house import ROOT


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ([], "give --topic NAME"),
        (["--events", "EVENTS"], "no ban to compare accounts with: give --bans"),
        (["--events", "EVENTS", "--bans", "EMPTY"], "no ban to compare accounts with"),
        (["--events", "EMPTY", "--bans", "BANS"], "no sign-up to look at"),
        (["--events", "EVENTS", "--topic", "t", "--bans", "BANS"], "not both"),
        (["--events", "EVENTS", "--bans", "BANS", "--kcat"], "--kcat says"),
        (["--events", "EVENTS", "--bans", "missing.csv"], "missing.csv"),
        (["--events", "EVENTS", "--bans", "BANS", "--records", "3"], "over 3 records"),
        (["--topic", "t", "--from", "yesterday"], "give 24h, 7d, a date"),
        (["--events", "EVENTS", "--bans", "BANS", "--out", "BANS"], "--out"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    samehand: Samehand, tmp_path: Path, line: list[str], why: str
) -> None:
    events, bans = a_platform(tmp_path)
    named = {"EVENTS": events, "BANS": bans, "EMPTY": jsonl(tmp_path / "empty.jsonl")}
    ran = samehand("try", "--out", tmp_path / "out", *[named.get(word, word) for word in line])
    assert ran.code == 2
    assert why in ran.err


def test_a_bad_line_is_told_and_the_rest_goes_on(samehand: Samehand, tmp_path: Path) -> None:
    events, bans = a_platform(tmp_path)
    events.write_bytes(b'{"version": 1\n\xff\xfe\n' + events.read_bytes())
    ran = samehand("try", "--events", events, "--bans", bans, "--out", tmp_path / "out", "--json")
    assert ran.code == 0
    assert ran.figures["events"]["bad"] == 2
    assert "sign-ups.jsonl:1: not-json" in ran.err
    assert ran.figures["alerts"]["raised"] == 1


def test_a_mapped_sample_needs_no_kafka(samehand: Samehand, tmp_path: Path) -> None:
    examples = ROOT / "examples" / "debezium"
    ran = samehand(
        *("try", "--mapping", examples / "mappings.toml", "--kcat"),
        *("--events", examples / "sample.kcat.jsonl", "--out", tmp_path / "out", "--json"),
    )
    assert ran.code == 0, ran.err
    assert ran.figures["alerts"]["raised"] == 1
    assert ran.figures["best"][0]["taken_back"] == "account-banned"  # its mirror was banned two minutes later
    assert ran.figures["events"]["bad"] == 1
