"""Upper bound of a candidate's score, computed from the keys that it shares, before its record is read.

``bound = the least over rivals of: log(mirrors' rate / the rival's) + the most of the moment + the best of
each signal, up to what the rival leaves of it, grouped as the score groups them``. Each signal says what
sharing one of its keys can add (:class:`samehand.signals.base.Most`). The table of weights allows for what
may agree without a shared key (``allowance``), and signals without keys count as if they agreed. The odds
against all rivals are never higher than those against one of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise, zip_longest
from typing import Any, Final, NamedTuple

from samehand.elapsed import DAY_SECONDS
from samehand.fingerprint.distil import Fingerprint
from samehand.frequency.rates import Frequencies
from samehand.keys import PERSONAL_POSTING_CAP, Key, KeyKind, is_personal
from samehand.scoring.arrivals import LIFE_SECONDS, MIRRORS
from samehand.scoring.key_table import SHARE_WHOLE, STEPS_A_NAT, KeyTable, Moments, RivalSums
from samehand.scoring.rivals import RIVALS
from samehand.scoring.weights import COPIERS_A_MIRROR, Flow, Weights
from samehand.signals import PAIRWISE, SIGNALS
from samehand.signals.base import Most, PairSignal, Signal
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
        self._limits = [
            tuple(_steps(min(table.limit(place), _MOST_NATS)) for table in (*self._tables, besides))
            for place in range(len(RIVALS))
        ]
        self._moments = _by_age()
        self._alerting = min(weights.alerts_from(policy) for policy in (None, *weights.policy_bands))

    def table(
        self, fingerprints: Sequence[Fingerprint], frequencies: Frequencies, *, banned: bool = False
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
        # A key that adds nothing is left out, unless it is personal: how many bear it is asked in any case,
        # but of the account itself.
        by_key = {
            key: several
            for key, several in by_key.items()
            if several[-1].steps or (is_personal(key[0]) and key[0] != KeyKind.RUNNER)
        }
        at = None if banned or not fingerprints else fingerprints[0].at
        # Of a ban the platform of the other side is known only once it is read.
        weights, (least, most) = self._weights, _usual(fingerprints, frequencies, banned=banned)
        flow = Flow(most, frequencies.bans)
        # Of a ban or of an entry of a list, whichever is more; mirrors of the latter come evenly at any age.
        listing = weights.mirrors(flow, None, listed=True)
        evenly = max(weights.mirrors(flow, None, listed=False), listing)
        floor = _steps(math.log(listing / evenly))
        moments = tuple([(age, max(steps, floor)) for age, steps in self._moments])
        if at is None:  # the candidates' own moments are known only once they are read
            moments = ((-math.inf, max(steps for _, steps in moments) if banned else 0),)
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
            least=math.floor((self._alerting - math.log(evenly)) * STEPS_A_NAT) - _ROUNDING,
            rivals=tuple(self._sums(least, evenly)),
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
            shipped=self._weights.rates(_usual((fingerprint,), frequencies, banned=banned)[1]),
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

    def _sums(self, per_second: float, evenly: float) -> Iterator[RivalSums]:
        """Those of the rivals by which a pair can be bound: not what follows from one name or one crowd."""
        for place, (rival, limits) in enumerate(zip(RIVALS, self._limits, strict=True)):
            if rival.one_name or rival.one_crowd:
                continue
            if rival.copies:  # as mirrors, at any moment
                yield RivalSums(_steps(-math.log(COPIERS_A_MIRROR * evenly)), limits, timed=False)
            elif rival.share:  # all that is by chance is the first rival's at least
                rate = per_second * (rival.share if place else 1.0)
                yield RivalSums(_steps(-math.log(rate)), limits, timed=True)
            else:
                rate = self._weights.rivals[rival.name].least / LIFE_SECONDS
                yield RivalSums(_steps(-math.log(rate)), limits, timed=True)


def _usual(
    fingerprints: Sequence[Fingerprint], frequencies: Frequencies, *, banned: bool
) -> tuple[float, float]:
    """The least and the most that sign up a second where the new account of a pair does."""
    if banned or not fingerprints:
        return frequencies.sign_ups.range()
    usual = frequencies.sign_ups.of(fingerprints[0].platform).usual
    return usual, usual


def _by_age() -> Moments:
    """The most of the moment by the age of a ban: how much denser mirrors are then than evenly in a life."""
    ages = [-math.inf, -31 * DAY_SECONDS, -0.5, *(600.0 * 1.25**step for step in range(60)), math.inf]
    return tuple(
        [
            (first, _steps(math.log(MIRRORS.most(first, last) * LIFE_SECONDS)))
            for first, last in pairwise(ages)
        ]
    )


class _LeastCounted:
    """Counts of personal values less the most banned bearers that may be taken off them.

    The look-up alone shows how many (:mod:`samehand.frequency.rates`).
    """

    def __init__(self, counted: Frequencies) -> None:
        self._counted = counted
        self.bans = counted.bans
        self.sign_ups = counted.sign_ups

    def accounts(self, stratum: str) -> int:
        return self._counted.accounts(stratum)

    def count(self, kind: KeyKind, value: bytes, stratum: str) -> int:
        counted = self._counted.count(kind, value, stratum)
        return max(counted - PERSONAL_POSTING_CAP, 0) if is_personal(kind) else counted


def _steps(nats: float) -> int:
    return math.ceil(nats * STEPS_A_NAT)
