"""What a signal is: one trait of an account, how it is kept, looked up, compared and explained.

Each signal is one file and one instance, and each declares examples that serve as tests, as the demo's
material and as documentation. A new signal inherits the whole contract suite by being listed in
:data:`samehand.signals.SIGNALS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import msgspec

from samehand.account import Account
from samehand.frequency import Frequencies, named_rate, shared_rate
from samehand.keys import Key, KeyKind
from samehand.normal.scripts import is_pooled

Keyer = Callable[[str, bytes], bytes]
Trait = TypeVar("Trait")


class Finding(msgspec.Struct, frozen=True, gc=False):
    """What one comparison saw. A struct, since every pair makes a dozen and a data class takes longer.

    ``level`` names a row of the weights table. ``rate`` is the share (0 to 1] of unrelated accounts that
    would show this level with this value, or ``None`` where the table's own figure is used. ``because``
    is the sentence that the moderator reads. ``crowd`` is how many accounts were counted with the value
    (0 where nobody counted): when it takes weight away, that is shown as counter-evidence.
    ``rate_unshared`` is what the rate would have been if nobody else had been counted with it.
    ``never_alone`` marks an agreement too weak to alert with no other (a short common handle).
    """

    level: str
    because: str
    rate: float | None = None
    crowd: int = 0
    rate_unshared: float | None = None
    never_alone: bool = False


class Sight(msgspec.Struct, frozen=True, gc=False):
    """What a comparison may know beside the two traits: counted frequencies and where to read them.

    ``strata`` are those of the two accounts: the language or script within which each one's names are judged.
    ``seconds_since_ban`` is the new account's moment minus the ban's, negative for one prepared before it.
    """

    frequencies: Frequencies
    strata: tuple[str, str]
    platforms: tuple[str, str]
    seconds_since_ban: float | None = None

    def shared(self, kind: KeyKind, value: bytes, shipped_rate: float) -> tuple[float, int]:
        """The rate of a value among all accounts, and how many were counted with it."""
        crowd = self.frequencies.count(kind, value, "")
        return shared_rate(crowd, self.frequencies.accounts(""), shipped_rate), crowd

    def among_namesakes(self, kind: KeyKind, value: bytes, shipped_rate: float) -> tuple[float, int]:
        """The same of a name, within that of the two accounts' strata where it is more common.

        Who gives no language is counted among those of a script, where the names of each language look rare;
        and who signs up in another language than their own takes the names of their own along.
        """
        ours, theirs = self.strata
        here = self._within(ours, kind, value, shipped_rate)
        return here if ours == theirs else max(here, self._within(theirs, kind, value, shipped_rate))

    def _within(self, stratum: str, kind: KeyKind, value: bytes, shipped_rate: float) -> tuple[float, int]:
        crowd = self.frequencies.count(kind, value, stratum)
        return named_rate(crowd, self.frequencies.accounts(stratum), shipped_rate), crowd

    def word(self, word: str, shipped_rate: float) -> tuple[float, int]:
        """The rate of a word of display names among namesakes, and how many were counted with it.

        Where neither account tells its language, all who write one script are counted together, and those
        who show no name with them: among them a common name of a small language looks rare, and its bearers
        would be accused most. There a count makes a word more common than shipped, never rarer.
        """
        rate, crowd = self.among_namesakes(KeyKind.WORD, word.encode(), shipped_rate)
        return (max(rate, shipped_rate) if all(map(is_pooled, self.strata)) else rate), crowd


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
