"""Look-ups beside a peer, bytes a ban, and a store that is rebuilt."""

from __future__ import annotations

import pytest

from bench import lookup, memory
from bench.index.population import BannedNames, cache_folder, population
from bench.lookup import EXTRACT, OURS, Extract, report
from bench.rebuild import Compacted, History, compared, rebuilt, table
from bench.running.crowd import BANNED_AT
from bench.store.bans import a_store, by_handle
from bench.store.server import server
from samehand.fingerprint.distil import query_keys
from store.base import Query

BANS = 300


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few queries."""
    monkeypatch.setattr(lookup, "_EACH_ROUND", {OURS: 8, EXTRACT: 2})
    monkeypatch.setattr(lookup, "_JUDGED", {OURS: 42, EXTRACT: 42})
    monkeypatch.setattr(lookup, "_ALONE", 8)


async def test_contenders_are_measured_side_by_side() -> None:
    found = await report(BANS, 2)
    rows = {row.contender: row for row in found.rows}
    assert set(rows) == {OURS, EXTRACT}
    assert all(row.lookups_a_core_second > 0 for row in rows.values())
    assert rows[OURS].recall > 0.5
    assert rows[OURS].slower == 1.0
    assert found.ingest.bans == BANS
    assert sum(found.bytes_a_ban.values()) > 0
    assert "samehand" in lookup.table(found)
    assert "ingest" in lookup.summary(found)


async def test_a_server_is_filled_once_and_answers_the_same_again() -> None:
    first, again = [await report(BANS, 2, alone=True) for _ in range(2)]
    assert again.ingest == first.ingest
    assert again.bytes_a_ban == first.bytes_a_ban
    assert [row.recall for row in again.rows] == [row.recall for row in first.rows]
    kept = {file.suffix for file in cache_folder().glob("samehand-*")}
    assert kept == {".rdb", ".json"}


async def test_the_bytes_of_a_ban_are_told_part_by_part() -> None:
    plain = await memory.measured("handle alone", BANS)
    every = await memory.measured("every field and a picture", BANS)
    for part in ("record", "postings"):
        assert 0 < plain.parts[part] < every.parts[part]
    assert "every field and a picture" in memory.table([plain, every])


def test_brute_force_finds_the_same_names_either_way() -> None:
    bans = population(BANS)
    queries = [BannedNames("x", f"{ban.handle}_1", "") for ban in bans[:5]]
    peer = Extract(bans)
    for ask in (peer.ask, peer.matrix):
        assert [several[0] for several in ask(queries)] == [0, 1, 2, 3, 4]


# A rebuilt store answers as the old one did: `python -m bench.rebuild` on a thousand bans.


@pytest.mark.journey
async def test_a_store_rebuilt_while_a_worker_runs_is_the_old_one() -> None:
    one = await rebuilt(1_000, queries=200)
    took, found = one.took, one.found
    assert found.same, found
    assert found.fingerprints == 1_000 - 1_000 // 50 + 1_000 // 50, "less the reinstated, and the new ones"
    assert found.queries >= 150
    assert 0 < took.resumed_after < 1_000, "it was broken off and went on"
    assert took.records == 1_000, "none was read twice"
    assert took.lookups_meanwhile > 0
    assert took.enrolled_meanwhile >= 1_000 // 50
    assert "| fingerprints | 1,000 | 0 | all, with all their facts |" in table(one)


# The topic that a store is rebuilt from is what compaction leaves of what the old one was told.


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


@pytest.mark.journey
async def test_a_ban_that_one_store_lacks_differs_and_so_do_answers_about_it() -> None:
    with server() as one, server() as other:
        old, new = a_store(one, 100), a_store(other, 100)
        told = [by_handle(number, BannedNames("telegram", f"umar{number}", "")) for number in range(2)]
        for store, bans in ((old, told), (new, told[:1])):
            await store.open()
            await store.enrol(bans, now=BANNED_AT)
        asked = [Query("nobody", tuple(query_keys(ban.fingerprints[0]))) for ban in told]
        found = await compared(old, new, asked)
        assert not found.same
        assert (found.fingerprints, found.fingerprints_differing) == (2, 1)
        assert found.queries_differing > 0
        assert (await compared(old, old, asked)).same
        for store in (old, new):
            await store.close()
