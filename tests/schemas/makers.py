"""Makers that fill in what a test does not care about, and the clock that the tests read."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from schemas import examples
from schemas.malformed import Malformed
from schemas.record import Record
from schemas.wire import Decoded, encode

NOW: Final = examples.SUMMARY.detected_at.timestamp() + 400 * 86_400
"""Later than every date of the examples, in Unix seconds."""


def as_json(record: Record) -> dict[str, Any]:
    """A record as the plain JSON value that a producer would send."""
    value: dict[str, Any] = msgspec.json.decode(encode(record))
    return value


def a_created(**account: Any) -> bytes:
    """A creation whose account has these fields."""
    event = as_json(examples.CREATED_SMALLEST)
    event["account"].update(account)
    return msgspec.json.encode(event)


def a_ban(**event: Any) -> bytes:
    """A ban with these fields at the top."""
    return msgspec.json.encode({**as_json(examples.BANNED), **event})


def an_alert(**fields: Any) -> bytes:
    """An alert with these fields at the top."""
    return msgspec.json.encode({**as_json(examples.ALERT), **fields})


def fault(outcome: object) -> tuple[str, str]:
    """Reason and path of an outcome that must be malformed."""
    assert isinstance(outcome, Malformed), outcome
    return outcome.reason, outcome.path


def left_out(outcome: object) -> tuple[tuple[str, str], ...]:
    """Field and reason of what an outcome, which must be a record, came without or in part."""
    assert isinstance(outcome, Decoded), outcome
    return tuple((it.field, it.reason) for it in outcome.unusable)


def record_of(outcome: object) -> Any:
    """The record of an outcome that must be one."""
    assert isinstance(outcome, Decoded), outcome
    return outcome.record
