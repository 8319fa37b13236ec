"""What is kept is worked out once, for each instance by itself."""

from __future__ import annotations

import msgspec

from samehand.names.cached_property import kept


class Word(msgspec.Struct, frozen=True, dict=True):
    text: str

    @kept
    def letters(self) -> list[str]:
        """Its letters, in a list of its own."""
        return sorted(self.text)


def test_it_is_worked_out_once_and_for_each_by_itself() -> None:
    one, other = Word("ab"), Word("ba")
    assert one.letters is one.letters
    assert one.letters == other.letters
    assert one.letters is not other.letters


def test_what_is_kept_takes_no_part_in_equality() -> None:
    one, other = Word("ab"), Word("ab")
    assert one.letters
    assert one == other
    assert hash(one) == hash(other)


def test_the_class_shows_its_docstring() -> None:
    assert isinstance(Word.letters, kept)
    assert Word.letters.__doc__ == "Its letters, in a list of its own."
