"""Look-ups beside a peer, bytes a ban, and a store that is rebuilt."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable
from dataclasses import asdict

import numpy as np
import pytest

from bench import lookup, memory
from bench.index.population import BannedNames, cache_folder, population
from bench.lookup import EXTRACT, OURS, report
from bench.rebuild import (
    Compacted,
    Filled,
    History,
    ReadSpots,
    compared,
    listed,
    rebuilt,
    spots_of,
    table,
)
from bench.running.crowd import BANNED_AT
from bench.store.bans import a_layout, a_store, by_handle
from bench.store.peers import Extract
from bench.store.server import server
from samehand.fingerprint.distil import query_keys
from samehand.keys import NAME_POSTING_CAP, SHORT_POSTING_CAP, KeyKind, key_of
from store.base import Ban, Query
from store.common.records import keys_of_fingerprints
from store.limits import SILENT_LISTS

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
    assert sum(found.bytes_a_ban.values()) == rows[OURS].bytes_a_ban
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
    assert 0 < plain.parts["scored record"] < every.parts["scored record"]
    assert plain.index_and_record < every.index_and_record
    assert "every field and a picture" in memory.table([plain, every])


def test_brute_force_finds_the_same_names_either_way() -> None:
    bans = population("diverse", BANS)
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
    assert found.postings > 10_000
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


# What two stores do not have in common is noticed, whatever it is.


OLD_BANS = 100
HANDLES = [f"umarmedia{one}{other}" for one in "bcdfghjklmnpqr" for other in "klmnpqrstv"]


@pytest.fixture
async def two() -> AsyncIterator[tuple[Filled, Filled]]:
    """Two empty stores."""
    with server() as one, server() as other:
        both = Filled(a_store(one, OLD_BANS), one), Filled(a_store(other, OLD_BANS), other)
        for each in both:
            await each.store.open()
        yield both
        for each in both:
            await each.store.close()


def bans(handles: Iterable[str], *, backwards: bool = False) -> list[Ban]:
    told = [by_handle(number, BannedNames("telegram", handle, "")) for number, handle in enumerate(handles)]
    return told[::-1] if backwards else told


def asks(handle: str) -> Query:
    (ban,) = bans([handle])
    return Query("nobody", tuple(query_keys(ban.fingerprints[0])))


async def differs(two: tuple[Filled, Filled], *queries: Query) -> dict[str, int]:
    found = asdict(await compared(*two, a_layout(OLD_BANS), queries))
    return {name: count for name, count in found.items() if name.endswith("_differing") and count}


@pytest.mark.journey
async def test_a_ban_that_one_store_lacks_is_noticed_everywhere(two: tuple[Filled, Filled]) -> None:
    old, new = two
    await old.store.enrol(bans(["umar_media", "nadia.rahman"]), now=BANNED_AT)
    await new.store.enrol(bans(["umar_media"]), now=BANNED_AT)
    found = await differs(two, asks("nadia.rahman"), asks("nadia_rahmann"))
    assert found["fingerprints_differing"] == 1
    assert found["postings_differing"] > 10
    assert found["queries_differing"] == 2


@pytest.mark.journey
async def test_a_posting_that_one_store_lost_is_noticed(two: tuple[Filled, Filled]) -> None:
    for each in two:
        await each.store.enrol(bans(["umar_media", "nadia.rahman"]), now=BANNED_AT)
    assert await differs(two, asks("umar_media")) == {}
    (name, *_) = two[1].server.client.scan_iter(match=b"samehand:{0}:b:p*")
    two[1].server.client.delete(name)
    assert (await differs(two, asks("umar_media")))["postings_differing"] > 0


@pytest.mark.journey
async def test_whom_a_name_lists_that_nobody_reads_is_counted_apart(two: tuple[Filled, Filled]) -> None:
    assert len(HANDLES) > SILENT_LISTS * SHORT_POSTING_CAP
    old, new = two
    await old.store.enrol(bans(HANDLES), now=BANNED_AT)
    await new.store.enrol(bans(HANDLES, backwards=True), now=BANNED_AT)
    asked = [asks(HANDLES[0]), asks(HANDLES[-1]), asks("nadia.rahman")]
    found = await compared(old, new, a_layout(OLD_BANS), asked)
    assert found.same
    assert 0 < found.silent_differing <= found.silent


@pytest.mark.journey
async def test_a_name_that_one_store_alone_is_silent_about_is_noticed(two: tuple[Filled, Filled]) -> None:
    old, new = two
    await old.store.enrol(bans(HANDLES[: SHORT_POSTING_CAP + 1]), now=BANNED_AT)
    await new.store.enrol(bans(HANDLES[:SHORT_POSTING_CAP]), now=BANNED_AT)
    found = await compared(old, new, a_layout(OLD_BANS), [])
    assert found.silent == 0
    assert found.postings_differing > 0


# What a store lists is read as it lies there, and a posting is left out where no look-up reads it.


@pytest.mark.journey
async def test_a_store_lists_what_its_bans_say() -> None:
    told = [by_handle(number, BannedNames("telegram", handle, "")) for number, handle in enumerate(HANDLES)]
    layout = a_layout(len(told))
    with server() as running:
        store = a_store(running, len(told))
        await store.open()
        await store.enrol(told, now=BANNED_AT)
        found = listed(running, layout)
        await store.close()
    pairs = {
        (spot, int.from_bytes(layout.addresses.account(ban.account).tag, "big"))
        for ban in told
        for spot in spots_of(layout, keys_of_fingerprints(ban.fingerprints)).tolist()
    }
    lists = set(zip(found.spots.tolist(), found.tags.tolist(), strict=True))
    assert lists < pairs
    bearers = Counter(spot for spot, _ in pairs)
    most = SILENT_LISTS * SHORT_POSTING_CAP
    assert {spot for spot, _ in pairs - lists} == {spot for spot, many in bearers.items() if many > most}


def test_names_are_read_up_to_their_caps_and_personal_values_always() -> None:
    kinds = [KeyKind.NAMING_RUN, KeyKind.NAME_WORD, KeyKind.DEVICE]
    read = ReadSpots.of(a_layout(4), [key_of(kind, b"umar") for kind in kinds])
    assert read.most.tolist() == [SHORT_POSTING_CAP, NAME_POSTING_CAP, np.iinfo(np.int64).max]
