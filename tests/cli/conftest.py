"""What tests of commands share: a way to run them, and an environment with servers in it."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from store.pepper.pepper import write_pepper_file
from tests.cli.running import Samehand


@pytest.fixture
def samehand(capsys: pytest.CaptureFixture[str]) -> Samehand:
    """Runs a command line."""
    return Samehand(capsys)


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No setting of the developer's own shell reaches a test, and no desk of theirs is written to."""
    for name in list(os.environ):
        if name.startswith("SAMEHAND_") and not name.startswith("SAMEHAND_TEST_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("SAMEHAND_DATABASE_URL", f"sqlite:///{tmp_path / 'desk.db'}")


@pytest.fixture
def desk_tables(tables: Path, tmp_path: Path) -> Path:
    """The desk's database of this test, with its tables: to migrate it takes longer than most tests."""
    return Path(shutil.copy(tables, tmp_path / "desk.db"))


@pytest.fixture
def pepper_file(tmp_path: Path) -> Path:
    """A fresh pepper file that only its owner may read."""
    path = tmp_path / "pepper"
    write_pepper_file(path)
    return path


@pytest.fixture
def servers(
    broker: str,
    redis_url: str,
    topic_prefix: str,
    store_prefix: str,
    pepper_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    """The environment that names a running broker and Redis; answers the topics' prefix."""
    given = {
        "KAFKA_BROKERS": broker,
        "REDIS_URL": redis_url,
        "REDIS_TIMEOUT_MS": "2000",  # a machine that runs tests is busy
        "TOPIC_PREFIX": topic_prefix,
        "TOPIC_PARTITIONS": "2",
        "STORE_PREFIX": store_prefix,
        "STORE_BANS": "2000",
        "STORE_REMEMBERED": "2000",
        "PEPPER_FILE": str(pepper_file),
        "DATA_DIR": str(tmp_path / "data"),
    }
    for name, value in given.items():
        monkeypatch.setenv(f"SAMEHAND_{name}", value)
    return topic_prefix
