"""README and the pages of docs tell the truth where a machine can check it."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import time
from datetime import date
from pathlib import Path

import click
import pytest

from cli.main import run, samehand
from cli.registry import COMMANDS
from samehand.alert_id import alert_id
from schemas.wire import Decoded, decode_created, decode_verdict
from tests.faults import table
from tests.house import ROOT
from tests.printed import README as TEXT
from tests.printed import printed, run_by_nothing
from tests.tables import for_each
from tools.reference_tables import TABLES, page_of, renewed

LINES_MAX = 160
"""What a reader takes in before the first cup is empty; tables belong to docs/."""
PAGES = [
    page
    for page in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")))
    if page.name != "0000-template.md"  # its links are to be filled in
]


def test_it_stays_short() -> None:
    assert len(TEXT.splitlines()) <= LINES_MAX


@for_each("name", TABLES)
def test_generated_tables_are_what_the_code_says(name: str) -> None:
    text = page_of(name).read_text("utf-8")
    assert renewed(name, text) == text, "run `python -m tools.reference_tables`"


def test_a_page_without_a_place_for_its_table_is_refused() -> None:
    with pytest.raises(ValueError, match="settings"):
        renewed("settings", "# nothing here")


def test_a_full_run_of_faults_writes_its_table_into_docs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "faults.md"
    copy.write_text(table.FAULTS.read_text("utf-8"), "utf-8")
    monkeypatch.setattr(table, "FAULTS", copy)
    measured = table.Table()
    measured.add(table.Row("the moon falls down", 0, 0, 7, 1.25, None))
    measured.publish(tests=1, seconds=120, day=date(2026, 11, 24))
    text = copy.read_text("utf-8")
    assert "| the moon falls down | 7 | 1.2 |  |" in text
    assert "Over all rows: 0 lost, 0 differing." in text
    assert re.search(r"on 2026-11-24: 1 tests in 2 minutes, at a load of \d+ to \d+, mostly \d+, on", text)
    assert "kill -9, 20 times" not in text


@for_each("page", PAGES)
def test_every_command_that_a_page_names_exists(page: Path) -> None:
    named = set(re.findall(r"`(?:\.venv/bin/)?samehand ([a-z][a-z-]*)", page.read_text("utf-8")))
    assert named <= {*COMMANDS, "command"}


def test_something_runs_every_command_that_readme_prints() -> None:
    """Take a new one in the test that runs it: `printed("samehand …")`."""
    assert run_by_nothing() == set()


@for_each(
    "text",
    ["```sh\nsamehand fly away   # soon\n```\n", "Then type `samehand fly away`.", "Now `make  coffee`"],
)
def test_a_command_that_nothing_runs_is_noticed(text: str) -> None:
    assert len(run_by_nothing(f"{TEXT}\n{text}")) == 1


def test_a_test_cannot_run_what_readme_does_not_print() -> None:
    with pytest.raises(LookupError, match="README does not print `samehand fly`"):
        printed(" ".join(("samehand", "fly")))


def test_make_alone_lists_what_a_developer_can_do() -> None:
    listed = subprocess.run(printed("make"), cwd=ROOT, capture_output=True, text=True, check=True).stdout
    targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    assert re.findall(r"^  make ([a-z-]+) ", listed, re.MULTILINE) == targets


@for_each("line", [printed("samehand try --help"), printed("samehand size --help")])
def test_help_that_readme_refers_to_shows_examples(
    line: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(line[1:]) == 0
    assert "Examples:" in capsys.readouterr().out


def command_lines(page: Path) -> list[list[str]]:
    """The arguments of every `samehand …` in a page's blocks of shell."""
    blocks = re.findall(r"```sh\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    words = [shlex.split(line, comments=True) for block in blocks for line in block.splitlines()]
    return [it[it.index("samehand") + 1 :] for it in words if "samehand" in it]


@for_each("name", ["desk", "gate", "deliver"])
def test_every_command_line_of_a_page_can_be_read(name: str) -> None:
    lines = command_lines(ROOT / "docs" / f"{name}.md")
    assert [name] in lines
    for line in lines:
        assert unknown_words(line) == [], line


def test_a_command_line_with_a_word_too_many_is_noticed() -> None:
    assert unknown_words(["desk", "users", "lst"]) == ["lst"]
    assert unknown_words(["desk", "users", "add", "amina", "--roll", "lead"]) == ["--roll"]


def unknown_words(line: list[str]) -> list[str]:
    """What of a command line names neither a command nor an option."""
    command: click.Command = samehand
    context, rest = click.Context(command), list(line)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        found = command.get_command(context, rest[0])
        if found is None:
            return [rest[0]]
        command, context, rest = found, click.Context(found, parent=context), rest[1:]
    options = {name for parameter in command.params for name in parameter.opts}
    return [word for word in rest if word.startswith("--") and word not in options]


@for_each("page", PAGES)
def test_every_file_that_a_page_links_to_is_there(page: Path) -> None:
    links = [link for link in re.findall(r"\]\(([^)\s]+)\)", page.read_text("utf-8")) if "://" not in link]
    files = {link.partition("#")[0] for link in links} - {""}
    assert not [file for file in files if not (page.parent / file).exists()]


def test_the_event_of_the_reference_is_one() -> None:
    block = re.search(
        r"```json\n(.*?)```", (ROOT / "docs" / "reference" / "events.md").read_text("utf-8"), re.DOTALL
    )
    assert block is not None
    read = decode_created(block[1].encode(), now=time.time())
    assert isinstance(read, Decoded)
    assert read.unknown_fields == 0
    assert json.loads(block[1])["account"]["handle"] == "um4r_media_2"


def test_the_first_verdict_is_about_the_first_alert() -> None:
    line = (ROOT / "deploy" / "compose" / "first-event" / "verdict.txt").read_bytes()
    read = decode_verdict(line.partition(b"\t")[2], now=time.time())
    assert isinstance(read, Decoded)
    assert read.record.alert_id == alert_id("telegram:1002", "telegram:1001")
