"""The audit: what was done, by whom and about what, chained by hash so that no line can be changed unseen.

A line holds identifiers, codes and digests only; what may have to be erased is never in it. Each line's hash
covers the line and the hash before it, so that changing, dropping or adding one breaks all that follow. A cut
at the end breaks nothing, which is why each line's number and hash are published to Kafka.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from desk.database.audit import START, hash_of
from desk.database.schema import AuditRow

_HEAD: Final = re.compile("([1-9][0-9]{0,17}):([0-9a-f]{64})")  # numbers that a column of 64 bits holds


@dataclass(frozen=True, slots=True)
class Break:
    """Where the chain does not hold, and why."""

    number: int
    why: str


@dataclass(frozen=True, slots=True)
class Head:
    """A line's number and hash, as they were published."""

    number: int
    hash: str

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"


def head_of(text: str) -> Head | None:
    """`NUMBER:HASH` as a head; None for anything else."""
    match = _HEAD.fullmatch(text)
    return None if match is None else Head(int(match[1]), match[2])


@dataclass(slots=True)
class Chain:
    """Follows the lines in order and remembers the first that does not fit."""

    number: int = 0
    hash: str = START
    broken: Break | None = None

    def follow(self, lines: Iterable[AuditRow]) -> None:
        for line in lines:
            if self.broken is not None:
                return
            if line.number != self.number + 1:
                self.broken = Break(line.number, f"line {self.number + 1} is missing before it")
                return
            wanted = hash_of(
                self.hash, line.number, line.at, line.actor, line.action, line.subject, line.detail
            )
            if line.hash != wanted:
                self.broken = Break(
                    line.number, "its hash is not that of what it says and of the line before"
                )
                return
            self.number, self.hash = line.number, line.hash


def sealed(key: bytes, line_hash: str) -> str:
    """Returns a line's hash as it is published: keyed, so that it confirms no guess at what the line says."""
    return hmac.digest(key, line_hash.encode(), "sha256").hex()


def contradiction(chain_hashes: Mapping[int, Collection[str]], last: int, head: Head) -> Break | None:
    """Returns how the chain contradicts a published line, or None.

    ``chain_hashes``: the hash of each line that was published, in every form in which it may have been;
    ``last``: the chain's last number.
    """
    if head.number > last:
        return Break(head.number, f"it was published, and the chain ends at line {last}: its end was cut off")
    if head.hash not in chain_hashes.get(head.number, ()):
        return Break(head.number, "its hash is another than was published: the chain was written anew")
    return None


def against(chain_hashes: Mapping[int, Collection[str]], last: int, heads: Iterable[Head]) -> Break | None:
    """The first published line that the chain contradicts."""
    for head in sorted(heads, key=lambda head: head.number):
        if (broken := contradiction(chain_hashes, last, head)) is not None:
            return broken
    return None
