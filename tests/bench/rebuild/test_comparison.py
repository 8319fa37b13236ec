"""What two stores do not have in common is noticed, whatever it is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from dataclasses import asdict

import pytest

from bench.index.population import BannedNames
from bench.rebuild.comparison import Filled, compared
from bench.store.bans import BANNED_AT, a_layout, a_store, by_handle
from bench.store.server import server
from samehand.fingerprint.distil import query_keys
from samehand.keys import SHORT_POSTING_CAP
from store.base import Ban, Query
from store.limits import SILENT_LISTS

pytestmark = pytest.mark.journey
BANS = 100
HANDLES = [f"umarmedia{one}{other}" for one in "bcdfghjklmnpqr" for other in "klmnpqrstv"]


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
    told = [by_handle(number, BannedNames("telegram", handle, "")) for number, handle in enumerate(handles)]
    return told[::-1] if backwards else told


def asks(handle: str) -> Query:
    (ban,) = bans([handle])
    return Query("nobody", tuple(query_keys(ban.fingerprints[0])))


async def differs(two: tuple[Filled, Filled], *queries: Query) -> dict[str, int]:
    found = asdict(await compared(*two, a_layout(BANS), queries))
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


async def test_whom_a_name_lists_that_nobody_reads_is_counted_apart(two: tuple[Filled, Filled]) -> None:
    assert len(HANDLES) > SILENT_LISTS * SHORT_POSTING_CAP
    old, new = two
    await old.store.enrol(bans(HANDLES), now=BANNED_AT)
    await new.store.enrol(bans(HANDLES, backwards=True), now=BANNED_AT)
    asked = [asks(HANDLES[0]), asks(HANDLES[-1]), asks("nadia.rahman")]
    found = await compared(old, new, a_layout(BANS), asked)
    assert found.same
    assert 0 < found.silent_differing <= found.silent


async def test_a_name_that_one_store_alone_is_silent_about_is_noticed(two: tuple[Filled, Filled]) -> None:
    old, new = two
    await old.store.enrol(bans(HANDLES[: SHORT_POSTING_CAP + 1]), now=BANNED_AT)
    await new.store.enrol(bans(HANDLES[:SHORT_POSTING_CAP]), now=BANNED_AT)
    found = await compared(old, new, a_layout(BANS), [])
    assert found.silent == 0
    assert found.postings_differing > 0
