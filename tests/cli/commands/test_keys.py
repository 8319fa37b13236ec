"""Keys of callers, made, listed and revoked from the command line."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from gate.keys import read_keys
from tests.cli.running import Samehand, settings


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The file that the setting names."""
    path = tmp_path / "keys.json"
    with settings(monkeypatch, gate_keys=path):
        yield path


def test_a_key_is_printed_once_alone_and_kept_as_a_digest(samehand: Samehand, path: Path) -> None:
    ran = samehand("keys", "new", "sign-up", "--may", "score", "--rate", "200/s")
    assert ran.code == 0
    assert re.fullmatch(r"samehand_[0-9a-f]{12}_[A-Za-z0-9_-]{43}\n", ran.out)
    assert ran.out.strip() not in path.read_text()
    (key,) = read_keys(path)
    assert (key.name, sorted(key.may), key.rate) == ("sign-up", ["score"], 200.0)


def test_keys_are_listed_without_a_secret_and_revoked(samehand: Samehand, path: Path) -> None:
    made = json.loads(samehand("keys", "new", "review", "--may", "score, alerts", "--json").out)
    listed = samehand("keys", "list")
    assert "review" in listed.out
    assert made["key"].split("_")[2] not in listed.out
    assert samehand("keys", "revoke", "review").code == 0
    assert json.loads(samehand("keys", "list", "--json").out) == {"keys": []}


def test_key_that_is_too_wide_is_warned_of_when_made_and_when_listed(samehand: Samehand, path: Path) -> None:
    assert "can delete and reinstate all" in " ".join(
        samehand("keys", "new", "wide", "--may", "events").err.split()
    )
    assert samehand("keys", "new", "app", "--may", "events:created@app").err.count("whoever") == 0
    former = json.loads(path.read_text())
    for key in former["keys"]:
        del key["per"]
    former["keys"][1]["may"] = ["verdicts"]
    path.write_text(json.dumps(former))
    told = json.loads(samehand("keys", "list", "--json").out)["keys"]
    assert [key["per"] for key in told] == ["call", "call"]
    assert told[0]["warning"].startswith(
        "publishes every kind of event for every platform; its rate counts calls"
    )
    assert told[1]["warning"].startswith("its rate counts calls")
    assert "wide: publishes every kind" in " ".join(samehand("keys", "list").err.split())


def test_a_key_that_is_none_cannot_be_revoked(samehand: Samehand, path: Path) -> None:
    ran = samehand("keys", "revoke", "nobody")
    assert ran.code == 2
    assert "there is no key 'nobody'" in ran.err


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (["x", "--may", "all"], "must be one or more of score, alerts, verdicts, events:KIND"),
        (["x", "--may", "appeals"], "nothing in this release asks for it"),
        (["x", "--may", "events:deletd"], "the kind must be one of created"),
        (["x", "--may", "events:created@App"], "a platform has up to 32"),
        (["x", "--may", ""], "must be one or more of"),
        (["x", "--may", "score", "--rate", "fast"], "must be like 200/s or 30/min"),
        (["a b", "--may", "score"], "a name has up to 64"),
        (["x"], "--may"),
    ],
)
def test_what_cannot_be_is_told(samehand: Samehand, path: Path, given: list[str], why: str) -> None:
    ran = samehand("keys", "new", *given)
    assert (ran.code, ran.out) == (2, "")
    assert why in ran.err
    assert not path.exists()


def test_a_folder_that_is_not_there_is_named(samehand: Samehand, monkeypatch: pytest.MonkeyPatch) -> None:
    with settings(monkeypatch, gate_keys="/nowhere/keys.json"):
        ran = samehand("keys", "new", "x", "--may", "score")
    assert ran.code == 2
    assert "/nowhere" in ran.err


def test_without_a_file_to_keep_them_in_there_are_none(samehand: Samehand) -> None:
    ran = samehand("keys", "list")
    assert ran.code == 2
    assert "SAMEHAND_GATE_KEYS: is not set" in ran.err
