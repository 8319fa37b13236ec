"""The most that a candidate's score can be, from the keys that it shares and before its record is read.

``bound = prior + the best of each signal, grouped as the score groups them + the most of the moment``. Each
signal says what sharing one of its keys can add (:class:`samehand.signals.base.Most`); what may agree without
a shared key is allowed for by the table of weights (``allowance``, in nats), and what has no keys counts as
if it agreed. The rules that hold a pair back only lower a score. One of them is used: who shares nothing but
parts of a name, or what may never alert alone, is held below every threshold, so one more key is needed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from samehand.fingerprint import Fingerprint
from samehand.frequency import Frequencies
from samehand.keys import PERSONAL_POSTING_CAP, TELLING_KINDS, Key, KeyKind, is_personal
from samehand.score import APART
from samehand.scoring.key_table import SHARE_WHOLE, STEPS_A_NAT, KeyTable
from samehand.signals import CIRCUMSTANCES, JOINT, SIGNALS
from samehand.signals.base import Circumstance, Joint, Most, Signal
from samehand.signals.sight import Sight
from samehand.weights import SignalWeights, Weights

_ROUNDING: Final = 2  # steps by which sums of floats and of whole steps may differ


class _Told(NamedTuple):
    """What sharing a key may add (steps) to which fact, and whether that may alert alone.

    ``best``: how much of it is one signal's, where several try the key.
    """

    fact: int
    steps: int
    alone: bool
    best: int


class UpperBound:
    """Makes the tables of look-ups for one table of weights; made once."""

    def __init__(self, weights: Weights) -> None:
        """Reads from the weights what is the same for all accounts."""
        self._weights = weights
        self._own: list[Signal[Any] | Joint[Any]] = [*SIGNALS, *JOINT]
        own = self._own
        self._tables = [weights.signals[one.name] for one in own]
        self._floors = [max(table.allowance, _apart(table)) for table in self._tables]
        self._grouped = [one.group for one in own]
        self._groups = tuple(
            (
                tuple(fact for fact, name in enumerate(self._grouped) if name == group),
                round(weights.group_shares.get(group, 1.0) * SHARE_WHOLE),
            )
            for group in sorted({name for name in self._grouped if name is not None})
        )
        told = {one.name for one in (*own, *CIRCUMSTANCES)}
        self._rest = 0.0  # what speaks without a trait or a key, where a table lets it speak for a pair
        for name, table in weights.signals.items():
            if name not in told:
                self._rest += max(0.0, *table.as_shipped.values())
        self._moments = self._spans()
        self._freely = any(
            not weights.signals[one.name].never_alone and one.most(weights.signals[one.name], -math.inf) > 0
            for one in CIRCUMSTANCES
        )
        self._alerting = min(weights.alerts_from(policy) for policy in (None, *weights.policy_bands))

    def table(
        self, fingerprints: Sequence[Fingerprint], frequencies: Frequencies, *, banned: bool = False
    ) -> KeyTable:
        """The table of one account, given by a fingerprint a pepper; ``banned`` if it is the banned side."""
        found: dict[Key, _Told] = {}
        listed: dict[Key, None] = {}
        floors = list(self._floors)
        freely = self._freely
        for fingerprint in fingerprints:
            freely |= self._add(fingerprint, frequencies, found, listed, floors, banned=banned)
        said = found.values()
        at = None if banned or not fingerprints else fingerprints[0].at
        prior = self._weights.prior(frequencies.bans) + self._rest
        return KeyTable(
            keys=tuple(found),
            listed=tuple(listed),
            facts=tuple([told.fact for told in said]),
            steps=tuple([told.steps for told in said]),
            alone=tuple([told.alone for told in said]),
            floors=tuple(map(_steps, floors)),
            groups=self._groups,
            moments=((-math.inf, 0),) if at is None and not banned else self._moments,
            at=at,
            least=math.floor((self._alerting - prior) * STEPS_A_NAT) - _ROUNDING,
            freely=freely,
        )

    def _add(
        self,
        fingerprint: Fingerprint,
        frequencies: Frequencies,
        found: dict[Key, _Told],
        listed: dict[Key, None],
        floors: list[float],
        *,
        banned: bool,
    ) -> bool:
        """Adds the keys of one fingerprint; answers whether something may alert without any."""
        sight = Sight(_LeastCounted(frequencies), (fingerprint.stratum,) * 2, (fingerprint.platform,) * 2)
        shown: list[tuple[int, Any, Any, Most]] = []
        traits = [*fingerprint.traits, *(joint.of(fingerprint.trait) for joint in JOINT)]
        beside: dict[str, float] = {}
        freely = False
        for fact, (one, trait, table) in enumerate(zip(self._own, traits, self._tables, strict=True)):
            if trait is None:
                continue
            most = one.most(trait, sight, table, banned=banned)
            shown.append((fact, one, trait, most))
            if most.beside is not None:
                beside[most.beside] = beside.get(most.beside, 0.0) + most.unkeyed
            elif most.unkeyed > floors[fact]:
                floors[fact] = most.unkeyed
                freely |= not table.never_alone
        for fact, one, trait, most in shown:
            able = not self._tables[fact].never_alone
            more = beside.get(self._grouped[fact] or "", 0.0)
            own = tuple(one.keys(trait))
            listed.update(dict.fromkeys(own))
            new = self._of_keys(fact, most, [*own, *one.probes(trait)], more, able=able)
            for key in new.keys() & found.keys():
                new[key] = self._both(found[key], new[key])
            found.update(new)
        return freely

    def _of_keys(
        self, fact: int, most: Most, keys: Sequence[Key], more: float, *, able: bool
    ) -> dict[Key, _Told]:
        """What each key of one signal may add."""

        def told(nats: float, alone: bool) -> _Told:
            steps = _steps(nats + more)
            return _Told(fact, steps, alone, steps)

        in_part = able and not most.in_part
        # Where something without a key may speak beside a name, one spelt like it is enough.
        beside = able and more > 0.0
        by_kind = {
            kind: told(nats, in_part or (beside and kind in TELLING_KINDS))
            for kind, nats in most.by_kind.items()
        }
        nothing = told(0.0, in_part)
        new = {key: by_kind.get(key[0], nothing) for key in keys}
        for several, alone in ((most.of_parts, in_part), (most.by_key, able)):
            for key, nats in several.items():
                if key in new:
                    new[key] = told(nats, alone)
        return new

    def _both(self, one: _Told, other: _Told) -> _Told:
        """Of a key that two signals try: as much as both may add together, as the better one's."""
        best, lesser = (one, other) if one.best >= other.best else (other, one)
        group, beside = self._grouped[best.fact], self._grouped[lesser.fact]
        share = 1.0 if group is None or group != beside else self._weights.group_shares.get(group, 1.0)
        steps = one.steps + other.steps - math.floor((1.0 - share) * lesser.best)
        return _Told(best.fact, steps, one.alone or other.alone, best.best)

    def _spans(self) -> tuple[tuple[float, int], ...]:
        ends = sorted({end for one in CIRCUMSTANCES for end in one.ends})
        tables: list[tuple[Circumstance, SignalWeights]] = [
            (one, self._weights.signals[one.name]) for one in CIRCUMSTANCES
        ]
        # A span holds for what is older than the end of the one before.
        return tuple(
            (end, _steps(sum((one.most(table, math.nextafter(end, math.inf)) for one, table in tables), 0.0)))
            for end in (-math.inf, *ends)
        )


class _LeastCounted:
    """Counts less all the banned that may bear a value: how many do is known once it is looked up."""

    def __init__(self, counted: Frequencies) -> None:
        self._counted = counted
        self.bans = counted.bans

    def accounts(self, stratum: str) -> int:
        return self._counted.accounts(stratum)

    def count(self, kind: KeyKind, value: bytes, stratum: str) -> int:
        counted = self._counted.count(kind, value, stratum)
        return max(counted - PERSONAL_POSTING_CAP, 0) if is_personal(kind) else counted


def _apart(table: SignalWeights) -> float:
    """What a table of somebody's own may give for a difference."""
    return max(0.0, *(nats for level, nats in table.as_shipped.items() if level in APART), 0.0)


def _steps(nats: float) -> int:
    return math.ceil(nats * STEPS_A_NAT)
