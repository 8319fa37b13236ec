"""What a signal is: one trait of an account, how it is kept, looked up, compared and explained.

Each signal is one file and one instance, and each declares examples that serve as tests, as the demo's
material and as documentation. A new signal inherits the whole contract suite by being listed in
:data:`samehand.signals.SIGNALS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from samehand.account import Account
from samehand.frequency.ban_calendar import BanCalendar
from samehand.keys import Key
from samehand.signals.comparison import Comparison
from samehand.signals.context import ComparisonContext

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


Ages = Sequence[tuple[float, float]]
"""(seconds, nats), by rising seconds: what holds from an age on."""


class Levels(Protocol):
    """What the levels of one signal weigh (nats), as the table of weights says."""

    @property
    def as_shipped(self) -> Mapping[str, float]:
        """Of each level where no better rate is known."""

    def nats(self, level: str, rate: float) -> float:
        """Of a level that such a share of unrelated accounts shows."""

    def most(self, levels: tuple[str, ...], rate: float) -> float:
        """Of that one of several levels which weighs most then."""


class Most(NamedTuple):
    """The most (nats) that a signal can add to the candidates of one account, given which keys are shared.

    ``by_kind`` says it of the kinds of its keys, ``by_key`` of single ones of which more is known, and
    ``of_parts`` of those among them that show no more than a part: of a name only ``by_key`` shows a whole.
    ``unkeyed`` is what it can add where no key is shared: to anybody, or only to accounts that share a key of
    the group ``beside``.
    """

    by_kind: Mapping[int, float] = {}
    by_key: Mapping[Key, float] = {}
    of_parts: Mapping[Key, float] = {}
    unkeyed: float = 0.0
    beside: str | None = None


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

    def most(self, trait: Trait, sight: ComparisonContext, table: Levels, *, banned: bool) -> Most:
        """The most that :meth:`compare` can add, as far as keys tell; ``banned`` is whose trait it is."""

    def counts(self, trait: Trait) -> Iterable[Key]:
        """The values that are counted when an account is seen: those whose frequency :meth:`compare` asks."""

    def compare(self, ours: Trait, theirs: Trait, sight: ComparisonContext) -> Comparison | None:
        """The level at which two traits agree or disagree; ``None`` where it says nothing."""

    def show(self, trait: Trait, quoted: Quoted) -> str:
        """How an alert shows the trait: public words as they are, personal ones masked."""


class PairSignal(Protocol[Trait]):
    """What is compared of two whole accounts and kept nowhere of its own: two fields, a span, a border.

    What has blocking keys makes them of what :meth:`of` reads from one account.
    """

    @property
    def name(self) -> str:
        """Its name in alerts, weights and metrics."""

    @property
    def group(self) -> str | None:
        """As of a signal."""

    @property
    def beyond(self) -> frozenset[str]:
        """Signals of which it says the same again: only what exceeds the best of them counts."""

    def between(self, ours: Traits, theirs: Traits, sight: ComparisonContext) -> Comparison | None:
        """What the two accounts have between them; ``None`` where it says nothing."""

    def of(self, trait: Traits) -> Trait | None:
        """What an account shows of it; ``None`` where it has no keys."""

    def keys(self, trait: Trait) -> Iterable[Key]:
        """As of a signal."""

    def probes(self, trait: Trait) -> Iterable[Key]:
        """As of a signal."""

    def most(self, trait: Trait, sight: ComparisonContext, table: Levels, *, banned: bool) -> Most:
        """As of a signal."""

    def moments(self, table: Levels, at: float, calendar: BanCalendar | None) -> Ages:
        """The most (nats) that it adds to bans which at ``at`` are at least so many seconds old.

        Rising ages, the first of which is minus infinity; none where the moment does not matter to it.
        """


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


class PairSignalBase:
    """What most pair signals share: they have no keys, and the moment does not matter to them."""

    group: str | None = None
    beyond: frozenset[str] = frozenset()

    def of(self, trait: Traits) -> Any:
        """No keys."""
        return None  # what is read, and not nothing done

    def keys(self, trait: Any) -> Iterable[Key]:
        """None."""
        return ()

    def probes(self, trait: Any) -> Iterable[Key]:
        """None."""
        return ()

    def most(self, trait: Any, sight: ComparisonContext, table: Levels, *, banned: bool) -> Most:
        """Nothing."""
        return Most()

    def moments(self, table: Levels, at: float, calendar: BanCalendar | None) -> Ages:
        """The moment does not matter."""
        return ()
