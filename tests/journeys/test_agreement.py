"""The command line and the worker say the same of the same accounts."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulate.files import simulate_command
from tests.journeys.agreement import agreement

pytestmark = pytest.mark.journey


def test_both_find_the_same_pairs_with_the_same_odds(tmp_path: Path) -> None:
    simulate_command(11, 400, tmp_path)
    told, pairs = agreement(tmp_path / "bans.jsonl", tmp_path / "accounts.jsonl", "x")
    assert told.holds, told
    assert pairs
