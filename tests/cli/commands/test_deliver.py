"""It says at once what is wrong with its file; what it does is told by journeys/test_deliver.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.running import Samehand, settings


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
