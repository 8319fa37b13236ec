"""The command writes its tables where they belong."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from bench import __main__ as command
from bench.__main__ import PARTS, Chosen, filled, note_of

NOTE = "before\n<!-- memory -->\nold\n<!-- /memory -->\nafter\n"


def test_a_table_takes_the_place_of_the_last_one() -> None:
    assert filled(NOTE, {"memory": "a\nb"}) == "before\n<!-- memory -->\na\nb\n<!-- /memory -->\nafter\n"


def test_a_note_without_a_place_for_it_is_refused() -> None:
    with pytest.raises(ValueError, match="lookups"):
        filled(NOTE, {"lookups": ""})


def test_what_a_part_found_is_written_before_the_next_begins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    note, out = tmp_path / "README.md", tmp_path / "bench.json"
    note.write_text(NOTE, "utf-8")
    out.write_text('{"lookups": "of a run before"}', "utf-8")

    def broken(chosen: Chosen) -> tuple[str, object]:
        raise RuntimeError("no memory")

    def quick(chosen: Chosen) -> tuple[str, object]:
        return f"{chosen.bans} bans", chosen.sizes

    monkeypatch.setattr(command, "PARTS", {"memory": quick, "mind": broken})
    words = ["bench", "--only", "memory,mind", "--bans", "10,20", "--note", str(note), "--out", str(out)]
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(RuntimeError, match="no memory"):
        command.main()
    assert "20 bans" in note.read_text("utf-8")
    assert json.loads(out.read_text("utf-8")) == {"lookups": "of a run before", "memory": [10, 20]}


def test_every_part_has_its_place_in_its_note() -> None:
    note = Path(command.__file__).parent.parent / "docs" / "performance" / "README.md"
    for part in PARTS:
        text = note_of(part, note).read_text("utf-8")
        assert filled(text, {part: "x"}) != text


def test_a_part_that_is_told_elsewhere_is_written_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    note, other = tmp_path / "performance" / "README.md", tmp_path / "scale.md"
    note.parent.mkdir()
    note.write_text(NOTE, "utf-8")
    other.write_text("<!-- scale -->\n\n<!-- /scale -->\n", "utf-8")
    monkeypatch.setattr(command, "PARTS", {"scale": lambda chosen: ("shards", None)})
    monkeypatch.setattr(sys, "argv", ["bench", "--only", "scale", "--note", str(note)])
    command.main()
    assert other.read_text("utf-8") == "<!-- scale -->\nshards\n<!-- /scale -->\n"
    assert note.read_text("utf-8") == NOTE
