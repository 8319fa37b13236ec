"""What a comparison is given in addition to the two traits: counted rates, moments, strata of names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import msgspec

from samehand.frequency.rates import LATELY, Frequencies, named_rate, owned_rate, proven_rate, shared_rate
from samehand.frequency.strata import is_of_titles, is_pooled, is_unlisted
from samehand.keys import PERSONAL_POSTING_CAP, KeyKind

# Of a script without lists of names every word is unseen, the most common name as well: one in 128.
_UNSEEN_RATE: Final = 2.0**-7
# Titles name places and matters, which the prior of people's names takes to be rare.
_TITLE_RATE: Final = 2.0**-12
_UNPRICED: Final = 1e-6  # for comparisons that ask for the level alone


class ComparisonContext(msgspec.Struct, frozen=True, gc=False):
    """What a comparison may use in addition to the two traits.

    ``strata`` are those of the two accounts: the language or script within which each one's names are judged.
    ``shipped`` has the rates of values while nothing is counted, by signal and level of the table of weights.
    ``named_first``: the new account took its handle after the banned one may have named it. ``came_after``:
    it began after the ban, so that it was not there when the banned one claimed something of it.
    """

    frequencies: Frequencies
    strata: tuple[str, str]
    platforms: tuple[str, str]
    shipped: Mapping[str, Mapping[str, float]] = {}
    named_first: bool = True
    came_after: bool = True

    def u(self, signal: str, level: str) -> float:
        """The rate of a level while nothing is counted; one in a million where no table is given."""
        own = self.shipped.get(signal)
        return _UNPRICED if own is None else own[level]

    def shared(
        self, kind: KeyKind, value: bytes, shipped_rate: float, *, owned: bool = False
    ) -> tuple[float, int]:
        """The rate of a value among all accounts, and how many accounts were counted with it.

        ``owned``: it belongs to somebody, so that ``shipped_rate`` is that of strangers who show it although
        nobody else was counted with it. Where a crowd of the latest accounts bears the value, the rate is at
        least its share of those, since the new account is one of them. More accounts than the posting cap are
        a crowd: an evader's farm is smaller.
        """
        counted = self.frequencies
        crowd = counted.count(kind, value, "")
        rate = (owned_rate if owned else shared_rate)(crowd, counted.accounts(""), shipped_rate)
        latest = counted.count(kind, value, LATELY) if crowd > PERSONAL_POSTING_CAP else 0
        if latest > PERSONAL_POSTING_CAP:
            rate = max(rate, proven_rate(latest, counted.accounts(LATELY)))
        return rate, crowd

    def shared_wider(
        self, wide: tuple[KeyKind, bytes], narrow: KeyKind, values: Iterable[bytes], shipped_rate: float
    ) -> tuple[float, int]:
        """As :meth:`shared`, of a value that is no rarer than those it includes: a network, its addresses."""
        counted = [self.shared(*wide, shipped_rate)]
        counted += [self.shared(narrow, value, shipped_rate) for value in values]
        return max(counted)

    def among_namesakes(self, kind: KeyKind, value: bytes, shipped_rate: float) -> tuple[float, int]:
        """As :meth:`shared`, of a name, within that of the two accounts' strata in which it is more common.

        An account without a language is counted in the stratum of its script, where the names of each
        language look rare; and people who sign up in another language bear the names of their own.
        """
        ours, theirs = self.strata
        here = self._within(ours, kind, value, shipped_rate)
        return here if ours == theirs else max(here, self._within(theirs, kind, value, shipped_rate))

    def _within(self, stratum: str, kind: KeyKind, value: bytes, shipped_rate: float) -> tuple[float, int]:
        crowd = self.frequencies.count(kind, value, stratum)
        return named_rate(crowd, self.frequencies.accounts(stratum), shipped_rate), crowd

    def named_at_least(self, shipped_rate: float) -> float:
        """The least rate in our own stratum of any name whose shipped rate is ``shipped_rate``."""
        return named_rate(0, self.frequencies.accounts(self.strata[0]), shipped_rate)

    def word(self, word: str, shipped_rate: float) -> tuple[float, int]:
        """The rate of a word of a display name within its stratum, and how many were counted with it.

        An account that gives no language is counted with all accounts of its script, including those that
        show no name. Among so many a common name of a small language looks rare, and its bearers would raise
        most false alarms. There a count can make a word more common than its shipped rate, never rarer.
        """
        if is_unlisted(self.strata):
            shipped_rate = max(shipped_rate, _UNSEEN_RATE)
        if is_of_titles(self.strata[0]) and is_of_titles(self.strata[1]):
            shipped_rate = max(shipped_rate, _TITLE_RATE)
        rate, crowd = self.among_namesakes(KeyKind.WORD, word.encode(), shipped_rate)
        return (max(rate, shipped_rate) if any(map(is_pooled, self.strata)) else rate), crowd
