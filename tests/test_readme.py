"""README tells the truth where a machine can check it."""

from __future__ import annotations

import json
import re
import time
from datetime import date
from pathlib import Path

import pytest

from desk.cli.registry import COMMANDS
from schemas.wire import Decoded, decode_created
from tests.faults import table
from tests.house import ROOT
from tools import readme_tables
from tools.readme_tables import renewed

TEXT = (ROOT / "README.md").read_text("utf-8")


def test_its_tables_are_what_the_code_says() -> None:
    assert renewed(TEXT) == TEXT, "run `python -m tools.readme_tables`"


def test_a_readme_without_a_place_for_a_table_is_refused() -> None:
    with pytest.raises(ValueError, match="settings"):
        renewed("# nothing here")


def test_a_full_run_of_faults_writes_its_table_into_docs_and_readme(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, original in (("FAULTS", readme_tables.FAULTS), ("README", readme_tables.README)):
        copy = tmp_path / original.name
        copy.write_text(original.read_text("utf-8"), "utf-8")
        monkeypatch.setattr(readme_tables, name, copy)
        monkeypatch.setattr(table, name, copy)
    measured = table.Table()
    measured.add(table.Row("the moon falls down", 0, 0, 7, 1.25, None))
    measured.publish(tests=1, seconds=120, day=date(2026, 11, 24))
    for page in (tmp_path / "faults.md", tmp_path / "README.md"):
        text = page.read_text("utf-8")
        assert "| the moon falls down | 0 | 0 | 7 | 1.2 |  |" in text
        assert re.search(
            r"on 2026-11-24: 1 tests in 2 minutes, at a load of \d+ to \d+, mostly \d+, on", text
        )
        assert "kill -9, 20 times | 0" not in text


def test_every_command_that_it_names_exists() -> None:
    named = set(re.findall(r"`(?:\.venv/bin/)?samehand ([a-z-]+)", TEXT))
    assert named
    assert named <= set(COMMANDS)


def test_every_file_that_it_links_to_is_there() -> None:
    links = [link for link in re.findall(r"\]\(([^)]+)\)", TEXT) if not link.startswith("http")]
    assert links
    assert not [link for link in links if not (ROOT / link).exists()]


def test_its_event_is_one() -> None:
    block = re.search(r"```json\n(.*?)```", TEXT, re.DOTALL)
    assert block is not None
    read = decode_created(block[1].encode(), now=time.time())
    assert isinstance(read, Decoded)
    assert read.unknown_fields == 0
    assert json.loads(block[1])["account"]["handle"] == "um4r_media_2"
