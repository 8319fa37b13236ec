"""One account out of a file, however it is written down."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import click
import pytest

from cli.inputs.event_files import EventFiles
from cli.inputs.foreign_records import compiled
from cli.inputs.single_record import read_banned, read_sign_up
from schemas.wire import encode
from tests.makers import NOON, a_ban, a_sign_up

NOW = NOON.timestamp() + 3_600


def written(path: Path, content: bytes | dict[str, object]) -> Path:
    path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
    return path


def test_a_plain_object_is_an_account(tmp_path: Path) -> None:
    found = read_sign_up(written(tmp_path / "new.json", {"handle": "umar"}), EventFiles("telegram", now=NOW))
    assert (found.platform, found.account.account_id, found.account.handle) == ("telegram", "new", "umar")
    assert found.at is None


def test_records_say_when(tmp_path: Path) -> None:
    sign_up, ban = a_sign_up(), a_ban(policy="spam")
    new = read_sign_up(written(tmp_path / "a.json", encode(sign_up)), EventFiles("x", now=NOW))
    old = read_banned(written(tmp_path / "b.json", encode(ban)), EventFiles("x", now=NOW))
    assert (new.platform, new.at) == ("telegram", sign_up.at)
    assert (old.at, old.policy) == (NOON.timestamp(), "spam")


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"{", b"\xff", b'{"handle": 7}', b'{"account": {}}', b'{"platform": 1}', b"{}"]
)
def test_anything_else_is_one_sentence_that_quotes_nothing(tmp_path: Path, content: bytes) -> None:
    path = written(tmp_path / "x.json", content)
    with pytest.raises(click.ClickException) as raised:
        read_banned(path, EventFiles("x", now=NOW))
    assert raised.value.message.startswith(str(path))
    assert "\n" not in raised.value.message


def test_an_object_without_any_field_of_an_account_is_bad_input(tmp_path: Path) -> None:
    """Else a stranger who writes `username` reads that two accounts do not resemble each other."""
    path = written(tmp_path / "x.json", {"username": "umar", "e\u202email": "a@b.example"})
    with pytest.raises(click.ClickException, match="no field of an account") as raised:
        read_sign_up(path, EventFiles("x", now=NOW))
    assert "username, e<U+202E>mail" in raised.value.message
    assert "umar" not in raised.value.message


def test_fields_that_no_account_has_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(tmp_path / "x.json", {"handle": "umar", **{f"other_{n}": n for n in range(7)}})
    assert read_banned(path, EventFiles("x", now=NOW)).account.handle == "umar"
    assert (
        "7 fields not used: other_0, other_1, other_2, other_3, other_4 and 2 more" in capsys.readouterr().err
    )


def test_a_mapping_reads_the_first_record_of_an_account(tmp_path: Path) -> None:
    (tmp_path / "mappings.toml").write_text(
        '[topics.users]\nformat = "json"\nconstants = { platform = "app" }\n'
        '[topics.users.fields]\naccount_id = "id"\nphone = "mobile"\noccurred_at = "made"\n'
        '[[topics.users.rules]]\nwhen = "ended"\nas = "banned"\n'
        'fields = { occurred_at = "ended", banned_at = "ended" }\n[[topics.users.rules]]\nas = "created"\n'
    )
    files = EventFiles("x", compiled(tmp_path / "mappings.toml"), region="PK", now=NOW)
    made, ended = "2026-11-24T10:00:00Z", "2026-11-24T12:00:00Z"
    new = written(tmp_path / "new.json", {"id": 2, "mobile": "0301 2345678", "made": made})
    old = written(tmp_path / "old.json", {"id": 1, "mobile": "0301-2345678", "made": made, "ended": ended})
    ours, theirs = read_sign_up(new, files), read_banned(old, files)
    assert (ours.platform, ours.account.phone) == ("app", "+923012345678")
    assert (theirs.account.phone, theirs.at) == ("+923012345678", datetime.fromisoformat(ended).timestamp())
    assert read_banned(new, files).at is None  # it is no ban, so nobody knows when it would have been one
    nothing = written(tmp_path / "nothing.json", {"mobile": "0301 2345678"})
    with pytest.raises(click.ClickException, match=r"nothing\.json:1: missing-field at \$"):
        read_sign_up(nothing, files)
