"""The contracts of signals: how one trait of an account is kept, looked up, compared and explained.

Each signal is one file and one instance, and declares examples that serve as tests, as the demo's material
and as documentation. The contract suite tests every signal that :data:`samehand.signals.SIGNALS` lists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from samehand.account import Account
from samehand.keys import Key
from samehand.signals.comparison import Comparison
from samehand.signals.context import ComparisonContext

Keyer = Callable[[str, bytes], bytes]
Trait = TypeVar("Trait")
Traits = Callable[[str], object | None]
"""Gives an account's trait by the name of its signal; ``None`` where the account does not show it."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """The public words of an account that an alert may quote."""

    handle: str = ""
    display_name: str = ""
    bio: str = ""


@dataclass(frozen=True, slots=True)
class Example:
    """Two accounts and the level that their comparison must show (``None``: none)."""

    ours: Account
    theirs: Account
    level: str | None


class Levels(Protocol):
    """The weights (nats) of one signal's levels, by the table of weights."""

    @property
    def as_shipped(self) -> Mapping[str, float]:
        """The weight of each level where no better rate than the table's is known."""

    def nats(self, level: str, rate: float) -> float:
        """The weight of a level that the share ``rate`` of unrelated accounts shows."""

    def most(self, levels: tuple[str, ...], rate: float) -> float:
        """The most that one of several levels weighs if the share ``rate`` of unrelated accounts shows it."""

    def nats_a_bit(self, levels: tuple[str, ...]) -> float:
        """The most that one of several levels gains where half as many unrelated accounts show it."""


class Most(NamedTuple):
    """The most (nats) that a signal can add to the candidates of one account, given which keys are shared.

    ``by_kind`` has the most for each kind of key, ``by_key`` for single keys of which more is known,
    ``by_number`` by how many of its keys are shared (one, two, …, as many as there are numbers or more).
    ``besides`` has, by kind, what sharing a key adds to the most of the other keys that are shared.
    ``unkeyed`` is the most that it can add where no key is shared: to any candidate, or, if ``beside`` names
    a group, only to candidates that share a key of that group.
    """

    by_kind: Mapping[int, float] = {}
    by_key: Mapping[Key, float] = {}
    by_number: Sequence[float] = ()
    besides: Mapping[int, float] = {}
    unkeyed: float = 0.0
    beside: str | None = None


class Signal(Protocol[Trait]):
    """One trait. Implementations hold no state and never raise on any account."""

    @property
    def name(self) -> str:
        """The signal's name in alerts, weights and metrics."""

    @property
    def code(self) -> int:
        """The signal's number in stored records (1 to 127): never reuse or renumber one."""

    @property
    def group(self) -> str | None:
        """The group of dependent signals, of which the best counts whole and the others for a share."""

    @property
    def sentences(self) -> Mapping[str, str]:
        """The sentence that a moderator reads, by level."""

    @property
    def examples(self) -> tuple[Example, ...]:
        """Pairs that show each level."""

    def distil(self, account: Account, keyer: Keyer) -> Trait | None:
        """The trait as it is kept, or ``None`` where the account shows nothing usable."""

    def pack(self, trait: Trait) -> bytes:
        """The stored form of a trait, at most 65,535 bytes."""

    def unpack(self, payload: bytes) -> Trait:
        """Reads the stored form. Raises ``ValueError`` or ``IndexError`` on damage."""

    def keys(self, trait: Trait) -> Iterable[Key]:
        """The blocking keys under which the account is listed."""

    def probes(self, trait: Trait) -> Iterable[Key]:
        """The blocking keys that a query tries in addition to :meth:`keys`."""

    def most(self, trait: Trait, context: ComparisonContext, table: Levels, *, banned: bool) -> Most:
        """The most that :meth:`compare` can add, by shared keys; ``banned``: the trait of the banned side."""

    def counts(self, trait: Trait) -> Iterable[Key]:
        """The values to count when an account is seen: those whose frequencies :meth:`compare` uses."""

    def compare(self, ours: Trait, theirs: Trait, context: ComparisonContext) -> Comparison | None:
        """The level at which two traits agree or disagree; ``None`` where it says nothing."""

    def show(self, trait: Trait, quoted: Quoted) -> str:
        """How an alert shows the trait: public words as they are, personal ones masked."""


class PairSignal(Protocol[Trait]):
    """A signal that compares two whole accounts and has no stored trait: across fields, time or platforms.

    Its blocking keys, if it has any, are made of what :meth:`of` reads from one account.
    """

    @property
    def name(self) -> str:
        """The signal's name in alerts, weights and metrics."""

    @property
    def group(self) -> str | None: ...

    @property
    def sentences(self) -> Mapping[str, str]: ...

    @property
    def beyond(self) -> frozenset[str]:
        """Signals that say the same: this one counts only for what exceeds the best of them."""

    def between(self, ours: Traits, theirs: Traits, context: ComparisonContext) -> Comparison | None:
        """The level at which the two accounts agree or disagree; ``None`` where it says nothing."""

    def of(self, trait: Traits) -> Trait | None:
        """What the keys of an account are made of; ``None`` where it has no keys."""

    def keys(self, trait: Trait) -> Iterable[Key]: ...

    def probes(self, trait: Trait) -> Iterable[Key]: ...

    def most(self, trait: Trait, context: ComparisonContext, table: Levels, *, banned: bool) -> Most: ...


class SignalBase(Generic[Trait]):
    """The defaults of signals: no keys to list or to try, no values to count."""

    group: str | None = None

    def keys(self, trait: Trait) -> Iterable[Key]:
        """No blocking keys: the signal adds evidence to candidates that others found."""
        return ()

    def probes(self, trait: Trait) -> Iterable[Key]:
        """No further keys than those of enrolment."""
        return ()

    def counts(self, trait: Trait) -> Iterable[Key]:
        """No values: the levels are as common as the table of weights says."""
        return ()

    def unlisted(self, trait: Trait) -> Iterable[bytes]:
        """Nothing but the keys: of a list, only values that share one are compared."""
        return ()


class PairSignalBase:
    """The defaults of pair signals: no keys."""

    group: str | None = None
    beyond: frozenset[str] = frozenset()

    def of(self, trait: Traits) -> Any:
        """``None``: the signal has no keys."""
        return None  # a value, not a missing statement

    def keys(self, trait: Any) -> Iterable[Key]:
        return ()

    def probes(self, trait: Any) -> Iterable[Key]:
        return ()

    def most(self, trait: Any, context: ComparisonContext, table: Levels, *, banned: bool) -> Most:
        return Most()
