"""Signals whose trait is one opaque digest: two accounts have the same or different ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from samehand.keys import Key, KeyKind, key_of
from samehand.signals.base import Levels, Most, Quoted, SignalBase
from samehand.signals.comparison import Comparison
from samehand.signals.context import ComparisonContext

DIGEST_BYTES: Final = 10
MASK: Final = "•••"
_DIFFERENT: Final = Comparison("different")


def checked_digest(payload: bytes) -> bytes:
    """A digest read from a record. Raises ``ValueError`` where it is not one."""
    if len(payload) != DIGEST_BYTES:
        raise ValueError(f"a digest has {len(payload)} bytes, not {DIGEST_BYTES}")
    return payload


class DigestSignal(SignalBase[bytes]):
    """A signal whose trait is one keyed digest; subclasses say where it comes from and what it means."""

    name: str
    kind: KeyKind
    owned: bool  # whether a value belongs to somebody, or is a choice that many make
    sentences: Mapping[str, str]

    def pack(self, trait: bytes) -> bytes:
        return trait

    def unpack(self, payload: bytes) -> bytes:
        return checked_digest(payload)

    def keys(self, trait: bytes) -> Iterable[Key]:
        """The digest is its own blocking key."""
        return (key_of(self.kind, trait),)

    def counts(self, trait: bytes) -> Iterable[Key]:
        """The digest, even where it is too common to be a blocking key."""
        return (key_of(self.kind, trait),)

    def compare(self, ours: bytes, theirs: bytes, context: ComparisonContext) -> Comparison | None:
        """The level `same` or, if the signal has a sentence for it, `different`."""
        if ours == theirs:
            unshared = context.u(self.name, "same")
            rate, crowd = context.shared(self.kind, ours, unshared, owned=self.owned)
            return Comparison("same", rate, crowd, unshared)
        return _DIFFERENT if "different" in self.sentences else None

    def most(self, trait: bytes, context: ComparisonContext, table: Levels, *, banned: bool) -> Most:
        """The weight of sharing this value."""
        rate = context.shared(self.kind, trait, context.u(self.name, "same"), owned=self.owned)[0]
        nats = table.nats("same", rate)
        return Most({self.kind: nats}) if self.keys(trait) else Most(unkeyed=nats)

    def show(self, trait: bytes, quoted: Quoted) -> str:
        """A mask: a digest means nothing to a reader."""
        return MASK
