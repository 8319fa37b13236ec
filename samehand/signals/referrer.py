"""The invitation or link through which the account came."""

from __future__ import annotations

from typing import Final

from samehand.account import Account
from samehand.keys import KeyKind
from samehand.signals.base import Example, Keyer
from samehand.signals.digest import DigestSignal

_REFERRER_LENGTH_MAX: Final = 512  # beyond this it is a tracking string, not an origin


class ReferrerSignal(DigestSignal):
    """Both accounts came through the same invitation or link.

    It is a key though it may never alert alone: that says who shares an invitation, before anybody is read.
    Of a campaign of thousands the first are listed, and it counts for hardly anything once it is counted.
    """

    name = "referrer"
    code = 10
    kind = KeyKind.REFERRER
    shipped_rate = 1e-3  # most referrers are campaigns; only counting shows that one is rare
    because_same = "Both accounts came through the same invitation or link."

    def distil(self, account: Account, keyer: Keyer) -> bytes | None:
        """The keyed referrer without its query string's case or spaces."""
        referrer = (account.referrer or "").strip().rstrip("/")
        if not referrer or len(referrer) > _REFERRER_LENGTH_MAX:
            return None
        return keyer("referrer", referrer.encode("utf-8", "surrogatepass"))

    @property
    def examples(self) -> tuple[Example, ...]:
        """The same invitation, and another (which says nothing)."""
        return (
            Example(_came_by("invite:7GQ2"), _came_by("invite:7GQ2/"), "same"),
            Example(_came_by("invite:7GQ2"), _came_by("search"), None),
        )


def _came_by(referrer: str) -> Account:
    return Account(platform="telegram", account_id="1", referrer=referrer)


REFERRER: Final = ReferrerSignal()
