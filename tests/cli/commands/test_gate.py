"""A gate says at once what it cannot begin with; what it does is told by gate/test_process.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.running import Samehand, settings


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
