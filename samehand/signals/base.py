"""What a signal is: one trait of an account, how it is kept, looked up, compared and explained.

Each signal is one file and one instance, and each declares examples that serve as tests, as the demo's
material and as documentation. A new signal inherits the whole contract suite by being listed in
:data:`samehand.signals.SIGNALS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from samehand.account import Account
from samehand.keys import Key
from samehand.signals.finding import Finding
from samehand.signals.sight import Sight

Keyer = Callable[[str, bytes], bytes]
Trait = TypeVar("Trait")


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
        """The blocking keys that a query tries: a superset of :meth:`keys`."""

    def counts(self, trait: Trait) -> Iterable[Key]:
        """The values that are counted when an account is seen: those whose frequency :meth:`compare` asks."""

    def compare(self, ours: Trait, theirs: Trait, sight: Sight) -> Finding | None:
        """The level at which two traits agree or disagree; ``None`` where it says nothing."""

    def show(self, trait: Trait, quoted: Quoted) -> str:
        """How an alert shows the trait: public words as they are, personal ones masked."""


class Circumstance(Protocol):
    """What two accounts have between them without either having it: a span of time, a border."""

    @property
    def name(self) -> str:
        """Its name in alerts, weights and metrics."""

    def consider(self, sight: Sight) -> Finding | None:
        """What the circumstance says of the pair."""


class SignalBase(Generic[Trait]):
    """What most signals share: they list, try and count nothing unless they say so."""

    group: str | None = None

    def keys(self, trait: Trait) -> Iterable[Key]:
        """No blocking key: the signal adds evidence to candidates that others found."""
        return ()

    def probes(self, trait: Trait) -> Iterable[Key]:
        """The same keys as at enrolment."""
        return self.keys(trait)

    def counts(self, trait: Trait) -> Iterable[Key]:
        """No value: its levels are as common as the weights say."""
        return ()
