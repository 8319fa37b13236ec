"""Options, files to write, and coroutines."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from cli.exit_codes import NotDone
from cli.options import platform_option
from cli.output_files import write, writing
from cli.run_async import awaited

# Options that several commands share refuse what cannot be.


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


# A wrong path is bad input, a full disk is not.


def test_what_is_written_stands_there(tmp_path: Path) -> None:
    write(tmp_path / "a", b"one", "--out")
    assert (tmp_path / "a").read_bytes() == b"one"


def test_a_path_that_cannot_be_is_told_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(click.BadParameter, match="No such file"), writing(tmp_path / "no" / "a", "--out"):
        pytest.fail("the work began")


def test_a_full_disk_is_no_fault_of_the_input() -> None:
    with pytest.raises(NotDone, match="/dev/full: No space left on device; the file is incomplete"):
        write(Path("/dev/full"), b"one", "--out")


# A coroutine that never waits can still be interrupted.


def test_it_answers_what_the_coroutine_answers() -> None:
    async def work() -> int:
        return 7

    assert awaited(work()) == 7


def test_an_interrupt_ends_work_that_never_waits() -> None:
    async def work() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(5)  # noqa: ASYNC251  # work that does not wait is what this test is about

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        awaited(work())
    assert time.monotonic() - started < 4
