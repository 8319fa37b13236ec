"""The blocking keys of display names that a query tries for a handle, and the reverse.

No account is listed under further keys for this: a query tries the keys that the other field lists anyway.
"""

from __future__ import annotations

from typing import Final

from samehand.blocking.spellings import CONSONANTS_MIN, cores, letters
from samehand.frequency.name_prior import decoration
from samehand.keys import Key, KeyKind, key_of, keys_of
from samehand.names.handle_words import handle_sounds, handle_words
from samehand.names.word import Word

_WORDS_MAX: Final = 4  # words of a handle that are keyed together; more are a slogan


def keys_of_names(handle: Word) -> list[Key]:
    """The keys under which a display name would be listed that this handle spells."""
    keys = keys_of(KeyKind.NAME_WORD, [handle.base, *cores(handle.base, handle.tokens)])
    keys += keys_of(KeyKind.NAME_LETTERS, letters("".join(handle.tokens) or handle.base)[:1])
    telling = sorted({word for word in handle_words(handle) if not decoration(word)})[:_WORDS_MAX]
    if len(telling) > 1:
        keys.append(key_of(KeyKind.NAME_TOKENS, " ".join(telling).encode()))
    sound = "".join(sorted(handle_sounds(handle)))
    if len(sound) >= CONSONANTS_MIN:
        keys.append(key_of(KeyKind.NAME_CONSONANTS, sound.encode()))
    return keys


def keys_of_handles(name: Word) -> list[Key]:
    """The keys under which a handle would be listed that spells this display name."""
    keys = keys_of(KeyKind.HANDLE_WORD, [name.base, *cores(name.base, name.tokens)])
    keys += keys_of(KeyKind.HANDLE_SORTED, letters("".join(name.tokens) or name.base)[:1])
    if len(name.consonants) >= CONSONANTS_MIN:
        keys.append(key_of(KeyKind.HANDLE_CONSONANTS, name.consonants.encode()))
    return keys
