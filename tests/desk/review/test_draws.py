"""What is read blind is drawn evenly and stays drawn."""

from __future__ import annotations

import pytest

from desk.review import draws

KEY = b"k" * 32


def test_about_the_share_that_was_asked_for_is_blind_and_another_key_draws_others() -> None:
    ids = [f"{number:032x}" for number in range(4_000)]
    ours = {one for one in ids if draws.is_blind(KEY, one)}
    assert 0.13 < len(ours) / len(ids) < 0.17
    others = {one for one in ids if draws.is_blind(b"j" * 32, one)}
    assert 0.01 < len(ours & others) / len(ids) < 0.04  # .15 squared


def test_being_blind_says_nothing_of_being_read_twice() -> None:
    ids = [f"{number:032x}" for number in range(8_000)]
    blind = [one for one in ids if draws.is_blind(KEY, one)]
    assert 0.16 < sum(draws.needs_second_reader(KEY, one) for one in blind) / len(blind) < 0.24


def test_ids_that_read_alike_side_by_side_are_drawn_apart() -> None:
    assert draws.uniform(KEY, "x", "ab", "c") != draws.uniform(KEY, "x", "a", "bc")


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="3 bytes; it takes 16"):
        draws.is_blind(b"abc", "1")
