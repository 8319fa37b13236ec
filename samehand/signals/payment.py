"""The payment instrument, as the payment provider's token names it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from samehand.account import Account
from samehand.keys import KeyKind
from samehand.signals.base import Example, Keyer
from samehand.signals.digest import DigestSignal
from samehand.signals.listed import ListedSignal

_TOKEN_LENGTH_MIN: Final = 6  # shorter ones are placeholders ("none", "n/a"), shared by everybody


class PaymentSignal(DigestSignal):
    """Both accounts paid with the same instrument."""

    name = "payment"
    personal = "payment"
    field = "payment_token"
    code = 6
    kind = KeyKind.PAYMENT
    owned = True
    sentences: Mapping[str, str] = {
        "same": "Both accounts paid with the same card or wallet.",
        "different": "The accounts paid with different cards or wallets.",
    }

    def distil(self, account: Account, keyer: Keyer) -> bytes | None:
        """The keyed token with its case, which providers' tokens depend on; ``None`` for a placeholder."""
        given = account.already_keyed.get("payment")
        if given is not None:
            return keyer("payment", b"keyed:" + given)
        token = (account.payment_token or "").strip()
        if len(token) < _TOKEN_LENGTH_MIN or len(set(token)) == 1:
            return None
        return keyer("payment", token.encode("utf-8", "surrogatepass"))

    @property
    def examples(self) -> tuple[Example, ...]:
        """The same token, another one, and a placeholder."""
        return (
            Example(_paid_with("tok_1QxYz8"), _paid_with("tok_1QxYz8"), "same"),
            Example(_paid_with("tok_1QxYz8"), _paid_with("tok_9AbCd2"), "different"),
            Example(_paid_with("none"), _paid_with("none"), None),
        )


def _paid_with(token: str) -> Account:
    return Account(platform="facebook", account_id="1", payment_token=token)


PAYMENT: Final = ListedSignal(
    PaymentSignal(), half_days=1_000
)  # assumed: cards are valid for three to five years
