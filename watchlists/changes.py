"""Compares an import with the previous one: the listings that came, changed and went.

A state file keeps the names in force after an import, as JSON: how much the last month changed, then
one listing a line. Kept in git, it shows a second person what an import changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import click
import msgspec

from report.text import plural, visible
from samehand.watchlist.entry import WatchlistEntry
from watchlists.rows import ENTRIES_MAX

_LINE_BYTES_MAX: Final = 16 * 1024 * 1024  # 2,000 names of 2,000 characters, some bytes each


class ListingState(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A listing and its names in force, by the key of the account under which each is enrolled."""

    authority: str
    reference: str
    name: str
    names: dict[str, str]


class ListingChange(msgspec.Struct, frozen=True):
    """The names of one listing that came into force and those that are no longer on the list."""

    authority: str
    reference: str
    name: str
    added: dict[str, str]
    removed: dict[str, str]


class ListChanges(msgspec.Struct, frozen=True):
    """All changes of an import. ``not_found``: gone, or on one of the rows that could not be read."""

    listed: list[ListingChange]
    changed: list[ListingChange]
    removed: list[ListingChange]
    not_found: list[ListingChange]


Listings = dict[tuple[str, str], ListingState]
"""By authority and reference."""

CHANGE_SHARE: Final = 0.1
"""Of a list's listings or names before. Lists change by some a week: a tenth is another file or an event."""

LATELY_SECONDS: Final = 30 * 86_400.0
"""Imports of so long ago count with the next one: a tenth each day would soon be another list."""

IMPORTS_MAX: Final = 1_000
"""Imports of a month that a state names: one an hour, and more than a schedule asks for."""


class ImportedChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How many listings and names an import changed, at a moment in Unix seconds."""

    at: float
    listings: int
    names: int


class _Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    lately: tuple[ImportedChange, ...]


@dataclass(frozen=True, slots=True)
class ListState:
    """The listings in force, and what imports of the last 30 days changed since the last allowed change."""

    listings: Listings
    lately: tuple[ImportedChange, ...] = ()


def add(listings: Listings, entry: WatchlistEntry, names: Mapping[str, str]) -> None:
    """Adds an entry; a listing may come in several (the same number in two rows)."""
    key = (entry.authority, entry.reference)
    known = listings.get(key)
    listings[key] = ListingState(
        *key, known.name if known else entry.name, {**(known.names if known else {}), **names}
    )


def read_state(path: Path) -> ListState | None:
    """The state after the previous import; ``None`` if there is no file.

    Raises ``click.ClickException`` for a file that cannot be read or is no state.
    """
    listings: Listings = {}
    head = _Head(())
    decoder = msgspec.json.Decoder(ListingState)
    number = 0
    try:
        with path.open("rb") as file:
            while line := file.readline(_LINE_BYTES_MAX):
                number += 1
                if number == 1 and line.startswith(b'{"lately"'):
                    head = msgspec.json.decode(line, type=_Head)
                    continue
                listing = decoder.decode(line)
                listings[listing.authority, listing.reference] = listing
                if len(listings) > ENTRIES_MAX:
                    raise click.ClickException(f"{path}: more listings than all lists together have")
    except FileNotFoundError:
        return None
    except OSError as fault:
        raise click.ClickException(f"{path}: {fault.strerror or 'cannot be read'}") from fault
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as fault:
        raise click.ClickException(
            f"{path}:{number}: not a state that `samehand watchlist import` wrote; name another file"
        ) from fault
    return ListState(listings, head.lately)


def state_lines(state: ListState) -> Iterator[bytes]:
    for part in (_Head(state.lately), *state.listings.values()):
        yield msgspec.json.encode(part) + b"\n"


def change_of(changes: ListChanges, at: float) -> ImportedChange:
    """The size of an import's changes."""
    several = [*changes.listed, *changes.changed, *changes.removed]
    return ImportedChange(at, len(several), sum(len(each.added) + len(each.removed) for each in several))


def why_stopped(former: ListState | None, changes: ListChanges | None, now: float) -> str | None:
    """Why an import may not go on unless its change is allowed; ``None`` for a small change of a known list.

    Changes of the last 30 days count with this one; ``now`` in Unix seconds.
    """
    if former is None or changes is None:
        return "the list was never imported under this state"
    lately = recent(former.lately, now)
    own = change_of(changes, now)
    names_before = sum(len(listing.names) for listing in former.listings.values())
    for what, differ, already, before in (
        ("listings", own.listings, sum(each.listings for each in lately), len(former.listings)),
        ("names", own.names, sum(each.names for each in lately), names_before),
    ):
        if differ and differ + already > CHANGE_SHARE * before:
            also = f", and {already:,} in the 30 days before" if already else ""
            return f"{differ:,} of {before:,} {what} came, changed or went{also}"
    return None


def recent(lately: Iterable[ImportedChange], now: float) -> tuple[ImportedChange, ...]:
    """The changes of the last 30 days, the latest ones where there are more than a state names."""
    return tuple(each for each in lately if each.at > now - LATELY_SECONDS)[-IMPORTS_MAX:]


def compared(former: Listings, now: Listings, *, complete: bool) -> ListChanges:
    """The changes from ``former`` to ``now``; ``complete``: all that the files hold was read."""
    listed: list[ListingChange] = []
    changed: list[ListingChange] = []
    for key, listing in now.items():
        before = former.get(key)
        known = before.names if before else {}
        if before is None or known.keys() != listing.names.keys():
            (changed if before else listed).append(_change(listing, known, listing.names))
    gone = [_change(former[key], former[key].names, {}) for key in former if key not in now]
    return ListChanges(listed, changed, gone if complete else [], [] if complete else gone)


def _change(listing: ListingState, before: Mapping[str, str], after: Mapping[str, str]) -> ListingChange:
    return ListingChange(
        listing.authority,
        listing.reference,
        listing.name,
        added={key: name for key, name in after.items() if key not in before},
        removed={key: name for key, name in before.items() if key not in after},
    )


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
    for kind, listing in every[:CHANGES_TOLD_MAX]:
        names = _shown("+", listing.added) + _shown("-", listing.removed)
        words = f"{kind}: {visible(listing.authority)} {visible(listing.reference)} {visible(listing.name)}"
        yield f"{words}{': ' if names else ''}{'; '.join(names)}"
    if len(every) > CHANGES_TOLD_MAX:
        yield f"… and {plural(len(every) - CHANGES_TOLD_MAX, 'more change')} (--json)"


def _shown(sign: str, names: Mapping[str, str]) -> list[str]:
    shown = [f"{sign} {visible(name)}" for name in islice(names.values(), NAMES_TOLD_MAX)]
    return [*shown, f"{sign} {len(names) - NAMES_TOLD_MAX} more"] if len(names) > NAMES_TOLD_MAX else shown
