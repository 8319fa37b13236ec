"""What a mapping file makes of a sample: how much maps, what fails, and which signals stay silent.

A signal is silent where no banned account of the sample, or no other one, gives it anything to compare: it
takes two. That is found by distilling accounts as a worker does, so that what means nothing counts as empty.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

from msgspec.structs import replace

from agents.common.converters import account_of, fingerprints_of
from agents.common.unusable_fields import UnusableFields
from samehand.signals import SIGNALS
from schemas.accounts import AccountBanned, AccountEvent
from schemas.malformed import Malformed
from schemas.mapping.fields import TARGETS, Kind
from schemas.mapping.mapper import Mapped, NotMapped, Result
from streams.outcomes import Arrival, Dead, contained

Side = Literal["banned", "others"]
SIDES: Final[tuple[Side, ...]] = get_args(Side)

FAULTS_MAX: Final = 1_000
"""Kinds of faults that are kept apart: reasons and paths are few, expressions some hundreds."""

_NOTHING: Final = b""  # what is distilled here is thrown away: any digest will do
_TIMING: Final = "timing"


@dataclass(slots=True)
class MappingTally:
    """Counts of one sample; of either side ``profiles_max`` profiles are looked into for signals."""

    profiles_max: int | None = None
    records: int = 0
    kinds: Counter[Kind] = field(default_factory=Counter)
    passed: Counter[str] = field(default_factory=Counter)
    rules: Counter[tuple[str, int]] = field(default_factory=Counter)
    faults: Counter[Malformed] = field(default_factory=Counter)
    first: dict[Malformed, str] = field(default_factory=dict)
    """The address of the first record with each fault."""
    unusable: UnusableFields = field(default_factory=UnusableFields)
    filled: dict[Kind, Counter[str]] = field(default_factory=dict)
    profiles: Counter[Side] = field(default_factory=Counter)
    """Accounts that came with a whole profile, and were looked into."""
    speaking: dict[Side, Counter[str]] = field(default_factory=lambda: {side: Counter() for side in SIDES})
    """How many of these give each signal something to compare."""

    def add(self, address: str, topic: str, result: Result) -> None:
        self.records += 1
        match result:
            case Malformed():
                if result in self.first or len(self.first) < FAULTS_MAX:
                    self.faults[result] += 1
                    self.first.setdefault(result, address)
            case NotMapped():
                self.passed[result.why] += 1
            case Mapped():
                self._mapped(topic, result)

    @property
    def mapped(self) -> int:
        return self.kinds.total()

    @property
    def dead(self) -> int:
        return self.records - self.mapped - self.passed.total()

    @property
    def silent(self) -> list[str]:
        """Signals that would compare nothing, in the order of the registry; none where no profile came."""
        there = [side for side in SIDES if self.profiles[side]]
        silent = [
            signal.name for signal in SIGNALS if not all(self.speaking[side][signal.name] for side in there)
        ]
        if self.profiles["banned"] and not self.speaking["banned"][_TIMING]:
            silent.append(_TIMING)
        return silent if there else []

    def empty(self, kind: Kind) -> list[str]:
        """Our fields that no record of a kind filled, in the order of the record."""
        filled = self.filled.get(kind, Counter())
        return [name for name in TARGETS[kind].fields if not filled[name]]

    def _mapped(self, topic: str, result: Mapped) -> None:
        self.kinds[result.kind] += 1
        self.rules[topic, result.rule] += 1
        record = result.found.record
        self.unusable.add(record, result.found.unusable, pictures=False)
        filled = self.filled.setdefault(result.kind, Counter())
        filled.update(
            name for name, field in TARGETS[result.kind].fields.items() if _stands(record, field.path)
        )
        if isinstance(record, AccountEvent):
            side: Side = "banned" if isinstance(record, AccountBanned) else "others"
            if self.profiles_max is not None and self.profiles[side] >= self.profiles_max:
                return
            self.profiles[side] += 1
            distilled = contained(lambda _: _distilled(record), Arrival("", 0, 0, None, None))
            spoken = [] if isinstance(distilled, Dead) else distilled
            if isinstance(record, AccountBanned) and record.banned_at is not None:
                spoken.append(_TIMING)
            self.speaking[side].update(spoken)


def _stands(record: Any, path: tuple[str, ...]) -> bool:
    for name in path:
        record = getattr(record, name, None)
    return record is not None and record != "" and record != ()


def _distilled(event: AccountEvent) -> list[str]:
    wire, avatar = event.account, event.account.avatar
    undecoded = avatar is not None and avatar.pdq is None  # an image, which takes milliseconds to hash
    account = account_of(event.platform, replace(wire, avatar=None) if undecoded else wire)
    (fingerprint,) = fingerprints_of(account, ((1, lambda domain, value: _NOTHING),), at=None)
    spoken = [
        signal.name for signal, trait in zip(SIGNALS, fingerprint.traits, strict=True) if trait is not None
    ]
    return [*spoken, "avatar"] if undecoded else spoken
