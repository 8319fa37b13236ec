"""Dates of records against the reader's clock, which is an argument."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, TypeVar

from msgspec.structs import replace

from schemas.malformed import Malformed
from schemas.record import Record

EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
"""No platform is older: an earlier date is an unset one (1970, year 1) and would order events wrongly."""

CLAMP_SECONDS_MAX: Final = 300.0
"""How far producers' clocks may be ahead of ours: the tolerance that Kerberos made usual."""

_EARLIEST_SECONDS: Final = EARLIEST.timestamp()

R = TypeVar("R", bound=Record)


def from_seconds(seconds: float) -> datetime:
    """Unix seconds as the UTC date that records hold."""
    return datetime.fromtimestamp(seconds, UTC)


def settle(record: R, now: float) -> tuple[R, bool] | Malformed:
    """The record without a date beyond `now` (Unix seconds), and whether one had to be clamped to it."""
    late: dict[str, datetime] = {}
    for name in record.MOMENTS:
        moment: datetime | None = getattr(record, name)
        if moment is None:
            continue
        seconds = moment.timestamp()
        if seconds > now:
            if seconds > now + CLAMP_SECONDS_MAX:
                return Malformed("future-date", f"$.{name}", "more than 5 minutes in the future")
            late[name] = from_seconds(now)
        elif seconds < _EARLIEST_SECONDS:
            return _too_early(name)
    for name in record.FORESEEN:
        foreseen: datetime | None = getattr(record, name)
        if foreseen is not None and foreseen.timestamp() < _EARLIEST_SECONDS:
            return _too_early(name)
    return (replace(record, **late), True) if late else (record, False)


def _too_early(name: str) -> Malformed:
    return Malformed("past-date", f"$.{name}", "before 1990")
