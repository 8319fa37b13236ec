"""A bridge says at once what is wrong with its file; what it does is told by journeys/test_bridge.py."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.running import Samehand, settings


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
