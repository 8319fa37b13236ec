"""``samehand desk``: people are added, and a desk that cannot start says why."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from desk.cli.main import run

PASSWORD = "correct horse battery"


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "desk.db"
    monkeypatch.setenv("SAMEHAND_DATABASE_URL", f"sqlite:///{path}")
    return path


def test_somebody_is_added_by_a_password_on_standard_input(
    database: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    assert run(["desk", "users", "add", "amina", "--role", "moderator"]) == 0
    assert "amina is a moderator now" in capsys.readouterr().out
    assert PASSWORD.encode() not in database.read_bytes()
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    assert run(["desk", "users", "add", "amina", "--role", "lead"]) == 2
    assert "amina" in capsys.readouterr().err


def test_a_link_is_printed_for_who_has_no_password(
    database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["desk", "users", "add", "demo", "--role", "auditor", "--link", "--json"]) == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["link"].startswith("http://127.0.0.1:6068/link/")
    assert told["role"] == "auditor"


@pytest.mark.parametrize(
    ("url", "words"),
    [("sqlite:////no/such/folder/desk.db", "is not there"), ("mysql://db/desk", "SAMEHAND_DATABASE_URL")],
)
def test_a_database_that_cannot_be_used_is_one_line_and_no_traceback(
    url: str, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SAMEHAND_DATABASE_URL", url)
    for line in (["desk"], ["desk", "users", "add", "demo", "--role", "lead", "--link"]):
        assert run(line) == 1
        said = capsys.readouterr().err
        assert words in said
        assert len(said.splitlines()) == 1
