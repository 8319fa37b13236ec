"""A rebuilt store answers as the old one did: `python -m bench.rebuild` on a thousand bans."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.rebuild.run import rebuilt, summary, table

pytestmark = pytest.mark.journey


async def test_a_store_rebuilt_while_a_worker_runs_is_the_old_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))  # a cache of our own
    one = await rebuilt(1_000, queries=200)
    took, found = one.took, one.found
    assert found.same, found
    assert found.fingerprints == 1_000 - 1_000 // 50 + 1_000 // 50, "less the reinstated, and the new ones"
    assert found.queries >= 150
    assert found.postings > 10_000
    assert 0 < took.resumed_after < 1_000, "it was broken off and went on"
    assert took.records == 1_000, "none was read twice"
    assert took.lookups_meanwhile > 0
    assert took.enrolled_meanwhile >= 1_000 // 50
    assert "| fingerprints | 1,000 | 0 | all, with all their facts |" in table(one)
    assert "fingerprints: 1,000, 0 differ" in summary(one)
