"""Who of many that share a value is listed, and of which values it is known who is not."""

from __future__ import annotations

from samehand.keys import KeyKind, falls_silent, key_of
from store.common.crowd import CLUSTER_BYTES, Crowd, by_kind, cluster_tag, naming_keys
from store.limits import LISTED_LATER, NAMING_KINDS, WAITING_MAX
from tests.house import ROOT


def test_only_what_names_a_person_or_a_machine_is_told_by_value() -> None:
    keys = [key_of(kind, b"0123456789") for kind in KeyKind]
    assert naming_keys(keys) == [key_of(kind, b"0123456789") for kind in KeyKind if kind in NAMING_KINDS]


def test_counts_are_summed_by_kind_and_none_is_left_out() -> None:
    one, two = key_of(KeyKind.DEVICE, b"1"), key_of(KeyKind.DEVICE, b"2")
    assert by_kind([(one, 2), (two, 3), (key_of(KeyKind.EMAIL, b"3"), 0)]) == {KeyKind.DEVICE: 5}


def test_the_scripts_know_the_same_kinds_and_caps() -> None:
    """Lua has no way to read Python's lists."""
    script = (ROOT / "store/redis/lua/common.lua").read_text("utf-8")
    listed = ", ".join(f"[{kind:d}] = true" for kind in sorted(NAMING_KINDS))
    assert f"local NAMING = {{{listed}}}" in script
    assert f"local LATER, WAITING = {LISTED_LATER}, {WAITING_MAX} " in script
    assert f"local CLUSTER = {CLUSTER_BYTES}\n" in script
    assert "local function silent(kind) return kind < 32 and kind ~= 1 end" in script
    assert all(falls_silent(kind) == (kind < 32 and kind != 1) for kind in KeyKind)


def test_the_cluster_that_takes_most_places_gives_one_up() -> None:
    crowd, posting = Crowd(), {f"first{n}": None for n in range(60)}
    for number in range(LISTED_LATER):
        crowd.come(f"farm{number}", b"aa", posting, 60, again=False)
    assert crowd.come("stranger", b"bb", posting, 60, again=False)
    assert list(crowd.waiting) == ["farm14"]  # in the middle of those from one network
    for number in range(LISTED_LATER, 600):
        assert crowd.come(f"farm{number}", b"aa", posting, 60, again=False)
    assert {"stranger", "farm0", "farm599"} <= posting.keys()
    assert len(posting) == 60 + LISTED_LATER
    assert crowd.not_listed == 601 - LISTED_LATER


def test_of_strangers_the_oldest_and_the_newest_are_listed() -> None:
    crowd, posting = Crowd(), {f"first{n}": None for n in range(60)}
    for number in range(600):
        crowd.come(str(number), number.to_bytes(2, "big"), posting, 60, again=False)
    half = LISTED_LATER // 2
    later = [*range(half), *range(600 - half, 600)]
    assert [*posting][60:] == [str(number) for number in later]


def test_whoever_waits_is_listed_once_somebody_leaves() -> None:
    crowd, posting = Crowd(), {f"first{n}": None for n in range(60)}
    for number in range(LISTED_LATER + 1):
        crowd.come(str(number), b"aa", posting, 60, again=False)
    (waiting,) = crowd.waiting
    del posting["first7"]
    crowd.leave("first7", posting, 60)
    assert waiting in posting
    assert crowd.not_listed == 0


def test_an_account_is_told_by_its_network_else_by_its_device_else_by_itself() -> None:
    device, network = key_of(KeyKind.DEVICE, b"a device's"), key_of(KeyKind.PREFIX, b"a network's")
    assert cluster_tag([device, network], b"its tag") == b"'s"
    assert cluster_tag([key_of(KeyKind.PREFIX, b"12"), device], b"its tag") == b"12"
    assert cluster_tag([key_of(KeyKind.DEVICE, b"34")], b"its tag") == b"34"
    assert cluster_tag([key_of(KeyKind.EMAIL, b"56")], b"its tag") == b"ag"
