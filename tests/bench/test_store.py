"""The bench of the store, on a few bans: every contender is asked the same and finds what it must."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from bench import lookup, memory
from bench.index.population import BannedNames, cache_folder, population
from bench.lookup import EXTRACT, MINHASH, OURS, TRIGRAMS, report
from bench.store.peers import Extract, Trigrams
from bench.store.server import server
from local.postgres import EmbeddedPostgres

BANS = 300


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A few queries, and a cache of our own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(lookup, "_EACH_ROUND", {OURS: 8, EXTRACT: 2, TRIGRAMS: 8})
    monkeypatch.setattr(lookup, "_JUDGED", {OURS: 42, EXTRACT: 42, TRIGRAMS: 42})
    monkeypatch.setattr(lookup, "_ALONE", 8)


async def test_contenders_are_measured_side_by_side() -> None:
    found = await report(BANS, 2, frozenset({MINHASH, TRIGRAMS}))
    rows = {row.contender: row for row in found.rows}
    assert set(rows) == {OURS, EXTRACT}
    assert all(row.lookups_a_core_second > 0 for row in rows.values())
    assert rows[OURS].recall > 0.5
    assert rows[OURS].slower == 1.0
    assert found.ingest.bans == BANS
    assert sum(found.bytes_a_ban.values()) == rows[OURS].bytes_a_ban
    assert found.churned < 1.1
    assert "samehand" in lookup.table(found)
    assert "ingest" in lookup.summary(found)


async def test_trigrams_find_what_shares_letters_in_any_script(postgres: EmbeddedPostgres) -> None:
    """The fixture says in one line that PostgreSQL is not there."""
    found = await report(BANS, 1, frozenset({MINHASH, EXTRACT}))
    trigrams = {row.contender: row for row in found.rows}[TRIGRAMS]
    assert 0.5 < trigrams.recall <= 1.0
    assert trigrams.bytes_a_ban
    names = [BannedNames("x", name, "") for name in ("umar_media", "قناة_النصر", "новости_дня")]
    with closing(Trigrams(postgres.make("trigrams_in_a_test"))) as peer:
        peer.fill(names)
        assert peer.ask([BannedNames("x", "Umar_Media_2", "")]) == [[0]]


async def test_a_server_is_filled_once_and_answers_the_same_again() -> None:
    first, again = [await report(BANS, 2, frozenset({MINHASH, TRIGRAMS})) for _ in range(2)]
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
    peer = Extract()
    peer.fill(bans)
    for ask in (peer.ask, peer.matrix):
        assert [several[0] for several in ask(queries)] == [0, 1, 2, 3, 4]


def test_a_server_tells_its_bytes_and_seconds() -> None:
    with server() as one:
        before = one.bytes_used()
        one.client.set("s{0}:b:pabcd", b"x" * 1_000)
        assert one.bytes_used() >= before + 1_000
        ((part, (keys, size)),) = one.bytes_by_part().items()
        assert (part, keys) == ("p", 1)
        assert size > 1_000
        assert one.cpu_seconds() > 0
        assert one.version()
