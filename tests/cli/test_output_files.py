"""A wrong path is bad input, a full disk is not."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from cli.exit_codes import NotDone
from cli.output_files import write, writing


def test_what_is_written_stands_there(tmp_path: Path) -> None:
    write(tmp_path / "a", b"one", "--out")
    assert (tmp_path / "a").read_bytes() == b"one"


def test_a_path_that_cannot_be_is_told_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(click.BadParameter, match="No such file"), writing(tmp_path / "no" / "a", "--out"):
        pytest.fail("the work began")


def test_a_full_disk_is_no_fault_of_the_input() -> None:
    with pytest.raises(NotDone, match="/dev/full: No space left on device; the file is incomplete"):
        write(Path("/dev/full"), b"one", "--out")
