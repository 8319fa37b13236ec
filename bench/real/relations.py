"""How real evaders' handles resemble their banned ones, made from any handle: four relations.

They are those by which a study of real evaders found about a quarter of the pairs: the same stem with other
digits, a whole word kept, a beginning and nearly all letters kept (Jaro-Winkler), a run of letters kept.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from random import Random

from simulate.sampling import below, one_of

Relation = Callable[[Random, str, str], str | None]
"""(generator, handle, another person's handle) to a mirror's handle, or ``None`` where it does not apply."""

_WORD_MIN, _RUN_MIN, _PREFIX_KEPT, _TYPO_MIN = 4, 5, 4, 7
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_WORDS = re.compile(r"[a-z]+", re.IGNORECASE)


def same_stem(rng: Random, handle: str, other: str) -> str | None:
    """Other digits behind the stem."""
    stem = handle.rstrip("0123456789")
    if sum(map(str.isalpha, stem)) < _WORD_MIN:
        return None
    made = stem + "".join(str(below(rng, 10)) for _ in range(1 + below(rng, 4)))
    return None if made == handle else made


def contained_word(rng: Random, handle: str, other: str) -> str | None:
    """The longest word kept, another's word put before or behind it."""
    word, added = _longest_word(handle), _longest_word(other)
    if len(word) < _WORD_MIN or len(added) < _WORD_MIN or word.lower() == added.lower():
        return None
    gap = one_of(rng, ("", "_", "-", "."))
    return gap.join((word, added) if below(rng, 2) else (added, word))


def nearly_all_letters(rng: Random, handle: str, other: str) -> str | None:
    """One letter exchanged behind the beginning."""
    places = [place for place in range(_PREFIX_KEPT, len(handle)) if handle[place].isalpha()]
    if len(handle) < _TYPO_MIN or not places:
        return None
    place = one_of(rng, places)
    letter = one_of(rng, [letter for letter in _LETTERS if letter != handle[place].lower()])
    return handle[:place] + letter + handle[place + 1 :]


def kept_run(rng: Random, handle: str, other: str) -> str | None:
    """Five to seven letters in a row kept, and letters of another's handle around them."""
    word, rest = _longest_word(handle), _longest_word(other)
    if len(word) <= _RUN_MIN or len(rest) < _WORD_MIN:
        return None
    length = min(_RUN_MIN + below(rng, 3), len(word) - 1)
    start = below(rng, len(word) - length + 1)
    cut = 1 + below(rng, len(rest) - 1)
    return rest[:cut] + word[start : start + length] + rest[cut:]


def _longest_word(handle: str) -> str:
    return max(_WORDS.findall(handle), key=len, default="")


RELATIONS: Mapping[str, Relation] = {
    "same_stem": same_stem,
    "contained_word": contained_word,
    "nearly_all_letters": nearly_all_letters,
    "kept_run": kept_run,
}
