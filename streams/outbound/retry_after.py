"""The header `Retry-After`, in seconds or as a date."""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Final

RETRY_AFTER_SECONDS_MAX: Final = 3600.0
"""A longer `Retry-After` is not believed: nobody would see for so long that the endpoint is back."""


def retry_after_seconds(text: str, now: float) -> float:
    """Returns how many seconds after ``now`` (Unix) to try again; 0 where the text is neither."""
    if text.isascii() and text.isdecimal():
        seconds = float(text[:12])
    else:
        try:
            moment = parsedate_to_datetime(text[:64])
        except (ValueError, OverflowError):  # the endpoint sent a year or a zone that no date has
            return 0.0
        seconds = moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() - now
    return min(max(seconds, 0.0), RETRY_AFTER_SECONDS_MAX)
