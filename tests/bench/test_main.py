"""The command writes its tables where they belong."""

from __future__ import annotations

import pytest

from bench.__main__ import filled

NOTE = "before\n<!-- memory -->\nold\n<!-- /memory -->\nafter\n"


def test_a_table_takes_the_place_of_the_last_one() -> None:
    assert filled(NOTE, {"memory": "a\nb"}) == "before\n<!-- memory -->\na\nb\n<!-- /memory -->\nafter\n"


def test_a_note_without_a_place_for_it_is_refused() -> None:
    with pytest.raises(ValueError, match="lookups"):
        filled(NOTE, {"lookups": ""})
