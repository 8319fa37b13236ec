"""Blocking keys of single words: a rare word kept is how two names without another key in common meet.

`gulzar_writes` and `Gulzar the poet` share no skeleton, no letters and no pair of words. Handles and display
names list their words under one kind of key, so that either finds the other.
"""

from __future__ import annotations

from typing import Final

from samehand.commonness import bits, decoration
from samehand.crossing_keys import handle_words
from samehand.keys import Key, KeyKind, keys_of
from samehand.word import Word

# Six bytes a word and ban: the two rarest of both names.
_LISTED_MAX: Final = 2
_TRIED_MAX: Final = 8
_LENGTH_MIN: Final = 4
# One bearer in 512: the posting of a commoner word is full of strangers.
_BITS_MIN: Final = 9.0


def listed_words(handle: Word | None, name: Word | None) -> list[Key]:
    """The keys under which an account is enrolled: its rarest words, but none that is a whole name."""
    whole = {one.base for one in (handle, name) if one is not None}
    words = [word for word in _telling(handle, name) if word not in whole]
    return keys_of(KeyKind.NAMING_WORD, words[:_LISTED_MAX])


def tried_words(handle: Word | None, name: Word | None) -> list[Key]:
    """What a query tries: its words as parts of a banned name, and as a whole one."""
    words = _telling(handle, name)[:_TRIED_MAX]
    kinds = (KeyKind.NAMING_WORD, KeyKind.HANDLE_WORD, KeyKind.NAME_WORD)
    return [key for kind in kinds for key in keys_of(kind, words)]


def _telling(handle: Word | None, name: Word | None) -> list[str]:
    """The words worth a key, the rarest first."""
    spelt = (handle.base, *handle_words(handle)) if handle and len(handle.tokens) < 2 else ()
    words = dict.fromkeys([*spelt, *(handle.tokens if handle else ()), *(name.tokens if name else ())])
    telling = [word for word in words if len(word) >= _LENGTH_MIN and not decoration(word)]
    return sorted((word for word in telling if bits(word) >= _BITS_MIN), key=lambda word: (-bits(word), word))
