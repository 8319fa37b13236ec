"""What one banned account costs in Redis, part by part.

Handles alone (of the cached population), and whole
simulated accounts with their fields at the shares of the population, with every field, and with a picture.
The store is laid out for as many bans as it gets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench.index.population import population
from bench.page import markdown
from bench.store.bans import a_store, by_handle, enrol, whole
from bench.store.server import Server, server
from store.base import Ban

# The letters that store/redis/__init__.py lists.
_PARTS = {"p": "postings", "b": "record"}

Bans = Callable[[int], Iterator[Ban]]

CASES: dict[str, Bans] = {
    "handle alone": lambda bans: map(by_handle, range(bans), population(bans)),
    "whole account, fields at their shares, no picture": lambda bans: whole(
        bans, avatar=False, everything=False
    ),
    "the same, self-descriptions quoted": lambda bans: whole(
        bans, avatar=False, everything=False, quote_bio=True
    ),
    "every field, no picture": lambda bans: whole(bans, avatar=False, everything=True),
    "every field and a picture": lambda bans: whole(bans, avatar=True, everything=True),
}


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes a ban. ``total`` is what the server's data grew by, ``parts`` what it tells of each key."""

    case: str
    bans: int
    total: float
    parts: dict[str, float]


async def measured(case: str, bans: int) -> Memory:
    """Enrols bans in a server of their own."""
    with server() as own:
        before = own.bytes_used()
        store = a_store(own, bans)
        await store.open()
        await enrol(store, own, CASES[case](bans))
        await store.close()
        return told(case, own, bans, own.bytes_used() - before)


def told(case: str, own: Server, bans: int, grown: int) -> Memory:
    """What a filled server says of its keys."""
    parts: dict[str, float] = {}
    for part, (_, size) in own.bytes_by_part().items():
        name = _PARTS.get(part, "everything else")
        parts[name] = parts.get(name, 0.0) + size / bans
    return Memory(case, bans, grown / bans, parts)


def table(several: list[Memory]) -> str:
    columns = [*_PARTS.values(), "everything else"]
    return markdown(
        ("bytes a ban", *columns, "all"),
        (
            (
                one.case,
                *(f"{size:.0f}" for size in (*(one.parts.get(name, 0.0) for name in columns), one.total)),
            )
            for one in several
        ),
    )
