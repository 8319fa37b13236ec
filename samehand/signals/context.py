"""What a comparison is given beside the two traits: counted rates, moments, the strata of both names."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from samehand.frequency.ban_calendar import BanCalendar
from samehand.frequency.rates import LATELY, Frequencies, named_rate, proven_rate, shared_rate
from samehand.keys import PERSONAL_POSTING_CAP, KeyKind
from samehand.normalize.text.scripts import is_pooled


class ComparisonContext(msgspec.Struct, frozen=True, gc=False):
    """What a comparison may know beside the two traits: counted frequencies and where to read them.

    ``strata`` are those of the two accounts: the language or script within which each one's names are judged.
    ``at`` is the new account's moment, ``seconds_since_ban`` that minus the ban's, negative for one prepared
    before it. ``to_the_day``: of one of the two the day alone is known. ``calendar`` tells when others were
    banned; ``policy`` is the ban's, where it is known.
    """

    frequencies: Frequencies
    strata: tuple[str, str]
    platforms: tuple[str, str]
    at: float | None = None
    seconds_since_ban: float | None = None
    to_the_day: bool = False
    calendar: BanCalendar | None = None
    policy: str | None = None

    def banned_within(self, first: float, last: float) -> float | None:
        """The share of bans from which so many seconds had passed; ``None`` without a calendar.

        All of them where the calendar knows of none: then a moment says nothing.
        """
        if self.calendar is None or self.at is None:
            return None
        share = self.calendar.share(self.at, first, last, self.policy)
        return 1.0 if share is None else share

    def shared(self, kind: KeyKind, value: bytes, shipped_rate: float) -> tuple[float, int]:
        """The rate of a value among all accounts, and how many were counted with it.

        Where a crowd of those who came lately bears it, its share of these: the pair is of today. A crowd is
        more than an evader's farm, or what one value may name at all.
        """
        counted = self.frequencies
        crowd = counted.count(kind, value, "")
        rate = shared_rate(crowd, counted.accounts(""), shipped_rate)
        if crowd > PERSONAL_POSTING_CAP:
            latest = counted.count(kind, value, LATELY)
            if latest > PERSONAL_POSTING_CAP:
                rate = max(rate, proven_rate(latest, counted.accounts(LATELY)))
        return rate, crowd

    def shared_wider(
        self, wide: tuple[KeyKind, bytes], narrow: KeyKind, values: Iterable[bytes], shipped_rate: float
    ) -> tuple[float, int]:
        """The same of a value that holds narrower ones: a network, and addresses in it. It is no rarer."""
        counted = [self.shared(*wide, shipped_rate)]
        counted += [self.shared(narrow, value, shipped_rate) for value in values]
        return max(counted)

    def among_namesakes(self, kind: KeyKind, value: bytes, shipped_rate: float) -> tuple[float, int]:
        """The same of a name, within that of the two accounts' strata where it is more common.

        Who gives no language is counted among those of a script, where the names of each language look rare;
        and who signs up in another language than their own takes the names of their own along.
        """
        ours, theirs = self.strata
        here = self._within(ours, kind, value, shipped_rate)
        return here if ours == theirs else max(here, self._within(theirs, kind, value, shipped_rate))

    def _within(self, stratum: str, kind: KeyKind, value: bytes, shipped_rate: float) -> tuple[float, int]:
        crowd = self.frequencies.count(kind, value, stratum)
        return named_rate(crowd, self.frequencies.accounts(stratum), shipped_rate), crowd

    def named_at_least(self, shipped_rate: float) -> float:
        """No name shipped so rare is counted rarer within our own stratum, whatever it is."""
        return named_rate(0, self.frequencies.accounts(self.strata[0]), shipped_rate)

    def word(self, word: str, shipped_rate: float) -> tuple[float, int]:
        """The rate of a word of display names among namesakes, and how many were counted with it.

        Where one of the accounts does not tell its language, all who write one script are counted together,
        and those who show no name with them: among them a common name of a small language looks rare, and its
        bearers would be accused most. There a count makes a word more common than shipped, never rarer.
        """
        rate, crowd = self.among_namesakes(KeyKind.WORD, word.encode(), shipped_rate)
        return (max(rate, shipped_rate) if any(map(is_pooled, self.strata)) else rate), crowd
