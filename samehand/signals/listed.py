"""Signals of which an account has several values: devices, addresses, numbers, mailboxes, payment tokens.

Two lists agree by the best of their pairs, once. Each pair is priced by itself, never by how many there are,
so that one value more never costs; a value is counted with every account that has it, so that longer lists
make their values commoner. A value last seen long ago is priced up by how long such values stay with people.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from typing import Any, Final, Generic, Protocol, TypeVar

from msgspec.structs import replace as replaced

from samehand.account import NOTHING_KEYED, Account
from samehand.keys import Key
from samehand.signals.base import Example, Keyer, Levels, Most, Quoted, Signal
from samehand.signals.comparison import Comparison
from samehand.signals.context import ComparisonContext

VALUES_MAX: Final = 16
"""Values of one kind that are kept of an account, the latest."""

_PAIRS_MAX: Final = (
    48  # of two lists: a pair for each way in which sixteen values may agree, as mailboxes in three
)
_DAYS_MAX: Final = 0xFFFF
_MARK: Final = " #"
_MARK_DIGITS: Final = 4

Value = TypeVar("Value")
Listed = tuple[tuple[Value, int], ...]
"""Values, the latest first, each with the days before the account's moment at which it was last seen."""


class SingleSignal(Signal[Value], Protocol[Value]):
    """A signal of one value, which makes up a list."""

    @property
    def personal(self) -> str:
        """The value's name in :attr:`samehand.account.Account.others` and `already_keyed`."""

    @property
    def field(self) -> str:
        """The field of an account that holds the latest value."""

    def unlisted(self, trait: Value) -> Iterable[bytes]:
        """Returns what two values may agree by that is no key."""


class ListedSignal(Generic[Value]):
    """A list of the values of another signal."""

    def __init__(
        self,
        single: SingleSignal[Value],
        *,
        half_days: int,
        most: int = VALUES_MAX,
        days_max: int = _DAYS_MAX,
    ) -> None:
        """``half_days``: after so many days half of the people who had a value have it no longer.

        Keeps ``most`` values, none that was last seen more than ``days_max`` days before.
        """
        self._single = single
        self._half_days, self._most, self._days_max = half_days, most, days_max
        self.name, self.code, self.group = single.name, single.code, single.group
        self.sentences, self.personal, self.field = single.sentences, single.personal, single.field

    @property
    def examples(self) -> tuple[Example, ...]:
        """Those of one value each."""
        return self._single.examples

    def distil(self, account: Account, keyer: Keyer) -> Listed[Value] | None:
        """The account's values; one whose moment nobody says counts as seen half of ``half_days`` before."""
        single = self._single
        latest = single.distil(account, keyer)
        others = account.others.get(single.personal)
        if not others:
            return None if latest is None else ((latest, 0),)
        aged = [(self._half_days // 2 if other.days is None else other.days, other.value) for other in others]
        # What cannot be read pushes nothing out, and what is not kept costs nothing.
        read = (
            (value, days)
            for days, text in sorted(aged, key=lambda one: one[0])
            if (value := single.distil(self._alone(account, text), keyer)) is not None
        )
        return self._kept(read if latest is None else chain([(latest, 0)], read))

    def _alone(self, account: Account, value: str) -> Account:
        alone: dict[str, Any] = {self.field: value, "already_keyed": NOTHING_KEYED}
        return replace(account, **alone)

    def joined(self, latest: Listed[Value] | None, former: Any, days: int) -> Listed[Value] | None:
        """Adds the ``former`` values, of so many days before, unless the account shows none any more."""
        if latest is None or not former:
            return latest
        held = [*latest, *((value, age + days) for value, age in former)]
        return self._kept(sorted(held, key=lambda one: one[1]))

    def _kept(self, held: Iterable[tuple[Value, int]]) -> Listed[Value] | None:
        """The first of ``held``, each once, which come in the order of their days."""
        kept: dict[bytes, tuple[Value, int]] = {}
        for value, days in held:
            if days > self._days_max or len(kept) == self._most:
                break
            kept.setdefault(self._identity(value), (value, days))
        return tuple(kept.values()) or None

    def _identity(self, value: Value) -> bytes:
        return next(iter(self._single.keys(value)))

    def pack(self, trait: Listed[Value]) -> bytes:
        """The latest value, as the signal of one packs it."""
        return self._single.pack(trait[0][0])

    def unpack(self, payload: bytes) -> Listed[Value]:
        return ((self._single.unpack(payload), 0),)

    def pack_others(self, trait: Listed[Value]) -> bytes:
        """What :meth:`pack` leaves out: days of the latest, then days, length and value of each other."""
        days = trait[0][1]
        if len(trait) == 1 and not days:
            return b""
        parts = [_two(days)]
        for value, age in trait[1:]:
            packed = self._single.pack(value)
            parts += (_two(age), bytes((len(packed),)), packed)
        return b"".join(parts)

    def unpack_others(self, latest: Listed[Value], payload: bytes) -> Listed[Value]:
        """Reads what :meth:`pack_others` wrote. Raises ``ValueError`` or ``IndexError`` on damage."""
        held, here = [(latest[0][0], int.from_bytes(payload[:2], "big"))], 2
        while here < len(payload):
            end = here + 3 + payload[here + 2]
            held.append(
                (
                    self._single.unpack(payload[here + 3 : end]),
                    int.from_bytes(payload[here : here + 2], "big"),
                )
            )
            here = end
        return tuple(held)

    def keys(self, trait: Listed[Value]) -> Iterable[Key]:
        """The keys of all values."""
        if len(trait) == 1:
            return self._single.keys(trait[0][0])
        return [key for value, _ in trait for key in self._single.keys(value)]

    def probes(self, trait: Listed[Value]) -> Iterable[Key]:
        return ()

    def counts(self, trait: Listed[Value]) -> Iterable[Key]:
        """All values, so that what lists share is as common as it is."""
        return self.keys(trait)

    def most(self, trait: Listed[Value], context: ComparisonContext, table: Levels, *, banned: bool) -> Most:
        """The most of sharing each value."""
        mosts = [self._single.most(value, context, table, banned=banned) for value, _ in trait]
        if len(mosts) == 1:
            return mosts[0]
        by_key: dict[Key, float] = {}
        for (value, _), one in zip(trait, mosts, strict=True):
            for key in self._single.keys(value):
                nats = one.by_key.get(key, one.by_kind.get(key[0], 0.0))
                by_key[key] = max(nats, by_key.get(key, 0.0))
        return Most(by_key=by_key, unkeyed=max([one.unkeyed for one in mosts]))

    def compare(
        self, ours: Listed[Value], theirs: Listed[Value], context: ComparisonContext
    ) -> Comparison | None:
        """The best agreement of two values. One value each may differ; of several, the next is not known."""
        if len(ours) == len(theirs) == 1:
            (mine, days), (other, its_days) = ours[0], theirs[0]
            found = self._single.compare(mine, other, context)
            stale = max(days, its_days)
            if found is None or not stale:
                return found
            return None if found.level == "different" else self._aged(found, stale, stale)
        pairs = list(self._agreeing(ours, theirs))
        stale = min([max(mine[1], other[1]) for mine, other in pairs], default=0)
        agreeing: list[Comparison] = []
        for (mine, days), (other, its_days) in pairs:
            found = self._single.compare(mine, other, context)
            if found is not None and found.level != "different":
                aged = self._aged(found, max(days, its_days), stale)
                agreeing += (aged, *aged.also)
        return replaced(agreeing[0], also=tuple(agreeing[1:])) if agreeing else None

    def _aged(self, found: Comparison, days: int, stale: int) -> Comparison:
        """The comparison of values of which one was last seen ``days`` before its account's moment."""
        more = 2.0 ** (days / self._half_days)
        return replaced(
            found,
            rate=None if found.rate is None else min(1.0, found.rate * more),
            rate_unshared=None if found.rate_unshared is None else min(1.0, found.rate_unshared * more),
            also=tuple([self._aged(also, days, stale) for also in found.also]),
            stale_days=stale,
        )

    def _agreeing(
        self, ours: Listed[Value], theirs: Listed[Value]
    ) -> Iterator[tuple[tuple[Value, int], tuple[Value, int]]]:
        """The pairs of values that share what they may agree by, the latest of each way to agree first.

        Of ways those in which most is shared come first, so that many mailboxes of one domain hide no pair.
        """
        bearers: dict[bytes, list[int]] = {}
        for place, (value, _) in enumerate(theirs):
            for part in self._parts(value):
                bearers.setdefault(part, []).append(place)
        shared: dict[tuple[int, int], list[bytes]] = {}
        for mine, (value, _) in enumerate(ours):
            for part in self._parts(value):
                for other in bearers.get(part, ()):
                    shared.setdefault((mine, other), []).append(part)
        before: Counter[tuple[bytes, ...]] = Counter()
        ranked: list[tuple[int, int, tuple[int, int]]] = []
        for pair in sorted(shared, key=lambda pair: (-len(shared[pair]), sum(pair), pair)):
            way = tuple(shared[pair])
            ranked.append((before[way], len(ranked), pair))
            before[way] += 1
        for _, _, (mine, other) in sorted(ranked)[:_PAIRS_MAX]:
            yield ours[mine], theirs[other]

    def _parts(self, value: Value) -> Iterator[bytes]:
        yield from self._single.keys(value)
        yield from self._single.unlisted(value)

    def show(self, trait: Listed[Value], quoted: Quoted) -> str:
        """The latest value."""
        return self.show_beside(trait, None, quoted)

    def show_beside(self, trait: Any, other: Any, quoted: Quoted) -> str:
        """How an alert shows the value that agrees with the other account.

        Of several values it bears a mark, four digits of its digest, that tells it from the others.
        """
        if len(trait) == 1:
            return self._single.show(trait[0][0], quoted)
        theirs = {part for value, _ in other or () for part in self._parts(value)}
        alike = [(len(theirs.intersection(self._parts(value))), self._identity(value)) for value, _ in trait]
        most = max(alike)[0]
        # Of several that agree always the same one, whichever was seen last.
        identity = min(its for shares, its in alike if shares == most) if most else alike[0][1]
        value = next(value for value, _ in trait if self._identity(value) == identity)
        return f"{self._single.show(value, quoted)}{_MARK}{identity[1:].hex()[:_MARK_DIGITS]}"


def unmarked(shown: str) -> str:
    """What an alert would have shown of the value if the account had had no other."""
    return shown.partition(_MARK)[0]


def _two(days: int) -> bytes:
    return min(days, _DAYS_MAX).to_bytes(2, "big")
