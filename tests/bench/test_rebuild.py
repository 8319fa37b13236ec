"""A rebuilt store answers as the old one did: `python -m bench.rebuild` on a thousand bans."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import pytest

from bench.index.population import Held, population
from bench.rebuild import Compacted, Filled, History, compared, rebuilt, table
from bench.store.bans import BANNED_AT, a_layout, a_store, by_handle
from bench.store.server import server
from samehand.fingerprint import query_keys
from store.base import Ban, Query

pytestmark = pytest.mark.journey
BANS = 100


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A cache of our own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


async def test_a_store_rebuilt_while_a_worker_runs_is_the_old_one() -> None:
    found = await rebuilt(1_000, queries=200)
    assert found.same, found
    assert found.fingerprints == 1_000 - 1_000 // 50 + 1_000 // 50, "less the reinstated, and the new ones"
    assert found.queries >= 150
    assert found.postings > 10_000
    assert 0 < found.resumed_after < 1_000, "it was broken off and went on"
    assert found.records == 1_000, "none was read twice"
    assert found.lookups_meanwhile > 0
    assert found.enrolled_meanwhile >= 1_000 // 50
    assert "| fingerprints | 1,000 | 0 | all of them |" in table(found)


@pytest.fixture
async def two() -> AsyncIterator[tuple[Filled, Filled]]:
    """Two empty stores."""
    with server() as one, server() as other:
        both = Filled(a_store(one, BANS), one), Filled(a_store(other, BANS), other)
        for each in both:
            await each.store.open()
        yield both
        for each in both:
            await each.store.close()


def bans(handles: Iterable[str], *, backwards: bool = False) -> list[Ban]:
    told = [by_handle(number, Held("telegram", handle, "")) for number, handle in enumerate(handles)]
    return told[::-1] if backwards else told


def asks(handle: str) -> Query:
    (ban,) = bans([handle])
    return Query("nobody", tuple(query_keys(ban.fingerprints[0])))


async def differs(two: tuple[Filled, Filled], *queries: Query) -> dict[str, int]:
    found = await compared(*two, a_layout(BANS), iter(()), queries)
    return {name: count for name, count in found.items() if name.endswith("_differing") and count}


async def test_a_ban_that_one_store_lacks_is_noticed_everywhere(two: tuple[Filled, Filled]) -> None:
    old, new = two
    await old.store.enrol(bans(["umar_media", "nadia.rahman"]), now=BANNED_AT)
    await new.store.enrol(bans(["umar_media"]), now=BANNED_AT)
    found = await differs(two, asks("nadia.rahman"), asks("nadia_rahmann"))
    assert found["fingerprints_differing"] == 1
    assert found["postings_differing"] > 10
    assert found["queries_differing"] == 2


async def test_a_posting_that_one_store_lost_is_noticed(two: tuple[Filled, Filled]) -> None:
    for each in two:
        await each.store.enrol(bans(["umar_media", "nadia.rahman"]), now=BANNED_AT)
    assert await differs(two, asks("umar_media")) == {}
    (name, *_) = two[1].server.client.scan_iter(match=b"samehand:{0}:b:p*")
    two[1].server.client.delete(name)
    assert (await differs(two, asks("umar_media")))["postings_differing"] > 0


async def test_whom_an_overflowing_value_lists_is_counted_apart(two: tuple[Filled, Filled]) -> None:
    old, new = two
    several = [f"umarmedia{one}{other}" for one in "bcdfghj" for other in "klmnpqrstv"]
    await old.store.enrol(bans(several), now=BANNED_AT)
    await new.store.enrol(bans(several, backwards=True), now=BANNED_AT)
    layout, asked = a_layout(BANS), [asks(several[0]), asks(several[-1]), asks("nadia.rahman")]
    found = await compared(old, new, layout, iter(()), asked)
    assert (found["postings_differing"], found["queries_differing"]) == (0, 0)
    assert found["overflowing_differing"] > 0
    assert found["queries_overflowing"] == 2
    assert found["queries_overflowing_differing"] == 0, "nobody reads them"


def test_compaction_leaves_the_last_word_on_each_account() -> None:
    history = History(population("diverse", 60))
    last = {one.key: one.value for one in history.told(range(60))}
    topic = Compacted(history, range(60))
    earlier = {one.value for one in history.told(range(60))} - set(last.values())
    assert {one.value for one in history.gone(range(60))} == earlier, "and what no store knows of any more"
    left = [one for partition in topic.partitions("t") for one in topic.read("t", partition)]
    assert {one.key: one.value for one in left} == last
    assert len(left) == len(last) == 60
    assert None in last.values()
