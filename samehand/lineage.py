"""Families: the ban from which a returning account descends, and how many returns lie between."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

# A longer chain is a fault in the data, not a family: generations are not counted beyond this.
GENERATION_MAX: Final = 1_000


@dataclass(frozen=True, slots=True)
class Descent:
    """``root_id`` is the account key of the first ban of the family, ``generation`` 0 for that one."""

    root_id: str
    generation: int


def founder(account: str) -> Descent:
    """The descent of an account whose parent is not known: itself the root, generation 0."""
    return Descent(account, 0)


def child_of(parent: Descent) -> Descent:
    """The descent of a mirror of ``parent``'s account, once that mirror is banned itself."""
    return Descent(parent.root_id, min(parent.generation + 1, GENERATION_MAX))
