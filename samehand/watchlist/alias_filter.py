"""Chooses the distinctive aliases; the others would name too many innocent people, and get a reason each."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from samehand.frequency.name_prior import bits, decoration
from samehand.normalize.text.fold import fold_name
from samehand.watchlist.entry import Alias, WatchlistEntry

# More than one account in 65,000 bears a name of fewer bits by chance. `ISIS`, a given name of women who lost
# their accounts over it, has 11 bits; `Taliban`, the plural of `student`, 9.
ALIAS_BITS_MIN: Final = 16.0
# Acronyms of up to four letters stand for a dozen things each, however rare their letters are.
ALIAS_LETTERS_MIN: Final = 5
# Longer texts are descriptions, which nobody bears as a display name.
ALIAS_LENGTH_MAX: Final = 200


class AliasFault(StrEnum):
    """Why an alias is not enrolled."""

    WEAK = "weak"  # the authority itself says that it is too broad to search by
    UNREADABLE = "unreadable"  # neither letter nor digit is left after folding
    SHORT = "short"
    COMMON = "common"
    LONG = "long"
    REPEATED = "repeated"  # folds to the same words as one before it


def passed_over(alias: Alias) -> AliasFault | None:
    """Why an alias is not distinctive enough to be enrolled, or ``None`` where it is."""
    if alias.weak:
        return AliasFault.WEAK
    if len(alias.text) > ALIAS_LENGTH_MAX:
        return AliasFault.LONG
    folded = fold_name(alias.text)
    if folded is None or not folded.base:
        return AliasFault.UNREADABLE
    if len(folded.base) < ALIAS_LETTERS_MIN:
        return AliasFault.SHORT
    return AliasFault.COMMON if alias_bits(folded.tokens) < ALIAS_BITS_MIN else None


def telling(entry: WatchlistEntry) -> tuple[tuple[Alias, ...], tuple[tuple[Alias, AliasFault], ...]]:
    """The aliases of an entry that are enrolled, and those that are not, with the reason."""
    kept: dict[tuple[str, ...], Alias] = {}
    passed: list[tuple[Alias, AliasFault]] = []
    for alias in entry.aliases:
        reason = passed_over(alias)
        folded = fold_name(alias.text)
        words = folded.tokens if folded else ()
        if reason is None and words in kept:
            reason = AliasFault.REPEATED
        if reason is None:
            kept[words] = alias
        else:
            passed.append((alias, reason))
    return tuple(kept.values()), tuple(passed)


def alias_bits(tokens: tuple[str, ...]) -> float:
    """The bits of a name's distinctive words; `group` and `the` add none."""
    return sum((bits(token) for token in tokens if not decoration(token)), 0.0)
