"""msgspec's errors as `Malformed` values.

Its messages name our types and limits, yet some quote the input ("Invalid enum value 'x'"). So each message
is recognised by its beginning and only those made of our own schema are repeated.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from schemas.malformed import Malformed, Reason

_WITH_PATH: Final = re.compile(r"(?P<text>.*?)(?: - at `(?P<path>[^`]*)`)?", re.DOTALL)
_MISSING: Final = re.compile(r"Object missing required field `(\w+)`")
_LONE_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")

# First match wins. The third column is what a person reads; None repeats msgspec's own words, which then
# consist of our types and limits alone.
_TABLE: Final[tuple[tuple[re.Pattern[str], Reason, str | None], ...]] = (
    (re.compile(r"Expected `[^`]*` with a timezone"), "bad-date", "date without a timezone"),
    (re.compile(r"Invalid RFC3339"), "bad-date", "not an RFC 3339 date"),
    (re.compile(r"Expected `[^`]*` matching regex"), "bad-format", None),
    (re.compile(r"Invalid base64"), "bad-format", "not base64"),
    (re.compile(r"Expected `array` of length <="), "too-many", None),
    (re.compile(r"Expected `[^`]*` of length <="), "too-long", None),
    (re.compile(r"Expected `[^`]*` of length >="), "too-short", None),
    (re.compile(r"Expected `[^`]*` [<>]=? "), "out-of-range", None),
    (re.compile(r"(Number|Integer value) out of range"), "out-of-range", "number out of range"),
    (re.compile(r"Expected `[^`]*`, got `[^`]*`\Z"), "wrong-type", None),
    (re.compile(r"Invalid enum value"), "not-allowed", "not one of the values that the field allows"),
    (re.compile(r"avatar has pdq without quality"), "missing-field", "pdq needs its quality"),
    (re.compile(r"avatar has neither"), "missing-field", "needs pdq with quality, or image"),
)


def from_validation(error: msgspec.ValidationError) -> Malformed:
    """JSON of another shape than the record's."""
    match = _WITH_PATH.fullmatch(str(error))
    text, path = (match["text"], match["path"] or "$") if match else ("", "$")
    if missing := _MISSING.fullmatch(text):
        return Malformed("missing-field", f"{path}.{missing[1]}", "required")
    for pattern, reason, detail in _TABLE:
        if pattern.match(text):
            return Malformed(reason, path, text if detail is None else detail)
    return Malformed("wrong-type", path, "not of the type that the field takes")


def from_syntax(raw: bytes) -> Malformed:
    """Returns the fault of UTF-8 that is no JSON. Half a surrogate pair, as of cut emoji, has its own."""
    fault = Malformed("not-json", "$", "not one JSON value")
    if not _LONE_SURROGATE.search(raw):
        return fault
    try:
        msgspec.json.decode(_LONE_SURROGATE.sub(rb"\\u00", raw), type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        return fault
    return Malformed("lone-surrogate", "$", "half of a UTF-16 pair in a string")
