"""Pages on two accounts, and the desk's environment."""

from __future__ import annotations

import pytest

from desk.web.compare import PIECES_MAX, Piece, compare
from desk.web.environment import percent

# Two values side by side.


def told(pieces: tuple[Piece, ...]) -> str:
    return "".join(f"[{one.text}]" if one.kind == "other" else one.text for one in pieces)


def test_letters_that_differ_are_marked_on_both_sides() -> None:
    found = compare("handle", "x", "omar_khan2", "umar_khan")
    assert (told(found.ours), told(found.theirs)) == ("[o]mar_khan[2]", "[u]mar_khan")
    assert not found.same


def test_values_that_barely_agree_are_shown_plain() -> None:
    found = compare("bio", "x", "Photos of mountain villages.", "Cricket, tea and long walks home")
    assert "[" not in told(found.ours) + told(found.theirs)
    assert not found.same


def test_half_of_a_value_is_enough_to_mark_the_rest() -> None:
    found = compare("handle", "x", "omarkhan", "omarshah")
    assert told(found.ours) == "omar[k]ha[n]"


def test_letters_that_look_alike_are_told_by_what_they_are_read_as() -> None:
    found = compare("name", "x", "Оmar", "Omar")  # the first letter of the first is Cyrillic
    assert told(found.ours) == "[О]mar"
    assert (found.ours_read, found.theirs_read) == ("omar", "")


def test_what_nobody_sees_is_named() -> None:
    [_, unseen, _] = compare("bio", "x", "a\u202eb", "").ours
    assert (unseen.kind, unseen.text, unseen.name) == ("unseen", "U+202E", "right-to-left override")


def test_towers_of_marks_and_endless_alternation_stay_bounded() -> None:
    tall = compare("name", "x", "a" + "\u0301" * 900, "a").ours
    assert sum(len(one.text) for one in tall) <= 4
    rapid = compare("bio", "x", "ab" * 500, "ac" * 500)
    assert max(len(rapid.ours), len(rapid.theirs)) <= PIECES_MAX


def test_a_value_of_half_a_character_is_shown() -> None:
    assert compare("name", "x", "\ud800", "x").ours[0].text == "U+D800"


# What templates call.


@pytest.mark.parametrize(
    ("probability", "told"),
    [(1.0, "> 99.9 %"), (0.99996, "> 99.9 %"), (0.93, "93.0 %"), (0.0004, "< 0.1 %"), (0.0, "< 0.1 %")],
)
def test_a_probability_is_never_told_as_certain(probability: float, told: str) -> None:
    assert percent(probability) == told
