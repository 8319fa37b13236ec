"""The list of commands agrees with the commands."""

from __future__ import annotations

import re
import shlex
from importlib import import_module

import click
import pytest

from desk.cli.registry import COMMANDS, SECTIONS, module_of
from tests.house import ROOT

ASKED = {  # commands of runbooks: each can be typed as it stands, with names for what is in capitals
    (page.stem, " ".join(found.split()))
    for page in (ROOT / "docs" / "runbooks").glob("*.md")
    for found in re.findall(r"`samehand ([a-z][^`]*)`", page.read_text("utf-8"))
}


def load(name: str) -> click.Command:
    command = import_module(module_of(name)).command
    assert isinstance(command, click.Command)
    return command


@pytest.mark.parametrize("name", COMMANDS)
def test_a_summary_is_what_the_command_says_of_itself(name: str) -> None:
    command = load(name)
    assert command.name == name
    assert command.short_help == COMMANDS[name].summary


@pytest.mark.parametrize("name", COMMANDS)
def test_every_help_teaches_by_example(name: str) -> None:
    command = load(name)
    assert f"samehand {name}" in (command.help or "")


def test_every_command_stands_under_a_heading() -> None:
    assert {entry.section for entry in COMMANDS.values()} <= set(SECTIONS)


@pytest.mark.parametrize(("page", "line"), sorted(ASKED))
def test_what_a_runbook_asks_for_can_be_typed(page: str, line: str) -> None:
    """Whoever was woken types what stands there."""
    given = ["accounts.created:3:7" if it == "ADDRESS" else it for it in shlex.split(line)]
    if "--help" in given or len(given) == 1:
        load(given[0])
        return
    group = load(given[0])
    assert isinstance(group, click.Group)
    command = group.commands[given[1]]
    context = command.make_context(given[1], given[2:])  # raises where something is missing or unknown
    if given[1] in ("replay", "drop"):
        assert any(value for value in context.params.values()), "without saying which, nothing is done"
