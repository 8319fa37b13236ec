"""A field of a readable record that could not be used as it came: which and why, never what was in it."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from msgspec import Struct

UNKNOWN_FIELD: Final = "unknown"
"""What stands for the name of a field that the record does not know: a producer's words are no label."""


class FieldFault(StrEnum):
    """Why a field was left out of a record, or only a part of it was read.

    The values are labels of a metric and part of alerts: a closed list. `sentence` is for people.
    """

    sentence: str

    BAD_DATE = "bad-date", "It is no RFC 3339 date with a timezone, and was left out."
    BAD_FORMAT = "bad-format", "It breaks the field's pattern, and was left out."
    FUTURE_DATE = "future-date", "It lies more than 5 minutes in the future, and was left out."
    INCOMPLETE = "incomplete", "It lacks a part without which it says nothing, and was left out."
    LONE_SURROGATE = "lone-surrogate", "It held half of a UTF-16 pair; U+FFFD stands there instead."
    MISSING_FIELD = "missing-field", "The record should have it and has not; something else stands for it."
    NOT_READ_WHOLE = "not-read-whole", "The work that one account may cost was spent before all was read."
    OTHER_ACCOUNT = "other-account", "The alert that it names is not about this account; it was left out."
    OUT_OF_RANGE = "out-of-range", "The number is beyond the field's limits, and was left out."
    PAST_DATE = "past-date", "It lies before 1990, as unset dates do, and was left out."
    TOO_LONG = "too-long", "It is over the field's limit: a text was cut there, an identifier left out."
    TOO_MANY = "too-many", "The list is over its limit and was cut there."
    UNKNOWN_ALERT = "unknown-alert", "The store knows no alert of this id, or no longer; it was left out."
    UNKNOWN_FIELD = "unknown-field", "The record has no field of this name; it was passed over."
    UNREADABLE = ("unreadable", "It has the right form and means nothing, such as `nope` for an address.")
    WRONG_TYPE = "wrong-type", "It is of another JSON type than the field's, and was left out."

    def __new__(cls, value: str, sentence: str) -> FieldFault:
        """Keeps the sentence beside the value."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.sentence = sentence
        return member


class Unusable(Struct, frozen=True, order=True):
    """One field and what was wrong with it. `field` is the name of one of the schema's, without its path."""

    field: str
    reason: FieldFault
