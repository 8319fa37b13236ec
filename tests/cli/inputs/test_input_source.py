"""Whatever a command reads from can be read again, and is gone with the command."""

from __future__ import annotations

import io
import os
import sys
import threading
from pathlib import Path

import click
import pytest

from cli.inputs import input_source
from cli.inputs.input_source import STDIN, opened, read_bytes, shown_path, size_bytes


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"one\ntwo\n")))


def test_standard_input_is_read_as_often_as_a_command_likes(stdin: None) -> None:
    with click.Context(click.Command("score")):
        with opened(STDIN) as file:
            assert file.readline() == b"one\n"
        assert read_bytes(STDIN) == read_bytes(STDIN) == b"one\ntwo\n"
        assert size_bytes(STDIN) == 8


def test_so_is_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(b"one\n",))
    writer.start()
    with click.Context(click.Command("score")):
        assert read_bytes(pipe) == read_bytes(pipe) == b"one\n"
    writer.join()


def test_the_copy_has_no_name_and_ends_with_the_command(stdin: None) -> None:
    with click.Context(click.Command("score")) as context:
        read_bytes(STDIN)
        (copy,) = context.meta[input_source._KEPT].values()
        assert not copy.closed
        assert os.fstat(copy.fileno()).st_nlink == 0
    assert copy.closed


def test_what_never_ends_does_not_fill_the_disk(stdin: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(input_source, "KEPT_BYTES_MAX", 7)
    with click.Context(click.Command("score")), pytest.raises(click.ClickException, match="use a file"):
        read_bytes(STDIN)


def test_a_fault_names_the_file_and_a_closed_input_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(click.ClickException, match="gone: No such file"):
        read_bytes(tmp_path / "gone")
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(click.ClickException, match="standard input is closed"):
        read_bytes(STDIN)
    assert shown_path(STDIN) == "standard input"
    assert shown_path(Path("a\x1b[31m\n.csv")) == "a<U+001B>[31m<U+000A>.csv"
