"""Upper bound of a candidate's score, computed from the keys that it shares, before its record is read.

``bound = the least over rivals of: prior + the best of each signal, up to what the rival leaves of it,
grouped as the score groups them + the most of the moment``. Each signal says what sharing one of its keys can
add (:class:`samehand.signals.base.Most`). The table of weights allows for what may agree without a shared key
(``allowance``), and signals without keys count as if they agreed. The odds against all rivals are never
higher than those against one of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any, Final, NamedTuple

from samehand.elapsed import MINUTE_SECONDS
from samehand.fingerprint.distil import Fingerprint
from samehand.frequency.ban_calendar import BanCalendar
from samehand.frequency.rates import Frequencies
from samehand.keys import PERSONAL_POSTING_CAP, Key, KeyKind, is_personal
from samehand.scoring.key_table import SHARE_WHOLE, STEPS_A_NAT, KeyTable, Moments, RivalSums
from samehand.scoring.rivals import RIVALS
from samehand.scoring.weights import Weights
from samehand.signals import PAIRWISE, SIGNALS
from samehand.signals.base import Ages, Most, PairSignal, Signal
from samehand.signals.context import ComparisonContext
from samehand.signals.handle import HANDLE

_ROUNDING: Final = 2  # steps by which a sum of floats and a sum of whole steps may differ
_MOST_NATS: Final = 1e6  # for facts without a limit


class _KeyFact(NamedTuple):
    """What sharing a key may add (steps) to a fact."""

    fact: int
    steps: int


_Several = tuple[_KeyFact, ...]
"""Facts to which one key may add: more than one only where each adds something."""
_NOTHING: Final = _KeyFact(0, 0)


class UpperBound:
    """Makes the key tables of look-ups; one instance serves all look-ups under one table of weights."""

    def __init__(self, weights: Weights) -> None:
        """Computes from the weights what is the same for all accounts."""
        self._weights = weights
        own: list[Signal[Any] | PairSignal[Any]] = [*SIGNALS, *PAIRWISE]
        self._own = own
        self._tables = [weights.signals[signal.name] for signal in own]
        # One fact more: what keys of the handle add besides the most of its other keys.
        self._besides = len(own)
        besides = weights.signals[HANDLE.name]
        self._floors = [*(table.allowance for table in self._tables), 0.0]
        self._grouped = [signal.group for signal in own]
        names = [signal.name for signal in own]
        self._beyond = tuple(
            (names.index(signal.name), tuple(names.index(other) for other in sorted(signal.beyond)))
            for signal in PAIRWISE
            if signal.beyond
        )
        alone = {fact for fact, _ in self._beyond}
        self._groups = tuple(
            (
                tuple(fact for fact, name in enumerate(self._grouped) if name == group and fact not in alone),
                round(weights.group_shares.get(group, 1.0) * SHARE_WHOLE),
            )
            for group in sorted({name for name in self._grouped if name is not None})
        )
        timed = [
            weights.signals[signal.name]
            for signal in PAIRWISE
            if signal.moments(weights.signals[signal.name], 0.0, None)
        ]
        self._rivals = tuple(
            (
                tuple(_steps(min(table.limit(place), _MOST_NATS)) for table in (*self._tables, besides)),
                int(not rival.by_calendar) if any(table.limit(place) for table in timed) else None,
            )
            for place, rival in enumerate(RIVALS)
        )
        # The most of any moment, for candidates whose own moment is known only once they are read.
        self._any_moment = sum(
            max(row.ceiling * row.multiplier for row in table.levels.values() if row.agrees)
            for table in timed
        )
        self._moments_kept: tuple[BanCalendar | None, float, tuple[Moments, ...]] = (None, math.nan, ())
        self._alerting = min(weights.alerts_from(policy) for policy in (None, *weights.policy_bands))

    def table(
        self,
        fingerprints: Sequence[Fingerprint],
        frequencies: Frequencies,
        *,
        banned: bool = False,
        calendar: BanCalendar | None = None,
    ) -> KeyTable:
        """The key table of one account, given by one fingerprint under each pepper.

        ``banned`` says that the account is the banned side of its pairs.
        """
        by_key: dict[Key, _Several] = {}
        listed: dict[Key, None] = {}
        floors = list(self._floors)
        by_number: dict[int, tuple[int, ...]] = {}
        for fingerprint in fingerprints:
            self._add(fingerprint, frequencies, by_key, listed, floors, by_number, banned=banned)
        # A key that adds nothing is left out, unless it is personal: how many bear it is asked in any case.
        by_key = {key: several for key, several in by_key.items() if several[-1].steps or is_personal(key[0])}
        at = None if banned or not fingerprints else fingerprints[0].at
        if at is not None:
            moments = self._moments(at, calendar)
        else:
            moments = (((-math.inf, _steps(self._any_moment) if banned else 0),),) * 2
        prior = self._weights.prior(frequencies.bans)
        rival_priors = self._weights.rival_priors(frequencies.bans, 0.0, listed=False)
        rows = [tuple(zip(*row, strict=True)) for row in zip_longest(*by_key.values(), fillvalue=_NOTHING)]
        return KeyTable(
            keys=tuple(by_key),
            listed=tuple(listed),
            facts=tuple([facts for facts, _ in rows]),
            steps=tuple([steps for _, steps in rows]),
            floors=tuple(map(_steps, floors)),
            groups=self._groups,
            beyond=self._beyond,
            moments=moments,
            at=at,
            least=math.floor((self._alerting - prior) * STEPS_A_NAT) - _ROUNDING,
            rivals=tuple(
                [
                    RivalSums(_steps(-own), limits, at)
                    for own, (limits, at) in zip(rival_priors, self._rivals, strict=True)
                ]
            ),
            by_number=tuple(by_number.items()),
        )

    def _add(
        self,
        fingerprint: Fingerprint,
        frequencies: Frequencies,
        by_key: dict[Key, _Several],
        listed: dict[Key, None],
        floors: list[float],
        by_number: dict[int, tuple[int, ...]],
        *,
        banned: bool,
    ) -> None:
        """Adds the keys of one fingerprint to ``by_key`` and ``listed``, and what they say to the others."""
        context = ComparisonContext(
            _LeastCounted(frequencies),
            (fingerprint.stratum,) * 2,
            (fingerprint.platform,) * 2,
            shipped=self._weights.rates(frequencies.bans),
        )
        shown: list[tuple[int, Any, Any, Most]] = []
        traits = [*fingerprint.traits, *(pair_signal.of(fingerprint.trait) for pair_signal in PAIRWISE)]
        beside: dict[str, _Several] = {}
        for fact, (signal, trait, table) in enumerate(zip(self._own, traits, self._tables, strict=True)):
            if trait is None:
                continue
            most = signal.most(trait, context, table, banned=banned)
            shown.append((fact, signal, trait, most))
            if most.by_number:
                by_number[fact] = tuple(map(_steps, most.by_number))
            if most.beside is not None:
                if most.unkeyed > 0.0:
                    unkeyed = _KeyFact(fact, _steps(most.unkeyed))
                    beside[most.beside] = (*beside.get(most.beside, ()), unkeyed)
            elif most.unkeyed > floors[fact]:
                floors[fact] = most.unkeyed
        for fact, signal, trait, most in shown:
            more = beside.get(self._grouped[fact] or "", ())
            own = tuple(signal.keys(trait))
            tried = [*own, *signal.probes(trait)]
            if not tried:
                continue
            listed.update(dict.fromkeys(own))
            new = self._of_keys(fact, most, tried)
            for kind, nats in most.besides.items():  # more than none, or the key would be left out
                besides = _KeyFact(self._besides, _steps(nats))
                new = {key: (*own, besides) if key[0] == kind else own for key, own in new.items()}
            if more:
                new = {key: (*several, *more) for key, several in new.items()}
            for key in new.keys() & by_key.keys():
                several = [known for known in (*by_key[key], *new[key]) if known.steps]
                new[key] = tuple(several) or by_key[key]
            by_key.update(new)

    def _of_keys(self, fact: int, most: Most, keys: Sequence[Key]) -> dict[Key, _Several]:
        """What each key of one signal may add."""
        # Many kinds and keys have few different values: each is computed once.
        several = {0.0, *most.by_kind.values(), *most.by_key.values()}
        part: dict[float, _Several] = {nats: (_KeyFact(fact, _steps(nats)),) for nats in several}
        by_kind = {int(kind): part[nats] for kind, nats in most.by_kind.items()}
        new = {key: by_kind.get(key[0], part[0.0]) for key in keys}
        for key, nats in most.by_key.items():
            if key in new:
                new[key] = part[nats]
        return new

    def _moments(self, at: float, calendar: BanCalendar | None) -> tuple[Moments, ...]:
        """The most of the moment by the age of a ban, by the calendar and as shipped; kept for a minute."""
        minute = math.ceil(at / MINUTE_SECONDS)
        if self._moments_kept[0] is calendar and self._moments_kept[1] == minute:
            return self._moments_kept[2]
        moments = tuple([self._by_age(at, several) for several in (calendar, None)])
        self._moments_kept = (calendar, minute, moments)
        return moments

    def _by_age(self, at: float, calendar: BanCalendar | None) -> Moments:
        of_each = [signal.moments(self._weights.signals[signal.name], at, calendar) for signal in PAIRWISE]
        ages = sorted({age for steps in of_each for age, _ in steps}) or [-math.inf]
        return tuple([(age, _steps(sum([_last(steps, age) for steps in of_each], 0.0))) for age in ages])


def _last(ages: Ages, age: float) -> float:
    """The nats of the last age in ``ages`` that is at most ``age``; 0 where there is none."""
    return next((nats for least, nats in reversed(ages) if least <= age), 0.0)


class _LeastCounted:
    """Counts of personal values less the most banned bearers that may be taken off them.

    The look-up alone shows how many (:mod:`samehand.frequency.rates`).
    """

    def __init__(self, counted: Frequencies) -> None:
        self._counted = counted
        self.bans = counted.bans

    def accounts(self, stratum: str) -> int:
        return self._counted.accounts(stratum)

    def count(self, kind: KeyKind, value: bytes, stratum: str) -> int:
        counted = self._counted.count(kind, value, stratum)
        return max(counted - PERSONAL_POSTING_CAP, 0) if is_personal(kind) else counted


def _steps(nats: float) -> int:
    return math.ceil(nats * STEPS_A_NAT)
