"""A name on a list as the record that workers enrol."""

from __future__ import annotations

from typing import Final

from samehand.watchlist.entry import Alias, Entry
from samehand.watchlist.platforms import ORGANISATIONS, PERSONS
from schemas.accounts import Account, AccountBanned, Basis
from schemas.dates import from_seconds

POLICY: Final = "watchlist"
"""Of all these bans, and their queue: bands of their own are set by it, and reviewers filter by it."""


def ban_of(entry: Entry, alias: Alias, *, now: float, expires_at: float | None) -> AccountBanned:
    """One name of a listing; moments in Unix seconds.

    It has no ``banned_at``: when an organisation was listed says nothing about when an account was made.
    """
    platform = PERSONS if entry.person else ORGANISATIONS
    account_id = entry.account_id(alias)
    return AccountBanned(
        event_id=f"watchlist-{alias.number}",
        version=1,
        occurred_at=from_seconds(now),
        platform=platform,
        account=Account(account_id=account_id, handle="_".join(alias.text.split()), display_name=alias.text),
        policy=POLICY,
        basis=Basis(authority=entry.authority, reference=entry.reference),
        queue=POLICY,
        expires_at=None if expires_at is None else from_seconds(expires_at),
    )
