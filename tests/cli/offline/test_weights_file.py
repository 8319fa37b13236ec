"""A table of weights to try out: read, or refused with the option that named it."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec
import pytest

from cli.offline.weights_file import weights_of_file
from samehand.scoring.weights import default_weights


def test_a_table_is_read(tmp_path: Path) -> None:
    path = tmp_path / "weights.json"
    path.write_bytes(msgspec.json.encode(default_weights()))
    assert weights_of_file(path) == default_weights()


@pytest.mark.parametrize("text", [b"", b"{}", b"\xff", b"[1]"])
def test_what_is_no_table_names_the_option(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "weights.json"
    path.write_bytes(text)
    with pytest.raises(click.BadParameter, match=r"weights\.json"):
        weights_of_file(path)
