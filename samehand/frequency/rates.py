"""How common a value is, as a rate: what an agreement on it is worth follows from that.

Counts come from a frozen snapshot that the caller loads; the mind never counts by itself. While nothing is
counted, every rate is the one that the signal ships, so that scores are usable on the first day.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

from samehand.elapsed import DAY_SECONDS
from samehand.keys import PERSONAL_POSTING_CAP, Key, KeyKind, is_personal, key_of

# How many counted bearers the shipped rate is worth (the shape of a gamma prior). The shipped rates of names
# are measured, one for each name, and true rates differ from them by small factors; that the banned account
# bears the name is itself one observation of it.
NAMED_BEFORE: Final = 1.25
# One shipped rate stands for all addresses, one for all devices, one for all pictures, though most are borne
# by nobody else and a few by thousands. So it is worth less than one bearer: where nobody else is counted,
# the rate soon falls.
SHARED_BEFORE: Final = 0.25

# Below so many counted accounts of a stratum its names have their shipped rates: in a small file most bearers
# of a name are the very look-alikes that are looked for.
STRATUM_ACCOUNTS_MIN: Final = 500

# Takes the place of a stratum: the accounts that were counted lately, within some days. The thousands who got
# a carrier's new address today are few among all accounts ever counted, and many among the latest ones.
LATELY: Final = "lately"

# The two accounts of a pair may have been counted themselves, and are no crowd.
OF_THE_PAIR: Final = 2

# Standard deviations from a count to the bound that it exceeds with 95 %.
_SIGMAS: Final = 1.645


SIGN_UPS_A_DAY_MIN: Final = 100
"""No platform is taken to be smaller, or every coincidence on it would be a mirror."""
SIGN_UPS_A_DAY_UNKNOWN: Final = 10_000
"""Of a platform of which nothing was counted yet."""


def flow(sign_ups_a_day: float) -> float:
    """Sign-ups a second, of a platform of at least :data:`SIGN_UPS_A_DAY_MIN`."""
    return max(sign_ups_a_day, SIGN_UPS_A_DAY_MIN) / DAY_SECONDS


class SignUpRate(NamedTuple):
    """How many accounts sign up a second: as is usual, and in the latest hour, if these are more."""

    usual: float
    latest: float


_UNKNOWN: Final = SignUpRate(flow(SIGN_UPS_A_DAY_UNKNOWN), flow(SIGN_UPS_A_DAY_UNKNOWN))


@dataclass(frozen=True, slots=True)
class SignUpRates:
    """The rates of platforms that were counted; ``otherwise`` that of any other."""

    by_platform: Mapping[str, SignUpRate] = field(default_factory=dict)
    otherwise: SignUpRate = _UNKNOWN

    @classmethod
    def everywhere(cls, sign_ups_a_day: float) -> SignUpRates:
        """One rate of all platforms."""
        return cls(otherwise=SignUpRate(flow(sign_ups_a_day), flow(sign_ups_a_day)))

    def of(self, platform: str) -> SignUpRate:
        return self.by_platform.get(platform, self.otherwise)

    def range(self) -> tuple[float, float]:
        """The least and the most that is usual on any platform."""
        usual = [rate.usual for rate in self.by_platform.values()] or [self.otherwise.usual]
        return min(usual), max(usual)


class Frequencies(Protocol):
    """A frozen snapshot of how many accounts bear a value."""

    @property
    def bans(self) -> int:
        """How many banned accounts were enrolled when the snapshot was taken."""

    @property
    def sign_ups(self) -> SignUpRates:
        """How many accounts sign up a second."""

    def accounts(self, stratum: str) -> int:
        """How many accounts were counted in a stratum; an empty one means all, :data:`LATELY` the latest."""

    def count(self, kind: KeyKind, value: bytes, stratum: str) -> int:
        """How many of the accounts counted in a stratum bear the value, at least 0."""


class NothingCounted:
    """A snapshot without counts, and with as many bans and sign-ups a day as the caller says."""

    def __init__(self, bans: int = 0, sign_ups_a_day: int = SIGN_UPS_A_DAY_UNKNOWN) -> None:
        self._bans = bans
        self.sign_ups = SignUpRates.everywhere(sign_ups_a_day)

    @property
    def bans(self) -> int:
        """How many banned accounts were enrolled when the snapshot was taken."""
        return self._bans

    def accounts(self, stratum: str) -> int:
        return 0

    def count(self, kind: KeyKind, value: bytes, stratum: str) -> int:
        return 0


def named_rate(count: int, accounts: int, shipped_rate: float) -> float:
    """The share (0 to 1] of a stratum's others who bear a name: as counted, drawn to the shipped rate.

    Never below what the count proves: a name on no list is shipped as rare, and many such names are common in
    a language of which the lists know few names. One or two other bearers prove nothing: they may well be the
    same person who comes back under that name.
    """
    if accounts < STRATUM_ACCOUNTS_MIN:
        return shipped_rate
    return _rate(count, accounts, shipped_rate, NAMED_BEFORE)


def shared_rate(count: int, accounts: int, shipped_rate: float) -> float:
    """As :func:`named_rate`, for values of a kind with one shipped rate: an address, a device, a picture."""
    return _rate(count, accounts, shipped_rate, SHARED_BEFORE)


def owned_rate(count: int, accounts: int, unshared_rate: float) -> float:
    """The share (0 to 1] of strangers who show a value that belongs to somebody: a device, a mailbox, a card.

    ``unshared_rate`` is the share that shows it although nobody else has been counted with it; each further
    bearer adds its part of the counted accounts.
    """
    others = max(count - OF_THE_PAIR, 0)
    return min(1.0, unshared_rate + (others / accounts if accounts else 0.0))


def proven_rate(count: int, accounts: int) -> float:
    """The lower bound (0 to 1), at 95 %, of the share of other accounts that bear the value."""
    return min(1.0, proven(max(count - OF_THE_PAIR, 0)) / accounts) if accounts else 0.0


def proven(count: int) -> float:
    """The lower bound (95 %) of how many there are on average, where so many were counted: 0.0 for two."""
    return max(count - _SIGMAS * math.sqrt(count), 0.0)


def _rate(count: int, accounts: int, shipped_rate: float, bearers_before: float) -> float:
    others = max(count - OF_THE_PAIR, 0)
    drawn = (others + bearers_before) / (accounts + bearers_before / shipped_rate)
    return min(1.0, max(drawn, proven_rate(count, accounts)))


def rate_of_bits(bits: float) -> float:
    """The share (0 to 1] of accounts that bear a value of so many bits."""
    return math.pow(2.0, -bits)


class CountsAtRate:
    """Counts of a platform of which somebody knows how many sign up a day, whatever was counted."""

    def __init__(self, counted: Frequencies, sign_ups_a_day: int) -> None:
        self._counted = counted
        self.sign_ups = SignUpRates.everywhere(sign_ups_a_day)

    @property
    def bans(self) -> int:
        """How many banned accounts were enrolled when the snapshot was taken."""
        return self._counted.bans

    def accounts(self, stratum: str) -> int:
        """How many accounts were counted in a stratum."""
        return self._counted.accounts(stratum)

    def count(self, kind: KeyKind, value: bytes, stratum: str) -> int:
        """How many accounts of a stratum bear the value."""
        return self._counted.count(kind, value, stratum)


class CountsWithoutCandidates:
    """The counts for one event, without the banned accounts that share a personal value with its account.

    Each sign-up of an evader counts the evader's own phone number once more. Once those accounts are banned,
    they are candidates of the next account that shows the number, and no crowd of strangers. This holds for
    values that belong to somebody: strangers copy pictures and texts, and a banned account that came from a
    list was never counted, so that to subtract it would make a default picture look rare.
    """

    def __init__(self, counted: Frequencies, bearers: Mapping[Key, int]) -> None:
        """Takes how many banned accounts are listed under each key of the event's account."""
        self._counted = counted
        self._bearers = bearers

    @property
    def bans(self) -> int:
        """How many banned accounts were enrolled when the snapshot was taken."""
        return self._counted.bans

    @property
    def sign_ups(self) -> SignUpRates:
        return self._counted.sign_ups

    def accounts(self, stratum: str) -> int:
        """How many accounts were counted in a stratum; a few candidates make no difference to that."""
        return self._counted.accounts(stratum)

    def count(self, kind: KeyKind, value: bytes, stratum: str) -> int:
        """How many accounts bear the value; of a personal value without the banned ones but the pair's own.

        Of names banned accounts count as well: how common a name is does not depend on who bears it.
        """
        counted = self._counted.count(kind, value, stratum)
        if not is_personal(kind) or counted <= OF_THE_PAIR:
            return counted
        bearers = min(self._bearers.get(key_of(kind, value), 0), PERSONAL_POSTING_CAP)
        return max(counted - max(bearers - 1, 0), 0)
