"""An account is named by its platform and its id, and keeps its personal values out of sight."""

from __future__ import annotations

from samehand.account import Account, account_key


def test_the_same_id_on_two_platforms_is_two_accounts() -> None:
    assert account_key("x", "7") == Account(platform="x", account_id="7").key == "x:7"
    assert account_key("telegram", "7") != account_key("x", "7")


def test_its_text_shows_nothing_personal() -> None:
    account = Account(
        platform="x",
        account_id="7",
        email="umar@valley.example",
        phone="+923012345678",
        ip="39.40.12.7",
        device_id="6f1c2e9a",
        payment_token="tok_1",
    )
    shown = repr(account)
    for personal in (account.email, account.phone, account.ip, account.device_id, account.payment_token):
        assert personal is not None
        assert personal not in shown
