"""What a store lists is read as it lies there, and overflows where more were told than may be listed."""

from __future__ import annotations

import numpy as np
import pytest

from bench.index.population import Held
from bench.store.bans import BANNED_AT, a_layout, a_store, by_handle
from bench.store.listing import Listed, Rows, differences, listed, overflowing, rows, spots_of
from bench.store.server import server
from samehand.keys import Key
from store.records import keys_of_fingerprints

pytestmark = pytest.mark.journey
HANDLES = [f"umarmedia{one}{other}" for one in "bcdfghj" for other in "klmnpqrstv"]


async def test_a_store_lists_what_its_bans_say() -> None:
    told = [by_handle(number, Held("telegram", handle, "")) for number, handle in enumerate(HANDLES)]
    keys = [keys_of_fingerprints(ban.fingerprints) for ban in told]
    layout = a_layout(len(told))
    with server() as running:
        store = a_store(running, len(told))
        await store.open()
        await store.enrol(told, now=BANNED_AT)
        found = listed(running, layout)
        await store.close()
    crowded = overflowing(rows(layout, keys))
    assert len(crowded) > 0, "all share their first letters"
    pairs = {
        (spot, int.from_bytes(layout.addresses.account(ban.account).tag, "big"))
        for ban, own in zip(told, keys, strict=True)
        for spot in spots_of(layout, own).tolist()
    }
    lists = set(zip(found.spots.tolist(), found.tags.tolist(), strict=True))
    assert lists < pairs
    assert {spot for spot, _ in pairs - lists} == set(crowded.tolist()), "all but what did not fit"


def test_a_value_overflows_by_the_account_after_its_cap() -> None:
    told = Rows(np.array([7, 9, 7, 7, 9, 5]), np.array([2, 2, 2, 2, 2, 1], np.uint16))
    assert overflowing(told).tolist() == [7]


def test_postings_are_compared_as_sets() -> None:
    one = Listed(np.array([1, 1, 2, 3]), np.array([10, 11, 10, 12], np.uint32))
    other = Listed(np.array([3, 1, 1, 4]), np.array([12, 11, 10, 10], np.uint32))
    found = differences(one, other)
    assert (found.postings, found.spots.tolist()) == (4, [2, 4])


def test_keys_of_one_place_stand_there_once() -> None:
    layout = a_layout(4)
    assert len(rows(layout, [[Key(b"\x01umar"), Key(b"\x01umar")], [Key(b"\x01umar")]]).spots) == 2
