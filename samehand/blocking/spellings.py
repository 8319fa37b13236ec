"""Blocking keys of folded words: the spellings under which an account is listed and looked up.

The base finds names that only separators, digits or look-alikes disguise. The sorted letters find swaps and
reorders, and with one letter deleted also a typo: a word of ten letters has some seven such spellings, and
whichever letter was added, left out or replaced, both words have one spelling in common. Words too short for
sorted letters to say much keep the order of their letters.
docs/adr/0039-keys-and-who-is-read.md has what each kind of key was measured to find.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from samehand.frequency.name_prior import decoration

# Words of fewer letters keep their order when one is deleted: five letters in any order are too many words.
UNORDERED_LENGTH_MIN: Final = 6
DELETION_LENGTH_MIN: Final = 4
LETTERS_LENGTH_MIN: Final = 5
CONSONANTS_MIN: Final = 4
# Letters in a row that single out a handle (26^5: 12 million), and that real evaders keep.
RUN: Final = 5
RUNS_TRIED_MAX: Final = 24
RUNS_AT_ENDS_LENGTH_MIN: Final = 10
LETTERS_LISTED_WHOLE_LENGTH_MIN: Final = 13  # from here on the deletions would be ten keys
CORE_LENGTH_MIN: Final = 3
WORD_LENGTH_MAX: Final = 64  # letters that are keyed; those after them add nothing
_DECORATION_LENGTH_MIN: Final = 2
_DECORATION_LENGTH_MAX: Final = 10


def deletions(word: str) -> list[str]:
    """The word with one of its letters deleted, each result once."""
    return [
        word[:place] + word[place + 1 :]
        for place in range(len(word))
        if place == 0 or word[place] != word[place - 1]
    ]


def sorted_letters(word: str) -> str:
    """The word's letters in alphabetical order."""
    return "".join(sorted(word))


def spellings(word: str) -> list[str]:
    """The word, and a short word's deletions."""
    if DELETION_LENGTH_MIN <= len(word) < UNORDERED_LENGTH_MIN:
        return [word, *deletions(word)]
    return [word] if word else []


# The keys of one account ask for the same letters up to three times.
@lru_cache(maxsize=64)
def letters(word: str) -> tuple[str, ...]:
    """The word's letters sorted, and from six letters on also with each of them missing once.

    Empty for words below :data:`LETTERS_LENGTH_MIN` letters.
    """
    if len(word) < LETTERS_LENGTH_MIN:
        return ()
    whole = sorted_letters(word)
    return (whole, *deletions(whole)) if len(word) >= UNORDERED_LENGTH_MIN else (whole,)


def listed_letters(word: str) -> tuple[str, ...]:
    """As :func:`letters`, but a long word has one spelling, since a typo leaves a run of it intact."""
    return letters(word)[: 1 if len(word) >= LETTERS_LISTED_WHOLE_LENGTH_MIN else None]


def runs(word: str) -> list[str]:
    """Every run of :data:`RUN` letters, in order."""
    return [word[at : at + RUN] for at in range(len(word) - RUN + 1)]


def spread_runs(word: str) -> list[str]:
    """Three runs, at the quarters of the word, and of a longer word both ends."""
    word_runs = runs(word)
    if not word_runs:
        return []
    ends = [word_runs[0], word_runs[-1]] if len(word) >= RUNS_AT_ENDS_LENGTH_MIN else []
    return list(dict.fromkeys([*(word_runs[len(word_runs) * quarter // 4] for quarter in (1, 2, 3)), *ends]))


# The keys of one account ask for the same cores up to five times, and common names recur.
@lru_cache(maxsize=4_096)
def cores(base: str, tokens: tuple[str, ...]) -> tuple[str, ...]:
    """The word without its decorations (`umarofficial` to `umar`), the likeliest first; possibly none."""
    telling = "".join([token for token in tokens if not decoration(token)])
    undecorated = [telling] if telling != "".join(tokens) else []
    for length in range(_DECORATION_LENGTH_MIN, min(_DECORATION_LENGTH_MAX, len(base))):
        if decoration(base[:length]):
            undecorated.append(base[length:])
        if decoration(base[-length:]):
            undecorated.append(base[:-length])
    return tuple(core for core in dict.fromkeys(undecorated) if len(core) >= CORE_LENGTH_MIN and core != base)
