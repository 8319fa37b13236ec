"""What a terminal cannot show is written out, width by width where it can be."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import click
import pytest

from cli.standard_streams import standard_streams


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("ascii", "### ... > *** <U+0639><U+00E9> <U+1F600> <U+D800>"),
        ("latin-1", "### ... > *** <U+0639>\xe9 <U+1F600> <U+D800>"),
        ("utf-8", "███ … → ••• \u0639\xe9 \U0001f600 <U+D800>"),
    ],
)
def test_letters_that_are_lacking_are_written_out(
    encoding: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding))
    with standard_streams():
        click.echo("███ … → ••• \u0639\xe9 \U0001f600 \ud800")
        sys.stdout.flush()
    assert raw.getvalue().decode(encoding) == f"{shown}\n"


def test_streams_are_what_they_were_afterwards() -> None:
    before = sys.stdout, sys.stderr
    with standard_streams():
        assert sys.stdout is not before[0]
    assert (sys.stdout, sys.stderr) == before


CLOSED = """
import os, sys
from cli.standard_streams import standard_streams
with standard_streams():
    opened = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
    os.write(opened, str(opened).encode())
    os.closerange(0, 3)
"""


@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- >&- 2>&-"])
def test_what_the_shell_closed_is_not_opened_as_a_file_of_ours(closed: str, tmp_path: Path) -> None:
    """A socket that is called 0 ends a worker when it is closed: libuv aborts."""
    told = tmp_path / "number"
    subprocess.run(
        ["sh", "-c", f'exec "$0" -c "$1" "$2" {closed}', sys.executable, CLOSED, str(told)],
        check=True,
        timeout=60.0,
    )
    assert int(told.read_text()) > 2
