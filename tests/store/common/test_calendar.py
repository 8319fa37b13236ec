"""What counts of a ban, and that counting it no more leaves nothing of it."""

from __future__ import annotations

import struct

from hypothesis import given
from hypothesis import strategies as st

from store.common.calendar import BanTimes, Dated, calendars, dated_in
from store.common.key_digests import Addresses
from store.common.records import ban_quote, frame_of
from tests.store.makers import DAY, IDENTITY, NOW, a_ban

TODAY = int(NOW // DAY)
DATED = st.builds(
    Dated,
    st.integers((TODAY - 50) * 1_440, (TODAY + 1) * 1_440 - 1),
    st.booleans(),
    st.sampled_from(["", "spam", "terror"]),
    st.sampled_from([b"", b"one...", b"other."]),
)


def test_what_counts_is_read_from_a_stored_ban_as_it_was_when_it_was_enrolled() -> None:
    root = Addresses(IDENTITY).account("x:1").raw
    for traits, founder in (
        ({"ip": "39.40.1.2", "device_id": "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"}, None),
        ({"device_id": "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"}, None),
        ({}, None),
        ({"ip": "39.40.1.2"}, None),
        ({"ip": "39.40.1.2"}, root),
    ):
        ban = a_ban("9", policy="spam", at=NOW - 0.5, **traits)  # type: ignore[arg-type]  # texts alone
        dated = Dated.of(ban.fingerprints[0], "spam", founder)
        assert dated is not None
        assert bool(dated.cluster) == bool(founder or "device_id" in traits)
        assert dated_in(frame_of(b"tag.", ban.fingerprints, None), ban_quote(ban.facts, founder)) == dated


def test_a_midnight_is_a_day_and_no_moment_is_nothing() -> None:
    midnight, never = a_ban("1", at=NOW - NOW % DAY), a_ban("2", at=None)
    dated = Dated.of(midnight.fingerprints[0], None, None)
    assert dated == Dated(TODAY * 1_440, True, "", b"")
    assert Dated.of(never.fingerprints[0], None, None) is None


def test_a_record_of_another_version_never_counted() -> None:
    ban = a_ban("1")
    frame = bytearray(frame_of(b"tag.", ban.fingerprints, None))
    frame[5] = 255
    assert dated_in(bytes(frame), ban_quote(ban.facts, None)) is None


def test_for_the_scripts_it_is_packed_with_its_policy_last() -> None:
    dated = Dated(29_833_333, True, "spam", b"abcdef")
    assert dated.packed == struct.pack(">IBB", 29_833_333, 1, 6) + b"abcdefspam"


@given(st.lists(DATED, max_size=30), st.data())
def test_who_was_counted_and_then_no_more_leaves_nothing(bans: list[Dated], data: st.DataObject) -> None:
    times, now = BanTimes(), NOW
    times.turn(now)
    for dated in bans:
        times.add(dated)
        now += data.draw(st.sampled_from([0.0, 60.0, 3 * DAY]))
        times.turn(now)
    for dated in data.draw(st.permutations(bans)):
        times.remove(dated)
        now += data.draw(st.sampled_from([0.0, 3 * DAY]))
        times.turn(now)
    assert not times.counted


@given(st.lists(DATED, max_size=30))
def test_days_hold_what_minutes_and_hours_hold(bans: list[Dated]) -> None:
    times = BanTimes()
    for dated in bans:
        times.add(without_policy(dated))
    counts = calendars([(TODAY, 0, times.counted)]).by_policy.get("")
    distinct = {(one.minute // 60, one.day_only, one.cluster) for one in bans if one.cluster}
    assert (counts.bans if counts else 0) == len(distinct) + sum(not one.cluster for one in bans)


def without_policy(dated: Dated) -> Dated:
    """The same ban under no policy."""
    return dated._replace(policy="")
