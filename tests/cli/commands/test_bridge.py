"""Commands that start a process."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.running import Samehand, settings

# A bridge says at once what is wrong with its file; what it does is told by journeys/test_bridge.py.


def test_without_mappings_there_is_nothing_to_do(samehand: Samehand) -> None:
    ran = samehand("bridge")
    assert (ran.code, ran.out) == (2, "")
    assert "SAMEHAND_MAPPINGS: is not set" in ran.err


def test_every_fault_of_the_file_is_told(
    samehand: Samehand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "mappings.toml"
    path.write_text("[topics.x]\nformat = 'mastodon'\nfields.bio = 'lower(x)'\n")
    with settings(monkeypatch, mappings=path):
        ran = samehand("bridge")
    assert ran.code == 2
    assert f"{path}: line 1: topics.x: platform must be filled" in ran.err
    assert f"{path}: line 3: topics.x.fields.bio.from: calls lower()" in ran.err


# It says at once what is wrong with its file; what it does is told by journeys/test_deliver.py.


def test_without_endpoints_there_is_nothing_to_do(samehand: Samehand) -> None:
    ran = samehand("deliver")
    assert (ran.code, ran.out) == (2, "")
    assert "SAMEHAND_ENDPOINTS: is not set" in ran.err


def test_a_fault_of_the_file_is_told(
    samehand: Samehand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "endpoints.toml"
    path.write_text("[endpoints.desk]\nurl = 'https://hooks.example.org'\n")
    with settings(monkeypatch, endpoints=path):
        ran = samehand("deliver")
    assert ran.code == 2
    assert f"{path}: endpoints.desk: needs secret_file or secret_env" in ran.err


# A gate says at once what it cannot begin with; what it does is told by gate/test_process.py.


def test_without_keys_nobody_could_call(samehand: Samehand) -> None:
    ran = samehand("gate")
    assert (ran.code, ran.out) == (2, "")
    assert "SAMEHAND_GATE_KEYS: is not set" in ran.err


def test_keys_that_were_never_made_are_named(
    samehand: Samehand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with settings(monkeypatch, gate_keys=tmp_path / "keys.json"):
        ran = samehand("gate")
    assert ran.code == 2
    assert "samehand keys new NAME" in ran.err


def test_a_file_of_webhooks_without_mappings_has_nothing_to_become(
    samehand: Samehand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "webhooks.toml").write_text("[shop]\nsignature = 'x-hub-signature'\nsecret_file = 's'\n")
    with settings(monkeypatch, gate_keys=tmp_path / "keys.json"):
        assert samehand("keys", "new", "x", "--may", "score").code == 0
        with settings(
            monkeypatch, gate_keys=tmp_path / "keys.json", gate_webhooks=tmp_path / "webhooks.toml"
        ):
            ran = samehand("gate")
    assert ran.code == 2
    assert "[shop]: needs SAMEHAND_MAPPINGS, which is not set" in ran.err
