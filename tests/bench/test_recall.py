"""The same disguises, looked up among more and more bans."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.recall import growth, growth_table


def test_the_same_disguises_find_more_strangers_and_hardly_lose_their_originals(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    found = growth((600, 150), 4)
    few, many = found[150], found[600]
    assert many.candidates_mean > few.candidates_mean
    assert many.candidates_p99 >= many.candidates_mean
    assert few.recall >= few.recall_kept >= few.worst_kept > 0
    assert few.recall > 0.8
    assert "| 600 |" in growth_table(found)
