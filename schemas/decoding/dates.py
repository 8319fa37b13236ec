"""Dates of records against the reader's clock, which is an argument."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, Generic, NamedTuple, TypeVar

from msgspec.structs import replace

from schemas.malformed import Malformed
from schemas.record import Record
from schemas.unusable import FieldFault, Unusable

EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
"""No platform is older: an earlier date is an unset one (1970, year 1) and would order events wrongly."""

CLAMP_SECONDS_MAX: Final = 300.0
"""How far producers' clocks may be ahead of ours: the tolerance that Kerberos made usual."""

_EARLIEST_SECONDS: Final = EARLIEST.timestamp()

_LATEST: Final = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
"""A later date, in a zone west of Greenwich or by its microseconds, is in year 10000 as Unix seconds, which
no date can show."""

R = TypeVar("R", bound=Record)


def from_seconds(seconds: float) -> datetime:
    """Unix seconds as the UTC date that records hold."""
    return datetime.fromtimestamp(seconds, UTC)


class CheckedDates(NamedTuple, Generic[R]):
    """A record whose dates can be used, and what became of the others."""

    record: R
    clamped: bool
    """True if one had to be set to now."""
    unusable: tuple[Unusable, ...]
    """Those that were left out."""


def settle(record: R, now: float) -> CheckedDates[R] | Malformed:
    """The record without a date beyond `now` (Unix seconds) or before 1990; none if a vital one is. What is
    foreseen ends with year 9999."""
    late: dict[str, datetime | None] = {}
    unusable: list[Unusable] = []
    for name in record.MOMENTS:
        moment: datetime | None = getattr(record, name)
        if moment is None:
            continue
        seconds = moment.timestamp()
        if now < seconds <= now + CLAMP_SECONDS_MAX:
            late[name] = from_seconds(now)
        elif seconds > now or seconds < _EARLIEST_SECONDS:
            fault = FieldFault.FUTURE_DATE if seconds > now else FieldFault.PAST_DATE
            if name in record.VITAL or not record.VITAL:
                return _refused(name, fault)
            late[name] = None
            unusable.append(Unusable(name, fault))
    clamped = len(late) > len(unusable)
    for name in record.FORESEEN:
        foreseen: datetime | None = getattr(record, name)
        if foreseen is None:
            continue
        if foreseen.timestamp() < _EARLIEST_SECONDS:
            return _refused(name, FieldFault.PAST_DATE)
        if foreseen > _LATEST:
            late[name] = _LATEST
    if not late:
        return CheckedDates(record, clamped=False, unusable=())
    return CheckedDates(replace(record, **late), clamped=clamped, unusable=tuple(unusable))


def _refused(name: str, fault: FieldFault) -> Malformed:
    if fault is FieldFault.FUTURE_DATE:
        return Malformed("future-date", f"$.{name}", "more than 5 minutes in the future")
    return Malformed("past-date", f"$.{name}", "before 1990")
