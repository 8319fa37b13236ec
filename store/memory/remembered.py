"""Remembered accounts, the reference implementation: generations of accounts, the oldest dropped first."""

from __future__ import annotations

from dataclasses import dataclass, field

from store.common.records import keys_of, read_frame, read_remembered_quote, remembered_bytes
from store.limits import GENERATIONS
from store.memory.index import Index, IndexEntry


@dataclass(slots=True)
class Generation:
    """Accounts remembered during one span of time, and their estimated sizes in bytes."""

    started_at: float
    index: Index
    sizes: dict[str, int] = field(default_factory=dict)
    bytes: int = 0

    def put(self, entry: IndexEntry) -> None:
        """Adds an account, or replaces its state."""
        self.index.put(entry)
        keys = len(keys_of(read_frame(entry.frame).records))
        size = remembered_bytes(entry.frame, entry.quote, keys)
        self.bytes += size - self.sizes.get(entry.account, 0)
        self.sizes[entry.account] = size

    def remove(self, account: str) -> None:
        """Takes an account out, if it is there."""
        if self.index.remove(account):
            self.bytes -= self.sizes.pop(account)


@dataclass(slots=True)
class RememberedInMemory:
    """The generations, oldest first.

    An account is remembered for the retention time. A generation is closed after an eighth of that time or of
    the byte budget, whichever comes first. It is dropped as a whole when its youngest account has been kept
    for the retention time, or when all generations together exceed the budget.
    """

    retention_seconds: float
    budget_bytes: int
    generations: list[Generation] = field(default_factory=list)
    evicted: int = 0

    def live(self, now: float) -> list[Generation]:
        """The generations that have not expired."""
        span = self.retention_seconds / GENERATIONS
        return [
            generation
            for generation in self.generations
            if generation.started_at + span + self.retention_seconds > now
        ]

    def find(self, account: str, now: float) -> IndexEntry | None:
        for generation in self.live(now):
            entry = generation.index.entries.get(account)
            if entry is not None and not read_frame(entry.frame).expired(now):
                return entry
        return None

    def opened(self, now: float) -> Generation:
        """The generation that one batch of accounts is written to; opens a new one where that is due."""
        self.generations = self.live(now)
        last = self.generations[-1] if self.generations else None
        if (
            last is None
            or now >= last.started_at + self.retention_seconds / GENERATIONS
            or last.bytes >= self.budget_bytes / GENERATIONS
        ):
            last = Generation(now, Index())
            self.generations.append(last)
        return last

    def put(self, entry: IndexEntry, generation: Generation, now: float) -> bool:
        """Remembers an account, unless a later or the same state is known; returns whether it did."""
        known = self.find(entry.account, now)
        if known is not None:
            same = read_frame(known.frame).records == read_frame(entry.frame).records
            if (same and known.quote == entry.quote) or _seen_at(known) > _seen_at(entry):
                return False
        for former in self.generations:
            if former is not generation:
                former.remove(entry.account)
        generation.put(entry)
        return True

    def evict(self) -> None:
        """Drops the oldest generations while all together exceed the budget."""
        while len(self.generations) > 1 and self.bytes > self.budget_bytes:
            self.evicted += len(self.generations.pop(0).sizes)

    def remove(self, account: str) -> None:
        for generation in self.generations:
            generation.remove(account)

    @property
    def bytes(self) -> int:
        """The estimated bytes of all generations."""
        return sum(generation.bytes for generation in self.generations)


def _seen_at(entry: IndexEntry) -> float:
    return read_remembered_quote(entry.quote).seen_at
