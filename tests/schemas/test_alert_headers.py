"""Whoever routes alerts reads their headers alone."""

from __future__ import annotations

from msgspec.structs import replace

from schemas.alert_headers import ALERT_HEADERS, alert_headers
from schemas.examples import ALERT, SUMMARY, WITHDRAWN


def test_an_alert_says_in_headers_where_it_belongs() -> None:
    assert dict(alert_headers(ALERT)) == {
        "alert_id": b"5d41402abc4b2a76b9719d911017c592",
        "revision": str(ALERT.revision).encode(),
        "status": b"open",
        "band": b"likely",
        "queue": b"extremism",
        "policy": b"violent-extremism",
    }
    assert [name for name, _ in alert_headers(ALERT)] == list(ALERT_HEADERS)


def test_a_withdrawal_is_told_from_an_alert_without_reading_it() -> None:
    told = dict(alert_headers(WITHDRAWN))
    assert (told["status"], told["revision"]) == (b"withdrawn", str(WITHDRAWN.revision).encode())


def test_what_a_record_does_not_say_has_no_header() -> None:
    assert "band" not in dict(alert_headers(SUMMARY))
    nowhere = replace(ALERT, queue=None, matched=replace(ALERT.matched, policy=None))
    assert set(dict(alert_headers(nowhere))) == {"alert_id", "revision", "status", "band"}
