"""Accounts that changed their handle, looked up beside plain similarity of strings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from bench.real import renames

PAIRS = [
    ("zarghun_waziri", "zarghunwaziri77"),
    ("quiet_harbor", "quietharbour"),
    ("kzq9_toryalai", "northern_lights"),
    ("mirwais.ghorzang", "ghorzang_mirwais"),
    ("paper_boat", "tin_soldier"),
    ("tulip_gardens", "tulip_garden"),
]
ORDINARY = [f"ordinary_person_{number}" for number in range(30)]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setattr(renames, "SEEDS", (1, 2))
    monkeypatch.setattr(renames, "_RESAMPLED", 20)
    return renames.renames(PAIRS, ORDINARY)


def test_those_who_resemble_their_old_handle_are_found_and_the_others_are_not(told: dict[str, Any]) -> None:
    assert told["bans"] == 3
    assert 0 < told["recall_at_0.01"]["ours"] < 1


def test_each_yardstick_is_measured_on_the_same_accounts(told: dict[str, Any]) -> None:
    at = told["recall_at_0.01"]
    assert set(renames.YARDSTICKS) < set(at)
    assert at["best_yardstick"] in renames.YARDSTICKS
    low, high = at["beside_interval"]
    assert low <= at["beside"] <= high


def test_an_account_counts_as_found_only_where_its_own_old_handle_comes_first() -> None:
    ranked = renames._Ranked([5.0, renames._NEVER], [1.0, 2.0])
    assert ranked.recall(0.0, np.arange(2), np.arange(2)) == 0.5
