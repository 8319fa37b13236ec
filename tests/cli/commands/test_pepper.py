"""`samehand pepper`: from one secret to the next on a running store, without missing anybody meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from agents.runtime.store_factory import peppers_of
from cli.run_async import awaited
from cli.store_context import closing_store
from store.pepper.pepper import read_peppers
from store.pepper.rotation import rotated
from streams.settings import load
from tests.cli.running import Samehand, jsonl
from tests.makers import a_ban


def in_force(path: Path) -> list[int]:
    return [pepper.pepper_id for pepper in read_peppers([path]).peppers]


def kept_under() -> set[tuple[int, ...]]:
    """Under which peppers the store's bans are kept."""

    async def ask() -> set[tuple[int, ...]]:
        settings = load()
        async with closing_store(settings, peppers_of(settings)) as store:
            await store.open()
            return {
                tuple(one.pepper_id for one in ban.fingerprints)
                async for bans in store.walk()
                for ban in bans
            }

    return awaited(ask())


def test_an_existing_file_stays_and_is_to_be_used(samehand: Samehand, tmp_path: Path) -> None:
    path = tmp_path / "pepper"
    assert samehand("pepper", "new", path).code == 0
    before = path.read_bytes()
    again = samehand("pepper", "new", path)
    assert (again.code, path.read_bytes()) == (2, before)
    assert f"{path}: File exists: name it in SAMEHAND_PEPPER_FILE" in again.err


@pytest.mark.journey
def test_a_whole_rotation(samehand: Samehand, servers: str, pepper_file: Path, tmp_path: Path) -> None:
    bans = [a_ban(handle=f"zarqa_bulletin{i}") for i in range(5)]
    assert samehand("enrol", jsonl(tmp_path / "bans.jsonl", *bans)).code == 0
    assert samehand("rebuild").code == 0
    assert kept_under() == {(1,)}

    assert samehand("pepper", "rotate", "--json").figures == {"current": 2, "in_force": [2, 1]}
    refused = samehand("pepper", "drop", "1")
    assert refused.code == 2
    assert "5 banned accounts known under pepper 1 alone" in refused.err

    assert samehand("rebuild").code == 0
    assert kept_under() == {(2, 1)}
    waits = samehand("pepper", "drop", "1")
    assert waits.code == 2
    assert "remembered before the rotation" in waits.err

    text = pepper_file.read_text()
    now = datetime.now(UTC)
    pepper_file.write_text(text.replace(f"{now:%Y-%m-%d}", f"{now - timedelta(days=31):%Y-%m-%d}"))
    dropped = samehand("pepper", "drop", "1", "--json")
    assert dropped.figures == {"dropped": 1, "in_force": [2], "bans_lost": 0}
    assert in_force(pepper_file) == [2]


@pytest.mark.journey
def test_a_secret_that_leaked_goes_at_once_and_what_is_lost_is_told(
    samehand: Samehand, servers: str, pepper_file: Path, tmp_path: Path
) -> None:
    assert samehand("enrol", jsonl(tmp_path / "bans.jsonl", a_ban(handle="zarqa"))).code == 0
    assert samehand("rebuild").code == 0
    assert samehand("pepper", "rotate").code == 0
    ran = samehand("pepper", "drop", "1", "--anyway", "--json")
    assert (ran.code, ran.figures["bans_lost"]) == (0, 1)
    assert "1 banned account known under pepper 1 alone" in ran.err


@pytest.mark.parametrize(("number", "why"), [("1", "is the current one"), ("7", "holds no pepper 7")])
def test_what_cannot_be_dropped(
    samehand: Samehand, pepper_file: Path, monkeypatch: pytest.MonkeyPatch, number: str, why: str
) -> None:
    monkeypatch.setenv("SAMEHAND_PEPPER_FILE", str(pepper_file))
    ran = samehand("pepper", "drop", number)
    assert ran.code == 2
    assert why in ran.err


def test_a_new_file_is_for_its_owner_and_replaces_none(samehand: Samehand, tmp_path: Path) -> None:
    path = tmp_path / "fresh"
    assert samehand("pepper", "new", path).code == 0
    assert path.stat().st_mode & 0o777 == 0o600
    assert in_force(path) == [1]
    text = path.read_text()
    assert samehand("pepper", "new", path).code == 2
    assert path.read_text() == text


def test_a_file_mounted_read_only_is_rotated_beside_it(
    samehand: Samehand, pepper_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMEHAND_PEPPER_FILE", str(pepper_file))
    before, out = pepper_file.read_text(), tmp_path / "next"
    assert samehand("pepper", "rotate", "--out", out).code == 0
    assert pepper_file.read_text() == before
    assert in_force(out) == [2, 1]
    assert out.stat().st_mode & 0o777 == 0o600


def test_no_word_of_a_secret_is_printed(
    samehand: Samehand, pepper_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMEHAND_PEPPER_FILE", str(pepper_file))
    ran = samehand("pepper", "rotate")
    secrets = [word for word in pepper_file.read_text().split() if len(word) >= 64]
    assert len(secrets) == 3
    assert not [secret for secret in secrets if secret in ran.out + ran.err]


def test_too_many_are_told(samehand: Samehand, pepper_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAMEHAND_PEPPER_FILE", str(pepper_file))
    for _ in range(3):
        pepper_file.write_text(rotated(pepper_file.read_text(), datetime.now(UTC))[0])
    ran = samehand("pepper", "rotate")
    assert ran.code == 2
    assert "`samehand pepper drop NUMBER` first" in ran.err


def test_without_a_file_the_setting_is_named(samehand: Samehand) -> None:
    ran = samehand("pepper", "rotate")
    assert ran.code != 0
    assert "SAMEHAND_PEPPER_FILE" in ran.err
