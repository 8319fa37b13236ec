"""One account out of a file, however it is written down."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest

from cli.inputs.single_record import read_banned, read_sign_up
from schemas.wire import encode
from tests.makers import NOON, a_ban, a_sign_up

NOW = NOON.timestamp() + 3_600


def written(path: Path, content: bytes | dict[str, object]) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def test_a_plain_object_is_an_account(tmp_path: Path) -> None:
    found = read_sign_up(written(tmp_path / "new.json", {"handle": "umar"}), platform="telegram", now=NOW)
    assert (found.platform, found.account.account_id, found.account.handle) == ("telegram", "new", "umar")
    assert found.at is None


def test_records_say_when(tmp_path: Path) -> None:
    sign_up, ban = a_sign_up(), a_ban(policy="spam")
    new = read_sign_up(written(tmp_path / "a.json", encode(sign_up)), platform="x", now=NOW)
    old = read_banned(written(tmp_path / "b.json", encode(ban)), platform="x", now=NOW)
    assert (new.platform, new.at) == ("telegram", sign_up.at)
    assert (old.at, old.policy) == (NOON.timestamp(), "spam")


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{", b"\xff", b'{"handle": 7}', b'{"account": {}}', b'{"platform": 1}', b"{}"]
)
def test_anything_else_is_one_sentence_that_quotes_nothing(tmp_path: Path, content: bytes) -> None:
    path = written(tmp_path / "x.json", content)
    with pytest.raises(click.ClickException) as raised:
        read_banned(path, platform="x", now=NOW)
    assert raised.value.message.startswith(str(path))
    assert "\n" not in raised.value.message


def test_an_object_without_any_field_of_an_account_is_bad_input(tmp_path: Path) -> None:
    """Else a stranger who writes `username` reads that two accounts do not resemble each other."""
    path = written(tmp_path / "x.json", {"username": "umar", "e\u202email": "a@b.example"})
    with pytest.raises(click.ClickException, match="no field of an account") as raised:
        read_sign_up(path, platform="x", now=NOW)
    assert "username, e<U+202E>mail" in raised.value.message
    assert "umar" not in raised.value.message


def test_fields_that_no_account_has_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "x.json", {"handle": "umar", **{f"other_{n}": n for n in range(7)}})
    assert read_banned(path, platform="x", now=NOW).account.handle == "umar"
    assert (
        "7 fields not used: other_0, other_1, other_2, other_3, other_4 and 2 more" in capsys.readouterr().err
    )
