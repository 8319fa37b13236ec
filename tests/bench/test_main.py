"""The command keeps what each part found, where it belongs."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from bench import __main__ as command
from bench import goals
from bench.__main__ import PARTS, Chosen
from bench.page import ELSEWHERE, filled

PAGE = "before\n<!-- goals -->\nold\n<!-- /goals -->\nafter\n"
DOCS = Path(command.__file__).parent.parent / "docs" / "performance"


def test_page_without_a_place_for_a_table_is_refused() -> None:
    with pytest.raises(ValueError, match="lookups"):
        filled(PAGE, "lookups", "")


def test_part_is_kept_before_the_next_one_begins(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    page, out = tmp_path / "README.md", tmp_path / "bench.json"
    page.write_text(PAGE, "utf-8")
    out.write_text('{"lookups": []}', "utf-8")

    def broken(chosen: Chosen) -> tuple[str, object]:
        raise RuntimeError("no memory")

    def quick(chosen: Chosen) -> tuple[str, object]:
        return f"{chosen.bans} bans", {"bans": chosen.bans, "p50_ms": 9.0, "p99_ms": 61.0}

    monkeypatch.setattr(command, "PARTS", {"gate": quick, "mind": broken})
    words = ["bench", "--only", "gate,mind", "--bans", "10,20", "--note", str(page), "--out", str(out)]
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(RuntimeError, match="no memory"):
        command.main()
    assert json.loads(out.read_text("utf-8"))["gate"]["bans"] == 20
    assert "| 9 / 61 ms (20 bans) | **missed** |" in page.read_text("utf-8")
    assert page.read_text("utf-8").startswith("before\n<!-- goals -->\n|")


def test_table_of_a_part_that_stands_elsewhere_is_written_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    page, other = tmp_path / "performance" / "README.md", tmp_path / "scale.md"
    page.parent.mkdir()
    page.write_text(PAGE, "utf-8")
    other.write_text("<!-- scale -->\n\n<!-- /scale -->\n", "utf-8")
    monkeypatch.setattr(command, "PARTS", {"scale": lambda chosen: ("shards", None)})
    monkeypatch.setattr(sys, "argv", ["bench", "--only", "scale", "--note", str(page)])
    command.main()
    assert other.read_text("utf-8") == "<!-- scale -->\nshards\n<!-- /scale -->\n"


def test_every_goal_reads_a_part_that_is_measured() -> None:
    assert {goal.part for goal in goals.GOALS} - {*PARTS, "against", "instructions"} == set()
    for part, place in ELSEWHERE.items():
        assert f"<!-- {part} -->" in (DOCS / place).read_text("utf-8")


def test_page_shows_what_was_kept() -> None:
    kept = json.loads((DOCS / "bench.json").read_text("utf-8"))
    page = (DOCS / "README.md").read_text("utf-8")
    assert filled(page, "goals", goals.table(goals.with_instructions(kept))) == page
