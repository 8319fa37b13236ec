"""How two folded words resemble each other, and how many bits the resemblance is worth.

A resemblance is a *kind* and a *part*: what both words have in common. The part's commonness gives the
bits; the kind takes some away again (``slack_bits``), because a laxer kind of resemblance lets more
strangers in. So the chance that an unrelated word resembles a given one in this way is
``2 ** -(bits(part) - slack_bits)``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from rapidfuzz.distance import OSA, LCSseq

from samehand.commonness import decoration, read, whole_bits

# One letter carries about this many bits in names (measured by the shipped character model).
LETTER_BITS = 3.6
_VOWEL_BITS = 2.0
_PART_MIN = 5  # letters that a shorter handle needs to be recognised at an end of a longer one
# Of real evaders' handles that show a likeness at all, many share no more than a word of four letters or a
# run of five (chosen from that; its false alarms alone were not measured).
_RUN_MIN = 4
# A long handle made of several telling words is rarer than any one word can be known to be (21.5 bits). The
# sum over its words is believed up to this: one in four billion, more accounts than any platform has.
LONG_BITS_MAX = 32.0
_TYPO_LENGTH_MIN, _TWO_TYPOS_LENGTH_MIN = 4, 7
_CONSONANTS_MIN = 4


@dataclass(frozen=True, slots=True)
class Likeness:
    """``kind`` is ``same``, ``decorated``, ``extended``, ``reordered``, ``one-typo``, ``two-typos``,
    ``consonants`` or ``part``; ``part`` what both have in common; ``slack_bits`` what the kind costs.
    """

    kind: str
    part: str
    slack_bits: float


@dataclass(frozen=True, slots=True)
class Word:
    """A folded word: its skeleton, the tokens that it was made of, its consonant key."""

    base: str
    tokens: tuple[str, ...]
    consonants: str


def likeness(ours: Word, theirs: Word) -> Likeness | None:
    """The strictest kind in which two words resemble each other, or ``None``."""
    if not ours.base or not theirs.base:
        return None
    if ours.base == theirs.base:
        return Likeness("same", theirs.base, 0.0)
    return (
        _reordered(ours, theirs)
        or _undecorated(ours, theirs)
        or _extended(ours.base, theirs.base)
        or _typos(ours.base, theirs.base)
        or _consonants(ours, theirs)
        or _part(ours.base, theirs.base)
    )


def exact_bits(base: str) -> float:
    """Bits of having this base as the whole handle: of the whole, or of three telling words side by side.

    Two words are most often somebody's two names, which whole families bear.
    """
    telling = [piece.bits for piece in read(base).segments if not piece.decoration]
    return max(whole_bits(base), min(sum(telling), LONG_BITS_MAX) if len(telling) > 2 else 0.0)


def _reordered(ours: Word, theirs: Word) -> Likeness | None:
    if len(ours.tokens) < 2 or sorted(ours.tokens) != sorted(theirs.tokens):
        return None
    return Likeness("reordered", theirs.base, math.log2(math.factorial(min(len(ours.tokens), 6))))


def _undecorated(ours: Word, theirs: Word) -> Likeness | None:
    """The same once words like `official` and `backup` are taken off."""
    mine, other = _core(ours.tokens), _core(theirs.tokens)
    if mine and mine == other:
        return Likeness("decorated", other, 1.0)
    for long, short in ((ours.base, theirs.base), (theirs.base, ours.base)):
        if long.startswith(short) and decoration(long[len(short) :]):
            return Likeness("decorated", short, 1.0)
        if long.endswith(short) and decoration(long[: -len(short)]):
            return Likeness("decorated", short, 1.0)
    return None


def _core(tokens: tuple[str, ...]) -> str:
    return "".join(token for token in tokens if not decoration(token))


def _extended(ours: str, theirs: str) -> Likeness | None:
    short, long = sorted((ours, theirs), key=len)
    if len(short) < _PART_MIN or not (long.startswith(short) or long.endswith(short)):
        return None
    # Two ends to stand at, and the more was added the more words could have been the short one.
    return Likeness("extended", short, 1.5 + math.log2(max(len(long) / len(short), 1.0) + 1.0))


def _typos(ours: str, theirs: str) -> Likeness | None:
    length = min(len(ours), len(theirs))
    allowed = 2 if length >= _TWO_TYPOS_LENGTH_MIN else 1 if length >= _TYPO_LENGTH_MIN else 0
    typos = OSA.distance(ours, theirs, score_cutoff=allowed)
    if typos > allowed:
        return None
    slack = typos * (LETTER_BITS + math.log2(length)) - (typos == 2)
    return Likeness("one-typo" if typos == 1 else "two-typos", theirs, slack)


def _consonants(ours: Word, theirs: Word) -> Likeness | None:
    if len(theirs.consonants) < _CONSONANTS_MIN or ours.consonants != theirs.consonants:
        return None
    vowels = max(len(theirs.base) - len(theirs.consonants), 1)
    return Likeness("consonants", theirs.base, _VOWEL_BITS * vowels)


def _part(ours: str, theirs: str) -> Likeness | None:
    """A run of letters in common anywhere: worth what the run is worth, less the places it could lie at."""
    run = longest_run(ours, theirs)
    if len(run) < _RUN_MIN or decoration(run):
        return None
    places = (len(ours) - len(run) + 1) * (len(theirs) - len(run) + 1)
    return Likeness("part", run, math.log2(places))


def longest_run(ours: str, theirs: str) -> str:
    """The longest common substring, the first of them in ``theirs``."""
    if LCSseq.similarity(ours, theirs) < _RUN_MIN:
        return ""
    best, end = 0, 0
    previous = [0] * (len(ours) + 1)
    for row, letter in enumerate(theirs, 1):
        current = [0] * (len(ours) + 1)
        for column, other in enumerate(ours, 1):
            if letter == other:
                current[column] = previous[column - 1] + 1
                if current[column] > best:
                    best, end = current[column], row
        previous = current
    return theirs[end - best : end]
