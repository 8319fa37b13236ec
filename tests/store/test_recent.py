"""Of the latest bans the moment is known, and of all others that they are no younger than the horizon."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from store.recent import Recent
from store.redis.hits import place_of
from store.redis.recents import KnownRecents, Recents

BANS = st.lists(st.tuples(st.integers(0, 30), st.none() | st.integers(1, 50)), max_size=60)


def enrolled(bans: list[tuple[int, int | None]], room: int = 8) -> Recent:
    """What is known once they were enrolled in this order."""
    recent = Recent(room)
    for account, moment in bans:
        recent.put(str(account), None if moment is None else float(moment))
    return recent


@given(BANS)
def test_no_ban_is_younger_than_is_said_of_it(bans: list[tuple[int, int | None]]) -> None:
    recent = enrolled(bans)
    for account, moment in dict(bans).items():  # the last of each account stands
        latest, perhaps_none = recent.newest(str(account))
        assert perhaps_none if moment is None else moment <= latest


@given(BANS)
def test_no_more_are_kept_than_there_is_room_for(bans: list[tuple[int, int | None]]) -> None:
    assert len(enrolled(bans).moments) <= 8


def test_it_does_not_hang_on_the_order_in_which_they_are_enrolled() -> None:
    """As a rebuild reads them: what was banned last is known, wherever it stood."""
    recent = enrolled([(n, 100 + 37 * n % 50) for n in range(50)])
    assert recent.horizon >= 140
    for account in range(50):
        moment = 100 + 37 * account % 50
        assert recent.newest(str(account))[0] == max(moment, recent.horizon)


def test_bans_from_old_lists_take_no_place_of_later_ones() -> None:
    recent = enrolled([(n, 100 + n) for n in range(9)])
    before = list(recent.moments)
    recent.put("old", 50.0)
    assert recent.moments == before
    assert recent.newest("old") == (recent.horizon, False)


@given(st.lists(BANS, min_size=1, max_size=3))
def test_what_redis_keeps_of_it_reads_the_same(shards: list[list[tuple[int, int | None]]]) -> None:
    known = [enrolled(bans) for bans in shards]
    packed = [
        int(one.horizon).to_bytes(4, "big")
        + bytes((one.undated,))
        + b"".join(int(at).to_bytes(4, "big") + int(slot).to_bytes(3, "big") for slot, at in one.moments)
        for one in known
    ]
    asked = [(shard, slot) for shard in range(len(shards)) for slot in range(31)]
    latest, unknown = Recents.of(packed).newest(np.array([place_of(*one) for one in asked]))
    told = list(zip(latest.tolist(), unknown.tolist(), strict=True))
    assert told == [known[shard].newest(str(slot)) for shard, slot in asked]


def test_where_nothing_is_kept_nothing_is_known() -> None:
    latest, unknown = Recents.of([b""]).newest(np.array([place_of(0, 3)]))
    assert (latest.tolist(), unknown.tolist()) == ([0.0], [False])


def test_what_has_not_changed_is_read_once() -> None:
    known = KnownRecents(1)
    first = bytes(5) + bytes(range(7))
    known.learn(0, known.known(0).with_rest(0, first))
    read = known.read([first])
    asked = known.known(0)
    assert (asked.length, asked.mark) == (12, bytes(4) + bytes(range(7)))
    same = asked.with_rest(12, first[:5])
    assert same is first
    assert known.read([same]) is read
    assert asked.with_rest(12, b"\0\0\0\0\1" + bytes(7)) == b"\0\0\0\0\1" + first[5:] + bytes(7)


def test_where_not_one_entry_is_known_all_is_asked_for() -> None:
    known = KnownRecents(1)
    known.learn(0, bytes(5))
    assert known.known(0).length == 0
