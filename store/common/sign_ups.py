"""How many accounts sign up on a platform: on a usual day, and in the latest hour.

The median of four weeks is what is usual, so that an attacker's flood of sign-ups makes mirrors no rarer
among them. The latest hour counts besides where a rush of real people would make mirrors look frequent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from statistics import median
from typing import Final

import msgspec

from samehand.elapsed import DAY_SECONDS, HOUR_SECONDS
from samehand.frequency.rates import SignUpRate, SignUpRates, flow

DAYS: Final = 28

SIGN_UPS: Final = "#"
"""Begins the name of a platform in the place of a stratum: every account that signs up there."""

PLATFORMS: Final = 64
"""The most platforms of which sign-ups are counted: more than an operator has."""


class Tally(msgspec.Struct, frozen=True):
    """All sign-ups until a moment (Unix seconds), by platform."""

    until: float
    accounts: Mapping[str, int]


def tallied(tallies: Sequence[Tally], until: float, strata: Mapping[str, int]) -> tuple[Tally, ...]:
    """Adds what was counted until a moment. Of former tallies one a day is kept, and the last."""
    accounts = {name[1:]: count for name, count in strata.items() if name.startswith(SIGN_UPS)}
    if tallies and until <= tallies[-1].until:
        return (*tallies[:-1], Tally(tallies[-1].until, accounts))
    days = list[Tally]()
    for tally in tallies[:-1]:
        if not days or tally.until >= days[-1].until + DAY_SECONDS:
            days.append(tally)
    return (*days[-DAYS - 1 :], *tallies[-1:], Tally(until, accounts))


def rates_of(tallies: Sequence[Tally]) -> SignUpRates:
    """The rates of the platforms that have been counted for a day."""
    if not tallies:
        return SignUpRates()
    rates = {platform: _rate(tallies, platform) for platform in tallies[-1].accounts}
    return SignUpRates({platform: rate for platform, rate in rates.items() if rate is not None})


def _rate(tallies: Sequence[Tally], platform: str) -> SignUpRate | None:
    known = [tally for tally in (*tallies[:-2], tallies[-1]) if platform in tally.accounts]
    days = [
        _a_second(before, after, platform)
        for before, after in pairwise(known)
        if after.until - before.until >= DAY_SECONDS
    ]
    if not days:
        return None
    usual = flow(median(days) * DAY_SECONDS)
    return SignUpRate(usual, max(usual, _a_second(tallies[-2], tallies[-1], platform)))


def _a_second(before: Tally, after: Tally, platform: str) -> float:
    accounts = after.accounts[platform] - before.accounts.get(platform, 0)
    return accounts / max(after.until - before.until, HOUR_SECONDS)
