"""Blocking keys of single words: a rare word finds names that share no other key.

`gulzar_writes` and `Gulzar the poet` share no skeleton, no letters and no pair of words. Handles and display
names list their words under one kind of key, so that either finds the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from samehand.blocking.spellings import LETTERS_LENGTH_MIN, RUN, RUNS_TRIED_MAX, sorted_letters
from samehand.frequency.name_prior import bits, decoration, segments
from samehand.keys import Key, KeyKind, key_of, keys_of
from samehand.names.handle_words import handle_words
from samehand.names.similarity import PART_COST_BITS_MIN, REST_BITS
from samehand.names.word import Word

# The two rarest words of handle and display name together: each costs six bytes for every ban.
_LISTED_MAX: Final = 2
_TRIED_MAX: Final = 8
_LENGTH_MIN: Final = 4
# log2(26): the most that one letter of a word says.
_LETTER_BITS_MAX: Final = 4.7
# One account in 512 bears such a word: the posting of a more common one is full of strangers.
_BITS_MIN: Final = 9.0


def listed_words(handle: Word | None, name: Word | None) -> list[Key]:
    """The keys under which an account is enrolled: its rarest words, without those that are a whole name."""
    whole = {word.base for word in (handle, name) if word is not None}
    words = [word for word in _telling(handle, name) if word not in whole]
    return keys_of(KeyKind.NAMING_WORD, words[:_LISTED_MAX])


def tried_words(handle: Word | None, name: Word | None) -> list[Key]:
    """The keys that a query tries: its words as parts of a banned name."""
    return keys_of(KeyKind.NAMING_WORD, _telling(handle, name)[:_TRIED_MAX])


def shown_by_words(
    word: Word, kinds: Iterable[KeyKind], in_any_order: KeyKind | None, nats: Callable[[float], float]
) -> dict[Key, float]:
    """The most (nats) that sharing a key of one of the word's pieces shows: what ``nats`` makes of its bits.

    ``kinds`` are those of keys that hold a piece as it is, ``in_any_order`` the kind that holds its sorted
    letters.
    """
    nats_of = {piece: nats(own) for piece, own in word.pieces.items()}
    shown = {key_of(kind, piece.encode()): most for kind in kinds for piece, most in nats_of.items()}
    if in_any_order is not None:
        for piece, most in nats_of.items():
            # A piece shorter than the word by one letter may be the whole word with a letter missing.
            if LETTERS_LENGTH_MIN <= len(piece) < len(word.base) - 1:
                shown[key_of(in_any_order, sorted_letters(piece).encode())] = most
    return shown


def shown_by_runs(word: Word, nats: Callable[[float], float]) -> dict[Key, float]:
    """The most (nats) that sharing a key of a run shows: the bits of the pieces in which the run lies.

    A piece of which the run holds a few letters counts for those letters alone. The sum is reduced by what it
    costs that the rest of the word is not in common. Names that share more also share a run there, or most
    often another key.
    """
    pieces = segments(word.base)
    whole = sum((piece.bits for piece in pieces), 0.0)
    if len(pieces) < 2 or whole <= 0.0:
        return {}
    shown: dict[Key, float] = {}
    nats_of: dict[tuple[float, int], float] = {}
    for at in range(min(len(word.base) - RUN + 1, RUNS_TRIED_MAX)):
        start, own, kept = 0, 0.0, 0
        for text, piece_bits, _ in pieces:
            end = start + len(text)
            letters = min(end, at + RUN) - max(start, at)
            if letters > 0:
                own += min(piece_bits, letters * _LETTER_BITS_MAX)
                kept += end - start
            start = end
        if (own, kept) not in nats_of:
            rest = 1.0 - min(max(own / whole, kept / len(word.base)), 1.0)
            nats_of[own, kept] = nats(max(own - PART_COST_BITS_MIN - REST_BITS * rest, 0.0))
        key = key_of(KeyKind.NAMING_RUN, word.base[at : at + RUN].encode())
        shown[key] = max(shown.get(key, 0.0), nats_of[own, kept])
    return shown


def _telling(handle: Word | None, name: Word | None) -> tuple[str, ...]:
    """The words that are rare enough to be keyed, the rarest first."""
    spelt = (handle.base, *handle_words(handle)) if handle and len(handle.tokens) < 2 else ()
    words = dict.fromkeys([*spelt, *(handle.tokens if handle else ()), *(name.tokens if name else ())])
    telling = [word for word in words if len(word) >= _LENGTH_MIN and not decoration(word)]
    rare = [(-own, word) for word in telling if (own := bits(word)) >= _BITS_MIN]
    return tuple([word for _, word in sorted(rare)])
