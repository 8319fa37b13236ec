"""The run at size, small: a store is filled, mirrors come back, and those who can be found are."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.quality import at_size


def test_naive_mirrors_are_found_among_whole_bans(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    heard: list[int] = []
    told = at_size.measured(400, a_cell=1, others=60, crowd=50, edits="tuning", heard=heard.append)
    assert heard[-1] == told["mirrors"] + told["others"] == 9 * 6 + 60
    assert told["records_read"] > 0
    naive = [told["by_strategy"][number]["≤ 10 min"]["possible"] for number in ("1", "2", "3", "4")]
    assert sum(each["hits"] for each in naive) >= 3
    assert told["by_strategy"]["8"]["≤ 10 min"]["possible"]["hits"] == 0
    assert told["bans_of_the_last_hour"] < 5
