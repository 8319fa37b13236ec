"""A filled Redis is kept and loaded again, and made anew only where something else would be written."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.running import filled as module
from bench.running.filled import filled
from store.redis.layout import LAYOUT

BANS = 60


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A cache of our own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def test_it_is_made_once_and_loaded_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    made = filled(BANS)
    with made.server() as server:
        held = int(server.client.hget("samehand{0}:b:c", "n"))
    assert held == BANS
    assert len(made.originals) == BANS

    def never(*how: object) -> None:
        raise AssertionError("it was in the cache")

    monkeypatch.setattr(module, "_fill", never)
    assert filled(BANS) == made
    monkeypatch.setattr(module, "LAYOUT", LAYOUT + 1)
    with pytest.raises(AssertionError, match="cache"):
        filled(BANS)
