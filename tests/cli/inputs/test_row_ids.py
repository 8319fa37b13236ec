"""Row 5 of one file is not row 5 of another, and both are called 5 in the end."""

from __future__ import annotations

from cli.inputs.row_ids import ROW_OF_ACCOUNTS, ROW_OF_BANS, by_number, within_run
from samehand.alert_id import alert_id
from schemas.alerts import Matched
from tests.desk.makers import an_alert
from tests.makers import a_sign_up


def test_a_named_account_keeps_its_name() -> None:
    event = a_sign_up("7")
    assert within_run(event, ROW_OF_ACCOUNTS, named=True) is event


def test_an_alert_names_rows_by_their_numbers() -> None:
    alert = an_alert(
        account_id=f"{ROW_OF_ACCOUNTS}5",
        matched=Matched(platform="x", account_id=f"{ROW_OF_BANS}5", root_id=f"x:{ROW_OF_BANS}5"),
    )
    shown = by_number(alert)
    assert (shown.key, shown.matched.key, shown.matched.root_id) == ("x:5", "x:5", "x:5")
    assert shown.alert_id == alert_id("x:5", "x:5")
    assert shown.log_odds == alert.log_odds


def test_an_alert_between_named_accounts_is_left_alone() -> None:
    alert = an_alert()
    assert by_number(alert) is alert
