"""Which keys tell by value whom a full posting turned away."""

from __future__ import annotations

from samehand.keys import KeyKind, key_of
from store.common.turned_away import by_kind, naming_keys
from store.limits import NAMING_KINDS
from tests.house import ROOT


def test_only_what_names_a_person_or_a_machine_is_told_by_value() -> None:
    keys = [key_of(kind, b"0123456789") for kind in KeyKind]
    assert naming_keys(keys) == [key_of(kind, b"0123456789") for kind in KeyKind if kind in NAMING_KINDS]


def test_counts_are_summed_by_kind_and_none_is_left_out() -> None:
    one, two = key_of(KeyKind.DEVICE, b"1"), key_of(KeyKind.DEVICE, b"2")
    assert by_kind([(one, 2), (two, 3), (key_of(KeyKind.EMAIL, b"3"), 0)]) == {KeyKind.DEVICE: 5}


def test_the_scripts_note_the_same_kinds() -> None:
    """Lua has no way to read Python's list."""
    script = (ROOT / "store/redis/lua/common.lua").read_text("utf-8")
    listed = ", ".join(f"[{kind:d}] = true" for kind in sorted(NAMING_KINDS))
    assert f"local NAMING = {{{listed}}}" in script
