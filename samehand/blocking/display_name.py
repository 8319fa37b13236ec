"""The blocking keys under which a display name is listed, and the further ones that a query tries.

The query guesses which of its words were added.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Final

from samehand.blocking.spellings import (
    CONSONANTS_MIN,
    LETTERS_LENGTH_MIN,
    RUNS_TRIED_MAX,
    deletions,
    letters,
    runs,
    spread_runs,
)
from samehand.frequency.name_prior import bits, decoration
from samehand.keys import Key, KeyKind, key_of, keys_of

if TYPE_CHECKING:
    from samehand.names.name_trait import NameTrait

_LETTERS_LISTED_WHOLE_LENGTH_MIN: Final = 14  # letters less one would be a dozen keys
_PAIRED_MAX: Final = 4  # words that are paired, the rarest: all pairs of a four-word name


def listed_keys(name: NameTrait) -> list[Key]:
    """The keys under which a display name is enrolled."""
    telling = _telling(name.words)
    keys = _sounding(name.sounds)
    keys.append(_key(KeyKind.NAME_WORD, name.base))
    # A typo leaves at least one run of a long name as it was.
    long = len(name.joined) >= _LETTERS_LISTED_WHOLE_LENGTH_MIN
    keys += keys_of(KeyKind.NAME_LETTERS, letters(name.joined)[: 1 if long else None])
    keys += keys_of(KeyKind.NAMING_RUN, spread_runs(name.base))
    # Whether sorted tokens say more than sorted letters: a word decorates, or the name is too short.
    if len(telling) > 1 and (len(telling) < len(name.words) or len(name.joined) < LETTERS_LENGTH_MIN):
        keys.append(_key(KeyKind.NAME_TOKENS, " ".join(telling)))
    if len(telling) == 2:
        keys += _one_and_initial(*telling)
    elif len(telling) > 2:
        keys += keys_of(KeyKind.NAME_PAIR, map(" ".join, _pairs(telling)))
    return keys


def tried_keys(name: NameTrait) -> list[Key]:
    """The keys that a query tries in addition to the listed ones."""
    telling = _telling(name.words)
    keys = keys_of(KeyKind.NAMING_RUN, runs(name.base)[:RUNS_TRIED_MAX])
    if len(telling) > 1:
        keys.append(_key(KeyKind.NAME_TOKENS, " ".join(telling)))
    sound = "".join(sorted(name.sounds))
    if len(sound) > CONSONANTS_MIN:
        keys += keys_of(KeyKind.NAME_CONSONANTS, deletions(sound))
    if len(telling) == 2:
        keys.append(_key(KeyKind.NAME_PAIR, " ".join(telling)))
    elif len(telling) > 2:
        # Of names that consist of two of the words, or of all but one.
        pairs = _pairs(telling)
        parts = (*pairs, *combinations(telling, len(telling) - 1))
        keys += keys_of(KeyKind.NAME_TOKENS, map(" ".join, parts))
        for pair in pairs:
            keys += _one_and_initial(*pair)
    if len(name.words) > 2:
        for missing in range(min(len(name.words), _PAIRED_MAX)):
            keys += _sounding([sound for place, sound in enumerate(name.sounds) if place != missing])
    return keys


def initial_keys(name: NameTrait) -> list[tuple[str, Key]]:
    """A pair (word, key) for each word that is keyed with the first letter of another word."""
    telling = _telling(name.words)
    pairs = _pairs(telling) if len(telling) > 1 else []
    return [
        both
        for first, second in pairs
        for both in zip((first, second), _one_and_initial(first, second), strict=True)
    ]


def _telling(words: Iterable[str]) -> list[str]:
    return sorted({word for word in words if not decoration(word)})


def _pairs(telling: Sequence[str]) -> list[tuple[str, str]]:
    rarest = sorted(telling, key=bits, reverse=True)[:_PAIRED_MAX]
    return [(min(pair), max(pair)) for pair in combinations(rarest, 2)]


def _one_and_initial(first: str, second: str) -> list[Key]:
    """Each word with the first letter of the other, of which every further letter may differ."""
    return keys_of(KeyKind.NAME_INITIAL, (f"{first} {second[0]}", f"{second} {first[0]}"))


def _sounding(sounds: Iterable[str]) -> list[Key]:
    sound = "".join(sorted(sounds))
    return [_key(KeyKind.NAME_CONSONANTS, sound)] if len(sound) >= CONSONANTS_MIN else []


def _key(kind: KeyKind, value: str) -> Key:
    return key_of(kind, value.encode())
