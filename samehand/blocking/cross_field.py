"""The blocking keys of display names that a query tries for a handle, and the reverse.

No account is listed under further keys for this: a query tries the keys that the other field lists anyway.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import Final

from samehand.blocking.spellings import CONSONANTS_MIN, CORE_LENGTH_MIN, cores, stems, tried_letters
from samehand.frequency.name_prior import decoration
from samehand.keys import Key, KeyKind, key_of, keys_of
from samehand.names.handle_words import handle_sounds, handle_words
from samehand.names.word import Word

_WORDS_MAX: Final = 4  # words of a handle or a name that are paired; more are a slogan
_WORD_LENGTH_MIN: Final = 5  # letters of one word of a name that may be the whole handle


def keys_of_names(handle: Word, alternates: Iterable[str]) -> list[Key]:
    """The keys under which a display name would be listed that this handle spells."""
    spelt = [handle.base, *alternates, *cores(handle.base, handle.tokens), *stems(handle.base)]
    keys = keys_of(KeyKind.NAME_WORD, [base for base in spelt if len(base) >= CORE_LENGTH_MIN])
    keys += keys_of(KeyKind.NAME_LETTERS, tried_letters("".join(handle.tokens) or handle.base))
    telling = sorted({word for word in handle_words(handle) if not decoration(word)})[:_WORDS_MAX]
    if len(telling) > 1:
        keys.append(key_of(KeyKind.NAME_TOKENS, " ".join(telling).encode()))
        keys += keys_of(KeyKind.NAME_PAIR, map(" ".join, combinations(telling, 2)))
    sound = "".join(sorted(handle_sounds(handle)))
    if len(sound) >= CONSONANTS_MIN:
        keys.append(key_of(KeyKind.NAME_CONSONANTS, sound.encode()))
    return keys


def keys_of_handles(name: Word) -> list[Key]:
    """The keys under which a handle would be listed that spells this display name."""
    telling = [word for word in name.tokens if len(word) >= _WORD_LENGTH_MIN and not decoration(word)]
    spelt = [name.base, *cores(name.base, name.tokens), *telling, *stems(name.base)]
    keys = keys_of(KeyKind.HANDLE_WORD, spelt)
    keys += keys_of(KeyKind.HANDLE_SORTED, tried_letters("".join(name.tokens) or name.base))
    if len(name.consonants) >= CONSONANTS_MIN:
        keys.append(key_of(KeyKind.HANDLE_CONSONANTS, name.consonants.encode()))
    return keys
