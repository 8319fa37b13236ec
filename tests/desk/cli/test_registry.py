"""The list of commands agrees with the commands."""

from __future__ import annotations

from importlib import import_module

import click
import pytest

from desk.cli.registry import COMMANDS, SECTIONS


def load(name: str) -> click.Command:
    command = import_module(f"desk.cli.{name.replace('-', '_')}").command
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
