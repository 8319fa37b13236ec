"""Options that several commands share refuse what cannot be."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from cli.options import platform_option


@click.command()
@platform_option
def told(platform: str) -> None:
    click.echo(platform)


@pytest.mark.parametrize("name", ["telegram", "x", "my-site.org"])
def test_a_platform_is_a_plain_word(name: str) -> None:
    assert CliRunner().invoke(told, ["--platform", name]).output == f"{name}\n"


@pytest.mark.parametrize("name", ["Telegram", "a:b", "", "x" * 33])
def test_anything_else_is_refused(name: str) -> None:
    ran = CliRunner().invoke(told, ["--platform", name])
    assert ran.exit_code == 2
    assert "lower-case" in ran.output
