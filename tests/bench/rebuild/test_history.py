"""The topic that a store is rebuilt from is what compaction leaves of what the old one was told."""

from __future__ import annotations

import pytest

from bench.index.population import BannedNames
from bench.rebuild.history import BrokenOff, Compacted, History

HISTORY = History([BannedNames("telegram", f"umar{number}", "") for number in range(60)])


def test_compaction_leaves_the_last_word_on_each_account() -> None:
    told = list(HISTORY.told(range(60)))
    last = {one.key: one.value for one in told}
    assert len(told) > len(last), "some were told twice"
    topic = Compacted(HISTORY, range(60))
    left = [one for partition in topic.partitions("t") for one in topic.read("t", partition)]
    assert {one.key: one.value for one in left} == last
    assert len(left) == len(last) == 60
    assert None in last.values()


def test_it_is_broken_off_once_and_read_on_from_there() -> None:
    topic = Compacted(HISTORY, range(60), broken_off_after=5)
    with pytest.raises(BrokenOff):
        list(topic.read("t", 0))
    topic.broken_off_after = None
    left = list(topic.read("t", 0, since=5))
    assert topic.given == topic.end("t", 0) == 5 + len(left)
