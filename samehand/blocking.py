"""Blocking keys of a folded word: under which spellings an account is listed and looked up.

The lean family (measured at a million accounts): the base and its one-letter deletions find one typo
(as in SymSpell); the sorted letters find swaps and reorders, with one letter missing a typo on top; the
consonant key finds vowels changed; first and last letters find affixes nobody foresaw; and a query also
tries each prefix and suffix of itself, to find the shorter handle that it extends.
"""

from __future__ import annotations

from collections.abc import Iterator

# Shorter words have too many neighbours one letter away to be looked up by deletions: every three-letter
# handle is one typo from hundreds of others.
DELETION_LENGTH_MIN = 5
CONSONANTS_MIN = 4
EDGE = 6  # letters at the start or the end that name a handle well enough (26^6: 300 million)
EDGE_LENGTH_MIN = 8
AFFIX_STEM_MIN = 5
WORD_LENGTH_MAX = 64  # letters that are keyed; what follows adds nothing that the start did not say


def deletions(word: str) -> Iterator[str]:
    """The word and every word with one of its letters deleted; short words alone."""
    yield word
    if len(word) >= DELETION_LENGTH_MIN:
        for place in range(len(word)):
            if place == 0 or word[place] != word[place - 1]:
                yield word[:place] + word[place + 1 :]


def stems(word: str) -> Iterator[str]:
    """Every proper prefix and suffix long enough to be what an unknown affix was put on."""
    shortest = max(AFFIX_STEM_MIN, (len(word) + 1) // 2)
    for length in range(shortest, len(word)):
        yield word[:length]
        yield word[-length:]


def sorted_letters(word: str) -> str:
    """The word's letters in order of the alphabet."""
    return "".join(sorted(word))
