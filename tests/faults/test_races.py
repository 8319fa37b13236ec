"""The soak of `tests/agents/test_interleavings.py`: ten thousand bans meet their mirrors on a real Redis."""

from __future__ import annotations

import os
import time

import pytest

from tests.agents.conftest import Life, life, make_life
from tests.agents.test_interleavings import race_all
from tests.faults.table import Row, Table

__all__ = ["life", "make_life"]  # fixtures

pytestmark = pytest.mark.thorough

RACES = int(os.environ.get("SAMEHAND_FAULTS_RACES", "10000"))


async def test_ten_thousand_bans_meet_their_mirrors(
    life: Life, redis_url: str, store_prefix: str, fault_table: Table
) -> None:
    began = time.monotonic()
    await race_all(life, RACES, redis_url, store_prefix)
    what = f"{RACES:,} bans that meet their mirrors"
    fault_table.add(Row(what, 0, 0, 0, None, time.monotonic() - began))
