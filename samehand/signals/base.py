"""What a signal is: one trait of an account, how it is kept, looked up, compared and explained.

Each signal is one file and one instance, and each declares examples that serve as tests, as the demo's
material and as documentation. A new signal inherits the whole contract suite by being listed in
:data:`samehand.signals.SIGNALS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, NamedTuple, Protocol, TypeVar

from samehand.account import Account
from samehand.keys import Key
from samehand.signals.finding import Finding
from samehand.signals.sight import Sight

Keyer = Callable[[str, bytes], bytes]
Trait = TypeVar("Trait")
Traits = Callable[[str], object | None]
"""An account's traits by the names of their signals; ``None`` of what it does not show."""


@dataclass(frozen=True, slots=True)
class Quoted:
    """The public words of an account that an alert may quote."""

    handle: str = ""
    display_name: str = ""


@dataclass(frozen=True, slots=True)
class Example:
    """Two accounts and the level that their comparison must show (``None``: no finding)."""

    ours: Account
    theirs: Account
    level: str | None


class Levels(Protocol):
    """What the levels of one signal weigh (nats), as the table of weights says."""

    @property
    def as_shipped(self) -> Mapping[str, float]:
        """Of each level where no better rate is known."""

    def nats(self, level: str, rate: float) -> float:
        """Of a level that such a share of unrelated accounts shows."""


class Most(NamedTuple):
    """The most (nats) that a signal can add to the candidates of one account, given which keys are shared.

    ``by_kind`` says it of the kinds of its keys, ``by_key`` and ``of_parts`` of single ones of which more is
    known. ``unkeyed`` is what it can add where no key is shared: to anybody, or only to accounts that share a
    key of the group ``beside``. With ``in_part`` a key that ``by_key`` does not name shows that a part
    agrees, which the rules of the score never let alert with nothing else.
    """

    by_kind: Mapping[int, float] = {}
    by_key: Mapping[Key, float] = {}
    of_parts: Mapping[Key, float] = {}
    unkeyed: float = 0.0
    beside: str | None = None
    in_part: bool = False


class Signal(Protocol[Trait]):
    """One trait. Implementations hold no state and never raise on any account."""

    @property
    def name(self) -> str:
        """The signal's name in alerts, weights and metrics."""

    @property
    def code(self) -> int:
        """Its number in stored records (1 to 127): never reuse or renumber one."""

    @property
    def group(self) -> str | None:
        """Signals of one group depend on each other; the lesser of them counts for a part only."""

    @property
    def examples(self) -> tuple[Example, ...]:
        """Pairs that show each level."""

    def distil(self, account: Account, keyer: Keyer) -> Trait | None:
        """The trait as it is kept, or ``None`` where the account shows nothing usable."""

    def pack(self, trait: Trait) -> bytes:
        """Its stored form, at most 65,535 bytes."""

    def unpack(self, payload: bytes) -> Trait:
        """Reads the stored form. Raises ``ValueError`` or ``IndexError`` on damage."""

    def keys(self, trait: Trait) -> Iterable[Key]:
        """The blocking keys under which the account is listed."""

    def probes(self, trait: Trait) -> Iterable[Key]:
        """The blocking keys that a query tries beside :meth:`keys`."""

    def most(self, trait: Trait, sight: Sight, table: Levels, *, banned: bool) -> Most:
        """The most that :meth:`compare` can add, as far as keys tell; ``banned`` is whose trait it is."""

    def counts(self, trait: Trait) -> Iterable[Key]:
        """The values that are counted when an account is seen: those whose frequency :meth:`compare` asks."""

    def compare(self, ours: Trait, theirs: Trait, sight: Sight) -> Finding | None:
        """The level at which two traits agree or disagree; ``None`` where it says nothing."""

    def show(self, trait: Trait, quoted: Quoted) -> str:
        """How an alert shows the trait: public words as they are, personal ones masked."""


class Joint(Protocol[Trait]):
    """What is compared of several traits together and kept nowhere of its own."""

    @property
    def name(self) -> str:
        """Its name in alerts, weights and metrics."""

    @property
    def group(self) -> str | None:
        """As of a signal."""

    def of(self, trait: Traits) -> Trait | None:
        """What an account shows of it."""

    def keys(self, trait: Trait) -> Iterable[Key]:
        """As of a signal."""

    def probes(self, trait: Trait) -> Iterable[Key]:
        """As of a signal."""

    def most(self, trait: Trait, sight: Sight, table: Levels, *, banned: bool) -> Most:
        """As of a signal."""


class Circumstance(Protocol):
    """What two accounts have between them without either having it: a span of time, a border."""

    @property
    def name(self) -> str:
        """Its name in alerts, weights and metrics."""

    def consider(self, sight: Sight) -> Finding | None:
        """What the circumstance says of the pair."""

    @property
    def ends(self) -> tuple[float, ...]:
        """Ages of a ban (seconds) after which :meth:`most` is another."""

    def most(self, table: Levels, since: float) -> float:
        """The most (nats) that it adds where the ban is at least so many seconds old."""


class SignalBase(Generic[Trait]):
    """What most signals share: they list, try and count nothing unless they say so."""

    group: str | None = None

    def keys(self, trait: Trait) -> Iterable[Key]:
        """No blocking key: the signal adds evidence to candidates that others found."""
        return ()

    def probes(self, trait: Trait) -> Iterable[Key]:
        """No further keys than those at enrolment."""
        return ()

    def counts(self, trait: Trait) -> Iterable[Key]:
        """No value: its levels are as common as the weights say."""
        return ()
