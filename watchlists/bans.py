"""Entries of official lists as bans: those that are asked for, by the names that tell something."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from report.text import visible
from samehand.elapsed import DAY_SECONDS
from samehand.watchlist.alias_filter import AliasFault, telling
from samehand.watchlist.entry import Alias, WatchlistEntry
from samehand.watchlist.platforms import ORGANISATIONS, PERSONS
from schemas.accounts import PROGRAMME_CHARS_MAX, PROGRAMMES_MAX, Account, AccountBanned, Basis
from schemas.basis_rights import ALL_RIGHTS, RightsTable
from schemas.decoding.dates import from_seconds
from schemas.malformed import Malformed
from watchlists.changes import Listings, add
from watchlists.rows import ListRow

POLICY: Final = "watchlist"
"""Of all these bans, and their queue: bands of their own are set by it, and reviewers filter by it."""


def basis_of(entry: WatchlistEntry) -> Basis:
    """The listing as the basis of bans."""
    programmes = dict.fromkeys(programme[:PROGRAMME_CHARS_MAX] for programme in entry.programmes)
    return Basis(
        authority=entry.authority, reference=entry.reference, programmes=tuple(programmes)[:PROGRAMMES_MAX]
    )


def ban_of(
    entry: WatchlistEntry, alias: Alias, *, now: float, expires_at: float | None, quoted: bool = True
) -> AccountBanned:
    """One name of a listing; moments in Unix seconds. ``quoted``: its id may quote authority and number.

    It has no ``banned_at``: when an organisation was listed says nothing about when an account was made.
    """
    platform = PERSONS if entry.person else ORGANISATIONS
    account_id = entry.account_id(alias) if quoted else entry.unquoted_id(alias)
    return AccountBanned(
        event_id=f"watchlist-{alias.number}",
        version=1,
        occurred_at=from_seconds(now),
        platform=platform,
        account=Account(account_id=account_id, handle="_".join(alias.text.split()), display_name=alias.text),
        policy=POLICY,
        basis=basis_of(entry),
        queue=POLICY,
        expires_at=None if expires_at is None else from_seconds(expires_at),
    )


PASSED_TOLD_MAX: Final = 200
"""Names passed over that are printed one by one: all acronyms of a list would fill many screens."""

COUNTED_MAX: Final = 10_000
"""Different programmes that are counted; all authorities together have some hundreds."""


@dataclass(slots=True)
class ListedBans:
    """Bans by the entries of lists, and what was found. ``now``: Unix seconds; ``days`` in force, 0 for ever.

    ``there``: entries by programme; ``broken``: the address of a fault after which nothing more was read;
    ``listings``: all lists together take some hundred MB, and their bans as much.
    """

    now: float
    days: int
    persons: bool
    programmes: frozenset[str]
    rights: RightsTable = ALL_RIGHTS
    entries: Counter[str] = field(default_factory=Counter)
    names: int = 0
    passed: Counter[AliasFault] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)
    there: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[str, Malformed]] = field(default_factory=list)
    may_not_alert: int = 0
    broken: str = ""
    listings: Listings = field(default_factory=dict)

    @property
    def expires_at(self) -> float | None:
        return self.now + self.days * DAY_SECONDS if self.days else None

    def read(self, rows: Iterable[ListRow]) -> Iterator[AccountBanned]:
        """Counts what is found and yields the names that tell something."""
        for row in rows:
            entry = row.outcome
            if isinstance(entry, Malformed):
                self.faults.append((row.where, entry))
                self.broken = self.broken or (row.where if row.ends else "")
            elif self._wants(entry) and entry is not None:
                yield from self._bans(entry)

    def _bans(self, entry: WatchlistEntry) -> list[AccountBanned]:
        kept, passed = telling(entry)
        for alias, reason in passed:
            self.passed[reason] += 1
            if reason is not AliasFault.REPEATED and len(self.examples) < PASSED_TOLD_MAX:
                name = f"{entry.authority} {visible(entry.reference)}"
                self.examples.append(f"{name}: passed over as {reason}: {visible(alias.text)}")
        self.names += len(kept)
        rights = self.rights.of(basis_of(entry))
        self.may_not_alert += 0 if rights.may_alert else len(kept)
        until, quoted = self.expires_at, rights.may_be_quoted
        bans = [ban_of(entry, alias, now=self.now, expires_at=until, quoted=quoted) for alias in kept]
        add(self.listings, entry, {ban.key: ban.account.display_name or "" for ban in bans})
        return bans

    def _wants(self, entry: WatchlistEntry | None) -> bool:
        if entry is None:
            kind, wanted = "neither", False
        elif self.programmes and self.programmes.isdisjoint(entry.programmes):
            kind, wanted = "other_programmes", False
        elif entry.person:
            kind, wanted = ("persons" if self.persons else "persons_left_out"), self.persons
        else:
            kind, wanted = "organisations", True
        self.entries[kind] += 1
        if entry is not None:
            for programme in entry.programmes:
                if programme in self.there or len(self.there) < COUNTED_MAX:
                    self.there[programme] += 1
        return wanted
