"""README tells the truth where a machine can check it."""

from __future__ import annotations

import json
import re
import time

import pytest

from desk.cli.registry import COMMANDS
from schemas.wire import Decoded, decode_created
from tests.house import ROOT
from tools.readme_tables import renewed

TEXT = (ROOT / "README.md").read_text("utf-8")


def test_its_tables_are_what_the_code_says() -> None:
    assert renewed(TEXT) == TEXT, "run `python -m tools.readme_tables`"


def test_a_readme_without_a_place_for_a_table_is_refused() -> None:
    with pytest.raises(ValueError, match="settings"):
        renewed("# nothing here")


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
