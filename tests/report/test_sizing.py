"""What a platform needs is estimated from what was measured, as settings that samehand takes."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from report.sizing import BAN_BYTES, BANS_A_SECOND, MASTER_BYTES, PlatformSize, needed, unsupported
from tests.house import ROOT

FORUM = PlatformSize(sign_ups_a_day=50_000, changes_a_day=0, bans=20_000, remember_days=30, peak=4.0)


def test_small_platform_needs_one_redis_and_a_second_worker_to_replace_the_first() -> None:
    need = needed(FORUM)
    assert (need.workers, need.masters, need.partitions) == (2, 1, 8)
    assert need.events_a_second_at_peak == pytest.approx(2.3, abs=0.1)
    assert need.remembered_accounts == 1_500_000


def test_ten_thousand_events_a_second_need_what_docs_scale_says() -> None:
    need = needed(PlatformSize(216_000_000, 0, 100_000_000, 1, 4.0))
    assert 26 <= need.workers <= 40
    assert need.partitions >= 64
    assert 115e9 <= need.redis_data_bytes - need.remembered_bytes <= 216e9


def test_bytes_of_a_ban_cover_what_the_bench_measured() -> None:
    cases = json.loads((ROOT / "docs/performance/bench.json").read_text())["memory"]
    assert max(case["total"] for case in cases) <= BAN_BYTES <= 1.2 * max(case["total"] for case in cases)


@given(
    st.builds(
        PlatformSize,
        sign_ups_a_day=st.integers(0, 3_000_000),
        changes_a_day=st.integers(0, 3_000_000),
        bans=st.integers(0, 10_000_000),
        remember_days=st.integers(1, 60),
        peak=st.floats(1, 20),
    )
)
def test_settings_are_taken_and_more_of_anything_never_needs_less(size: PlatformSize) -> None:
    need = needed(size)
    assert unsupported(need.settings) == ""
    larger = needed(replace(size, bans=size.bans * 2 + 1, sign_ups_a_day=size.sign_ups_a_day * 2 + 1))
    assert larger.workers >= need.workers
    assert larger.redis_data_bytes > need.redis_data_bytes
    assert larger.masters >= need.masters
    assert need.redis_data_bytes / need.masters <= 1.001 * MASTER_BYTES
    bans_a_second = size.bans / 3_600 / need.first_filling_hours if size.bans else 0
    assert bans_a_second <= min(BANS_A_SECOND * need.masters, BANS_A_SECOND / 2 * need.workers) * 1.001
