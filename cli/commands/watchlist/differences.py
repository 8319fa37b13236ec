"""What differs from the previous import, in lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

from report.text import plural, visible
from watchlists.changes import ListChanges, ListingChange

CHANGES_TOLD_MAX: Final = 200
"""Changed listings that are printed one by one; ``--json`` has all."""

NAMES_TOLD_MAX: Final = 5
"""Names of one change that are printed; a listing has up to some hundreds."""


def _kinds(changes: ListChanges) -> dict[str, list[ListingChange]]:
    return {
        "listed": changes.listed,
        "changed": changes.changed,
        "removed": changes.removed,
        "not found, where rows could not be read": changes.not_found,
    }


def counted(changes: ListChanges) -> str:
    counts = [f"{len(each):,} {kind}" for kind, each in _kinds(changes).items() if each]
    return f"since the previous import: {', '.join(counts) or 'nothing changed'}"


def change_lines(changes: ListChanges) -> Iterator[str]:
    """A line for each of the first changes."""
    every = [(kind.partition(",")[0], change) for kind, each in _kinds(changes).items() for change in each]
    for kind, it in every[:CHANGES_TOLD_MAX]:
        names = _shown("+", it.added) + _shown("-", it.removed)
        words = f"{kind}: {visible(it.authority)} {visible(it.reference)} {visible(it.name)}"
        yield f"{words}{': ' if names else ''}{'; '.join(names)}"
    if len(every) > CHANGES_TOLD_MAX:
        yield f"… and {plural(len(every) - CHANGES_TOLD_MAX, 'more change')} (--json)"


def _shown(sign: str, names: Mapping[str, str]) -> list[str]:
    shown = [f"{sign} {visible(name)}" for name in islice(names.values(), NAMES_TOLD_MAX)]
    return [*shown, f"{sign} {len(names) - NAMES_TOLD_MAX} more"] if len(names) > NAMES_TOLD_MAX else shown
