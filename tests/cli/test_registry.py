"""The list of commands agrees with the commands."""

from __future__ import annotations

import re
import shlex
from importlib import import_module
from pathlib import Path

import click
import pytest

from cli.main import laid_out
from cli.registry import COMMANDS, SECTIONS, module_of
from tests.cli.errands import LEAVES, run_into
from tests.house import ROOT
from tests.tables import for_each

ASKED = {  # commands of runbooks: each can be typed as it stands, with names for what is in capitals
    (page.stem, " ".join(found.split()))
    for page in (ROOT / "docs" / "runbooks").glob("*.md")
    for found in re.findall(r"`samehand ([a-z][^`]*)`", page.read_text("utf-8"))
}

_FILES = frozenset({".csv", ".json", ".jsonl", ".jpg", ".png", ".CSV", ".toml", ".xml", ".plan", ".imports"})


def load(name: str) -> click.Command:
    command = import_module(module_of(name)).command
    assert isinstance(command, click.Command)
    return command


@for_each("name", COMMANDS)
def test_a_summary_is_what_the_command_says_of_itself(name: str) -> None:
    command = load(name)
    assert command.name == name
    assert command.short_help == COMMANDS[name].summary


@for_each("name", COMMANDS)
def test_every_help_teaches_by_example(name: str) -> None:
    command = load(name)
    assert f"samehand {name}" in (command.help or "")


def test_every_command_stands_under_a_heading() -> None:
    assert {entry.section for entry in COMMANDS.values()} <= set(SECTIONS)


@for_each(("page", "line"), sorted(ASKED))
def test_what_a_runbook_asks_for_can_be_typed(page: str, line: str) -> None:
    """Whoever was woken types what stands there."""
    given = ["accounts.created:3:7" if it == "ADDRESS" else it for it in shlex.split(line)]
    if "--help" in given or len(given) == 1:
        load(given[0])
        return
    group = load(given[0])
    if not isinstance(group, click.Group):
        group.make_context(given[0], given[1:])
        return
    command = group.commands[given[1]]
    context = command.make_context(given[1], given[2:])  # raises where something is missing or unknown
    if given[1] in ("replay", "drop"):
        assert any(value for value in context.params.values()), "without saying which, nothing is done"


@for_each("name", sorted(LEAVES))
def test_options_take_no_number_that_is_not_finite(name: str) -> None:
    for option in LEAVES[name].params:
        if isinstance(option.type, click.types.FloatParamType):
            for number in ("nan", "inf", "-inf"):
                with pytest.raises(click.BadParameter):
                    option.type.convert(number, option, None)


EXAMPLE = re.compile(r"(?:^|\s)samehand ([a-z][^|>]*)")


def examples_of(command: click.Command) -> list[list[str]]:
    """The command lines that its help prints, as words after `samehand`; a line that ends in `\\` goes on."""
    text = (command.help or "").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.startswith("  ")]
    return [shlex.split(found[1], comments=True) for line in lines if (found := EXAMPLE.search(line))]


@for_each("name", sorted(LEAVES))
def test_help_says_what_its_exit_codes_mean(name: str) -> None:
    command = laid_out(LEAVES[name])
    assert "Exit codes:" in (command.help or "") + (command.epilog or "")


@for_each("name", sorted(LEAVES))
def test_help_fits_eighty_columns_line_by_line(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    seen = run_into([*name.split(), "--help"], monkeypatch)
    assert [line for line in seen.out.splitlines() if len(line) > 80] == []


@for_each("name", sorted(LEAVES))
def test_every_example_of_a_help_can_be_typed(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    examples = [words for words in examples_of(LEAVES[name]) if words[: len(name.split())] == name.split()]
    assert examples
    for words in examples:
        for word in words:
            if Path(word).suffix in _FILES and not word.startswith("-"):
                Path(word).parent.mkdir(exist_ok=True)
                Path(word).touch()
        rest = words[len(name.split()) :]
        LEAVES[name].make_context(name, rest)  # raises where something is missing or unknown
