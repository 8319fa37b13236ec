"""How two folded words resemble each other, and how many bits the resemblance is worth.

A resemblance is a *kind* and a *part*: what both words have in common. The rarity of the part gives the
bits; the kind takes some away again (``penalty_bits``), because more strangers resemble each other by a laxer
kind. So the chance that an unrelated word resembles a given one in this way is
``2 ** -(bits(part) - penalty_bits)``.

An edit costs the bits that it takes to name it (which letter, and where); they are paid from the bits of our
spelling, which say how rarely a stranger spells just this. A resemblance by edits is worth somewhat less than
the other name itself, since its bearers may spell it oddly, too. Where several kinds hold, the one of most
bits explains the pair.
"""

from __future__ import annotations

import math
from typing import Final

from rapidfuzz.distance import OSA

from samehand.frequency.name_prior import CAP_BITS, bits, decoration, segments, whole_bits
from samehand.names.word import RUN_MIN, Similarity, Word
from samehand.normalize.text.phonetic import one_leaves_out_vowels

# One letter carries about this many bits in names (measured by the shipped character model).
LETTER_BITS: Final = 3.6
_VOWEL_BITS: Final = 2.0
# A word written without its vowels, as in Arabic and Hebrew, is also the spelling of other names, which makes
# it more common: by a third of a bit in the mean of 1,514 listed names (by 1.2 bits for one in ten).
UNWRITTEN_BITS: Final = 0.5
_PART_MIN: Final = 5  # letters that a word needs at least to be recognised at an end of a longer one
# A long handle made of several distinctive words may be rarer than the cap on the bits of one word (21.5) can
# say. The sum over its words counts up to this: one in 10^12.
LONG_BITS_MAX: Final = 40.0
_TYPO_LENGTH_MIN: Final = 4
_TWO_TYPOS_LENGTH_MIN: Final = 7
_TYPOS_MAX: Final = 2
# Assumed: for each bearer of a name three others bear a name one letter away (two bits: one of four).
_NEIGHBOUR_BITS: Final = 2.0
# Assumed: for each account that copies a part, three have it by chance (two bits). REST_BITS adds to that in
# proportion to what is left of either word.
_PART_BITS: Final = 2.0
REST_BITS: Final = 3.0
# The least that a word or a run in common costs; to that adds REST_BITS times the share not in common.
PART_COST_BITS_MIN: Final = 1.0
_RUNS_MAX: Final = 3  # runs of letters in common that are compared; further ones of long handles add nothing
_CONSONANTS_MIN: Final = 4


def similarity(ours: Word, theirs: Word) -> Similarity | None:
    """The kind in which two words resemble each other that is worth most, or ``None``."""
    mine, other = ours.base, theirs.base
    if not mine or not other:
        return None
    if mine == other:
        return Similarity("same", other, 0.0)
    same_words = _reordered(ours, theirs) or _undecorated(ours, theirs)
    if same_words is not None:
        return same_words
    typos = _typos(ours, theirs) if abs(len(mine) - len(other)) <= _TYPOS_MAX else None
    sounds = _consonants(ours, theirs) if ours.consonants == theirs.consonants else None
    for run in ours.runs:  # cached, and ours meets many words; a generator would cost as much again
        if run in other:
            break
    else:
        # Most pairs end here, with neither of the two.
        return max(typos, sounds, key=worth_bits) if typos and sounds else typos or sounds
    extended, part = _extended(mine, other), _part(ours, theirs)
    if extended is typos is sounds is None:
        return part
    held = [resemblance for resemblance in (extended, typos, sounds, part) if resemblance is not None]
    return max(held, key=worth_bits) if len(held) > 1 else held[0]


def worth_bits(resemblance: Similarity) -> float:
    """Bits of a resemblance: those of the part in common, less what its kind costs."""
    return bits(resemblance.part) - resemblance.penalty_bits


def spelt_bits(base: str) -> float:
    """Bits of spelling a whole base, summed over its words, at most 32: what edits are paid from."""
    return min(sum((piece.bits for piece in segments(base)), 0.0), LONG_BITS_MAX)


def most_bits(word: Word) -> float:
    """The most bits that a resemblance with this word is worth, as far as its own spelling tells."""
    return max(bits(word.base), spelt_bits(word.base))


def typos_bits(base: str) -> float:
    """Bits that two typos in a base cost."""
    return _typos_cost(_TYPOS_MAX, max(len(base), 1))


def exact_bits(word: Word) -> float:
    """Bits of having this word as the whole handle, numbers aside."""
    whole = min(whole_bits(word.base) + word.decorating_bits, CAP_BITS)
    return max(whole, min(word.beyond_names_bits, LONG_BITS_MAX))


def undone_bits(word: Word) -> float:
    """Bits of a handle that is this word once a disguise is undone.

    Names alone are worth no more than to bear them: namesakes write them so, with numbers of their own.
    """
    return bits(word.base) if word.only_names else exact_bits(word)


def _reordered(ours: Word, theirs: Word) -> Similarity | None:
    mine, other = ours.tokens, theirs.tokens
    if len(mine) < 2 or len(mine) != len(other) or other[0] not in mine or ours.in_order != theirs.in_order:
        return None
    return Similarity("reordered", theirs.base, math.log2(math.factorial(min(len(ours.tokens), 6))))


def _undecorated(ours: Word, theirs: Word) -> Similarity | None:
    """The resemblance of two words that are the same without words such as `official` and `backup`."""
    short, long = ours.base, theirs.base
    if len(short) > len(long):
        short, long = long, short
    if (long.startswith(short) and decoration(long[len(short) :])) or (
        long.endswith(short) and decoration(long[: -len(short)])
    ):
        return Similarity("decorated", short, 1.0 + _unknown_bits(short, long))
    # A word's core begins with one of its tokens: a cheap test before their core is computed.
    core = ours.core
    if core.startswith(theirs.tokens) and core and core == theirs.core:
        return Similarity("decorated", core, 1.0)
    return None


def _extended(ours: str, theirs: str) -> Similarity | None:
    short, long = (ours, theirs) if len(ours) <= len(theirs) else (theirs, ours)
    if len(short) < _PART_MIN or not (long.startswith(short) or long.endswith(short)):
        return None
    # The short word can stand at either end, and the longer the other is, the more words it could contain.
    cost = 1.5 + math.log2(max(len(long) / len(short), 1.0) + 1.0)
    return Similarity("extended", short, cost + _unknown_bits(short, long))


def _unknown_bits(short: str, long: str) -> float:
    """By how many bits the part seems rarer than the words of the whole in which it lies.

    It is not rarer than they are: a name that a platform cut short merely looks like one that is on no list.
    """
    return max(bits(short) - _bits_within(short, long), 0.0)


def _typos(ours: Word, theirs: Word) -> Similarity | None:
    edits = _edits(ours.base, theirs.base)
    if edits is None and (ours.by_letters != ours.base or theirs.by_letters != theirs.base):
        edits = _edits(ours.by_letters, theirs.by_letters)
    if edits is None:
        return None
    typos, length = edits
    cost = _typos_cost(typos, length)
    kind = "one-typo" if typos == 1 else "two-typos"
    return Similarity(kind, theirs.base, _slack(ours.base, theirs.base, cost, typos * _NEIGHBOUR_BITS))


def _typos_cost(typos: int, length: int) -> float:
    return typos * (LETTER_BITS + math.log2(length)) - (typos == 2)


def _edits(ours: str, theirs: str) -> tuple[int, int] | None:
    """The number of letters that differ and the length of the shorter word; ``None`` if too many differ."""
    mine, other = len(ours), len(theirs)
    length = min(mine, other)
    allowed = 2 if length >= _TWO_TYPOS_LENGTH_MIN else 1 if length >= _TYPO_LENGTH_MIN else 0
    if mine + other - 2 * length > allowed:
        return None
    typos = OSA.distance(ours, theirs, score_cutoff=allowed)
    return None if typos > allowed else (typos, length)


def _consonants(ours: Word, theirs: Word) -> Similarity | None:
    if len(theirs.consonants) < _CONSONANTS_MIN or ours.consonants != theirs.consonants:
        return None
    if one_leaves_out_vowels(ours.base, theirs.base):
        # The spelling without vowels may be on no list; it is no rarer than the one with its vowels.
        own, words = bits(theirs.base), max(len(ours.tokens), len(theirs.tokens))
        worth = min(own, bits(ours.base)) - UNWRITTEN_BITS * words
        return Similarity("consonants", theirs.base, own - max(worth, 0.0))
    vowels = max(len(ours.base) - len(ours.consonants), len(theirs.base) - len(theirs.consonants), 1)
    return Similarity(
        "consonants", theirs.base, _slack(ours.base, theirs.base, _VOWEL_BITS * vowels, _NEIGHBOUR_BITS)
    )


def _slack(ours: str, theirs: str, cost: float, neighbours: float) -> float:
    """The penalty (bits) on the bits of ``theirs`` once the edits are paid from our spelling."""
    own = bits(theirs)
    return own - max(min(spelt_bits(ours) - cost, own - neighbours), 0.0)


def _part(ours: Word, theirs: Word) -> Similarity | None:
    """The resemblance by runs of letters in common, anywhere in the words.

    It is worth the bits of the runs, less those of the places where they could lie, and less the smaller the
    runs' share of either word: a disguise keeps most of a name. A common word such as `media`
    counts as in common but is worth nothing.
    """
    shared = common_runs(ours.base, theirs.base)
    if not shared:
        return None
    runs = [run for run in shared if not decoration(run)]
    part = " ".join(runs or shared)
    own = bits(part)
    if not runs:
        return Similarity("part", part, own)
    kept = sum(map(len, runs))
    cost = _PART_BITS + REST_BITS * (2.0 - kept / len(ours.base) - kept / len(theirs.base))
    worth = min(sum((_run_bits(run, ours, theirs) for run in runs), 0.0), own) - cost
    return Similarity("part", part, own - max(worth, 0.0))


def _run_bits(run: str, ours: Word, theirs: Word) -> float:
    """Bits of a run, no more than those of the words in which it lies: `edia` is no rarer than `media`."""
    spelt = min(_bits_within(run, theirs.base), _bits_within(run, ours.base))
    return max(min(spelt, LONG_BITS_MAX) - math.log2(_places(run, ours) * _places(run, theirs)), 0.0)


def _bits_within(run: str, base: str) -> float:
    """Bits of a run at its first place in a base, summed over the words in which it lies."""
    at, end, spelt = base.index(run), 0, 0.0
    stop = at + len(run)
    for text, own, _ in segments(base):
        start, end = end, end + len(text)
        if end <= at:
            continue
        if start >= stop:
            break
        if at <= start and end <= stop:
            spelt += own
        else:
            spelt += min(own, bits(text[max(at - start, 0) : stop - start]))
    return spelt


def _places(run: str, word: Word) -> int:
    """At how many places the run could lie: a whole word at each word's, other letters at any letter's."""
    return len(word.tokens) if run in word.tokens else len(word.base) - len(run) + 1


def common_runs(ours: str, theirs: str) -> list[str]:
    """The longest run in common and the longest ones before and behind it, in the order of ``theirs``.

    At most three, of four letters or more.
    """
    runs: list[str] = []
    rest = [(ours, theirs)]
    while rest and len(runs) < _RUNS_MAX:
        mine, other = rest.pop()
        run = longest_run(mine, other)
        if run:
            runs.append(run)
            sides = zip(mine.split(run, 1), other.split(run, 1), strict=True)
            rest += [side for side in sides if len(side[0]) >= RUN_MIN <= len(side[1])]
    return sorted(runs, key=theirs.index) if len(runs) > 1 else runs


def longest_run(ours: str, theirs: str) -> str:
    """The longest common substring, the first in ``theirs`` of several; empty below four letters."""
    start, length, end = 0, RUN_MIN - 1, len(theirs)
    here = 0
    while here + length < end:
        if theirs[here : here + length + 1] in ours:
            start, length = here, length + 1
        else:
            here += 1
    return theirs[start : start + length] if length >= RUN_MIN else ""
