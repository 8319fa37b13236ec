"""Bad input as a value: what is wrong and where, and never what was in it."""

from __future__ import annotations

from typing import Final, Literal, get_args

from msgspec import Struct

Reason = Literal[
    "bad-date",
    "bad-format",
    "bad-row",
    "contradiction",
    "empty",
    "future-date",
    "lone-surrogate",
    "missing-field",
    "nested-too-deep",
    "not-allowed",
    "not-json",
    "not-utf8",
    "out-of-range",
    "past-date",
    "too-large",
    "too-long",
    "too-many",
    "too-short",
    "unknown-version",
    "unprocessable",
    "wrong-type",
]
"""Every reason for refusing a record. Bounded, so that it may be a metric label.

bad-date         not RFC 3339, or without a timezone
bad-format       a string of the right length that breaks its pattern, or bad base64
bad-row          a CSV row or header that cannot be split into cells
contradiction    fields that are each legal and cannot be true together
empty            no bytes, where a tombstone has no meaning
future-date      more than `dates.CLAMP_SECONDS_MAX` after the reader's clock
lone-surrogate   half of a UTF-16 pair in an escape, e.g. from text cut in the middle of an emoji
missing-field    a required field is absent
nested-too-deep  arrays or objects nested beyond what any record needs
not-allowed      none of the values that the field lists
not-json         not one JSON value; NaN and Infinity are not JSON
not-utf8         bytes that are not UTF-8, anywhere in the message
out-of-range     a number beyond its limits
past-date        before `dates.EARLIEST`
too-large        the whole message is over `wire.MESSAGE_BYTES_MAX`
too-long         a string over its limit
too-many         a list over its limit
too-short        a string under its limit: an empty id
unknown-version  a `version` that this reader does not know
unprocessable    a legal record on which our own logic failed: a defect of ours to look into
wrong-type       another JSON type than the field's
"""

REASONS: Final[tuple[Reason, ...]] = get_args(Reason)


class Malformed(Struct, frozen=True):
    """Why an input is not a record.

    Nothing personal is in it: `path` consists of field names of our own records and list positions,
    `detail` of our own words, types and limits. Neither quotes a value or a key of the input.
    """

    reason: Reason
    path: str = "$"
    """JSON path of the fault, `$` being the whole message (or `key`: the message's key)."""
    detail: str = ""
    """One phrase for a person."""
