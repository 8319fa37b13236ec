"""What a store lists is read as it lies there, and a posting is left out where no look-up reads it."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from bench.index.population import BannedNames
from bench.rebuild.comparison import ReadSpots, listed, read_up_to, spots_of
from bench.store.bans import BANNED_AT, a_layout, a_store, by_handle
from bench.store.server import server
from samehand.keys import NAME_POSTING_CAP, SHORT_POSTING_CAP, KeyKind, key_of
from store.common.records import keys_of_fingerprints
from store.limits import SILENT_LISTS

HANDLES = [f"umarmedia{one}{other}" for one in "bcdfghjklmnpqr" for other in "klmnpqrstv"]


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


def test_a_spot_is_read_as_far_as_whichever_of_its_keys_reads_most() -> None:
    read = read_up_to(
        [ReadSpots(np.array([7, 9]), np.array([2, 5])), ReadSpots(np.array([9, 3]), np.array([4, 1]))]
    )
    assert (read.spots.tolist(), read.most.tolist()) == ([3, 7, 9], [1, 2, 5])


def test_names_are_read_up_to_their_caps_and_personal_values_always() -> None:
    kinds = [KeyKind.NAMING_RUN, KeyKind.NAME_WORD, KeyKind.DEVICE]
    read = ReadSpots.of(a_layout(4), [key_of(kind, b"umar") for kind in kinds])
    assert read.most.tolist() == [SHORT_POSTING_CAP, NAME_POSTING_CAP, np.iinfo(np.int64).max]
