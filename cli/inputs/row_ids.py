"""Names for the rows of files that name no accounts.

Such a row is named by its number, and row 5 of one file is not row 5 of another. So within a run rows bear
names that say of which file they are, and alerts name them by their numbers again.
"""

from __future__ import annotations

from typing import Final, TypeVar

from msgspec.structs import replace

from samehand.alert_id import alert_id
from schemas.accounts import AccountEvent
from schemas.alerts import MirrorAlert
from schemas.keys import account_key

E = TypeVar("E", bound=AccountEvent)

ROW_OF_BANS: Final = "row of bans "
ROW_OF_ACCOUNTS: Final = "row of accounts "


def within_run(event: E, row_of: str, *, named: bool) -> E:
    """The event under a name that is its own within a run; one that its file names keeps that name."""
    if named:
        return event
    account = replace(event.account, account_id=f"{row_of}{event.account.account_id}")
    return replace(event, account=account)


def by_number(alert: MirrorAlert) -> MirrorAlert:
    """The alert as if rows had been named by their numbers alone."""
    root = alert.matched.root_id
    if root is not None:
        platform, _, root_account = root.partition(":")
        root = account_key(platform, _bare(root_account))
    account_id = _bare(alert.account_id)
    matched = replace(alert.matched, account_id=_bare(alert.matched.account_id), root_id=root)
    if account_id == alert.account_id and matched == alert.matched:
        return alert
    return replace(
        alert,
        alert_id=alert_id(account_key(alert.platform, account_id), matched.key),
        account_id=account_id,
        matched=matched,
        others=tuple(replace(other, account_id=_bare(other.account_id)) for other in alert.others),
    )


def _bare(account_id: str) -> str:
    return account_id.removeprefix(ROW_OF_BANS).removeprefix(ROW_OF_ACCOUNTS)
