"""A rebuilt store answers as the old one did: `python -m bench.rebuild` on a thousand bans."""

from __future__ import annotations

import pytest

from bench.index.population import population
from bench.rebuild import Compacted, History, rebuilt, table

pytestmark = pytest.mark.journey


async def test_a_store_rebuilt_while_a_worker_runs_is_the_old_one() -> None:
    found = await rebuilt(1_000, queries=200, keys=2_000)
    assert found.same, found
    assert found.fingerprints == 1_000 - 1_000 // 50 + 1_000 // 50, "less the reinstated, and the new ones"
    assert found.queries >= 150
    assert found.keys - found.keys_at_cap > 1_500
    assert 0 < found.resumed_after < 1_000, "it was broken off and went on"
    assert found.records == 1_000, "none was read twice"
    assert found.lookups_meanwhile > 0
    assert found.enrolled_meanwhile >= 1_000 // 50
    assert "| fingerprints | 1,000 | 0 | all of them |" in table(found)


def test_compaction_leaves_the_last_word_on_each_account() -> None:
    history = History(population("diverse", 60))
    last = {one.key: one.value for one in history.told(range(60))}
    topic = Compacted(history, range(60))
    left = [one for partition in topic.partitions("t") for one in topic.read("t", partition)]
    assert {one.key: one.value for one in left} == last
    assert len(left) == len(last) == 60
    assert None in last.values()
