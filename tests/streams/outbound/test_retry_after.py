"""`Retry-After`: seconds or a date, within a bound."""

from __future__ import annotations

from streams.outbound.retry_after import RETRY_AFTER_SECONDS_MAX, retry_after_seconds
from tests.tables import for_each

NOW = 1_795_521_600.0  # Tue, 24 Nov 2026 12:00:00 GMT


@for_each(
    ("text", "seconds"),
    [
        ("", 0.0),
        ("42", 42.0),
        ("-1", 0.0),
        ("soon", 0.0),
        ("٤٢", 0.0),
        ("9" * 400, RETRY_AFTER_SECONDS_MAX),
        ("Tue, 24 Nov 2026 12:01:00 GMT", 60.0),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0.0),
        ("Tue, 24 Nov 99999 12:01:00 GMT", 0.0),
    ],
)
def test_header_is_seconds_from_now(text: str, seconds: float) -> None:
    assert retry_after_seconds(text, NOW) == seconds
