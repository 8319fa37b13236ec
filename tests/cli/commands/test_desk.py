"""``samehand desk``: people are added, and a desk that cannot start says why."""

from __future__ import annotations

import io
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from cli.main import run
from local.ports import take_port

PASSWORD = "correct horse battery"


@pytest.fixture
def database(desk_tables: Path) -> Path:
    return desk_tables


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
    [("sqlite:////no/such/folder/desk.db", "does not exist"), ("mysql://db/desk", "SAMEHAND_DATABASE_URL")],
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


def test_weights_that_cannot_be_used_are_one_line_and_no_traceback(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "own.json").write_text('{"version": "own"}')
    monkeypatch.setenv("SAMEHAND_WEIGHTS", str(tmp_path / "own.json"))
    port = take_port()
    monkeypatch.setenv("SAMEHAND_DESK_PORT", str(port.number))
    assert run(["desk"]) == 2
    port.release()
    said = capsys.readouterr().err
    assert "SAMEHAND_WEIGHTS" in said
    assert "cannot be used" in said
    assert len(said.splitlines()) == 1


def told_by(capsys: pytest.CaptureFixture[str]) -> Any:
    return json.loads(capsys.readouterr().out.splitlines()[-1])


def hire(name: str, role: str = "moderator") -> None:
    assert run(["desk", "users", "add", name, "--role", role, "--link"]) == 0


def test_people_are_listed_changed_and_let_out(database: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hire("amina")
    hire("omar", "auditor")
    assert run(["desk", "users", "set", "amina", "--role", "lead", "--out"]) == 0
    capsys.readouterr()
    assert run(["desk", "users", "list", "--json"]) == 0
    assert [(one["name"], one["role"], one["out"]) for one in told_by(capsys)["users"]] == [
        ("amina", "lead", True),
        ("omar", "auditor", False),
    ]
    assert run(["desk", "users", "set", "amina", "--link"]) == 2
    assert run(["desk", "users", "set", "nobody", "--in"]) == 2
    assert run(["desk", "users", "set", "amina"]) == 2


@pytest.mark.parametrize(
    ("given", "policies"),
    [
        (["--policies", "spam,hate"], ["hate", "spam"]),
        (["--policies", "-"], [""]),
        (["--policies", ""], []),
        (["--policies", "spam", "--all-policies"], None),
        (["--policies", "a b"], None),
        (["--policies", "spam,,hate"], None),
        (["--team", "a b"], None),
    ],
)
def test_team_and_policies_are_set_and_listed(
    given: list[str], policies: list[str] | None, database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hire("amina")
    assert run(["desk", "users", "set", "amina", "--team", "night"]) == 0
    assert run(["desk", "users", "set", "amina", *given]) == (2 if policies is None else 0)
    capsys.readouterr()
    assert run(["desk", "users", "list", "--json"]) == 0
    [amina] = told_by(capsys)["users"]
    assert (amina["team"], amina["policies"]) == ("night", policies)
    assert run(["desk", "users", "set", "amina", "--all-policies", "--team", ""]) == 0
    capsys.readouterr()
    assert run(["desk", "users", "list"]) == 0
    assert " all" in capsys.readouterr().out


def test_the_audit_verifies_until_a_line_is_changed(
    database: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hire("amina")
    hire("omar", "auditor")
    capsys.readouterr()
    assert run(["desk", "audit", "verify", "--offline", "--json"]) == 0
    assert told_by(capsys) == {
        "lines": 2,
        "heads": 0,
        "broken": None,
        "lost_heads": [],
        "set_aside": [],
    }
    assert run(["desk", "audit", "export"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["action"] for line in lines] == ["user-added", "user-added"]
    with closing(sqlite3.connect(database)) as there, there:
        there.execute("UPDATE audit SET actor = 'somebody else' WHERE number = 2")
    assert run(["desk", "audit", "verify", "--offline"]) == 1
    assert "line 2" in capsys.readouterr().err


def test_a_backup_restores_what_was_there_while_the_desk_was_in_use(
    database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hire("amina")
    copy = tmp_path / "backup.db"
    with closing(sqlite3.connect(database)) as in_use:
        in_use.execute("SELECT count(*) FROM users").fetchall()
        assert run(["desk", "backup", str(copy)]) == 0
    assert copy.stat().st_mode & 0o077 == 0
    assert run(["desk", "backup", str(copy)]) == 2  # nothing is overwritten
    hire("omar", "auditor")
    monkeypatch.setenv("SAMEHAND_DATABASE_URL", f"sqlite:///{copy}")
    capsys.readouterr()
    assert run(["desk", "users", "list", "--json"]) == 0
    assert [one["name"] for one in told_by(capsys)["users"]] == ["amina"]
    assert run(["desk", "audit", "verify", "--offline"]) == 0


def test_a_backup_of_nothing_says_so(tmp_path: Path) -> None:
    assert run(["desk", "backup", str(tmp_path / "copy.db")]) == 1
    assert not (tmp_path / "copy.db").exists()
