"""The invitation or link through which the account came."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from samehand.account import Account
from samehand.keys import KeyKind
from samehand.signals.base import Example, Keyer
from samehand.signals.digest import DigestSignal

_REFERRER_LENGTH_MAX: Final = 512  # beyond this it is a tracking string, not an origin


class ReferrerSignal(DigestSignal):
    """Both accounts came through the same invitation or link.

    The referrer is a blocking key although it can never alert alone: so the upper bound knows which
    candidates share it before any is read. A campaign of thousands lists some of its accounts, and weighs
    hardly anything once it is counted.
    """

    name = "referrer"
    code = 10
    kind = KeyKind.REFERRER
    owned = False
    sentences: Mapping[str, str] = {"same": "Both accounts came through the same invitation or link."}

    def distil(self, account: Account, keyer: Keyer) -> bytes | None:
        """The keyed referrer without outer spaces and trailing slashes; ``None`` if empty or too long."""
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
