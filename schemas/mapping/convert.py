"""One value of a foreign record as a field of ours takes it.

Never raises on plain values: a value that does not fit is a `FieldFault`. What is left to the record's own
decoder (lengths, patterns, ranges of dates) is not checked here a second time.
"""

from __future__ import annotations

import html
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final, Literal, get_args

from schemas.fields import says_nothing
from schemas.mapping.expression import Expression, Unfitting
from schemas.mapping.fields import Field
from schemas.unusable import FieldFault

Unit = Literal["s", "ms", "us", "ns", "days", "utc"]
"""Of dates: how many of what since 1970 in UTC; `utc` is a text without a zone that means UTC."""

UNITS: Final[tuple[Unit, ...]] = get_args(Unit)

_MICROSECONDS: Final[Mapping[str, tuple[int, int]]] = {
    "s": (1_000_000, 1),
    "ms": (1_000, 1),
    "us": (1, 1),
    "ns": (1, 1_000),
    "days": (86_400_000_000, 1),
}
"""A unit in microseconds, as a fraction: whole numbers stay exact."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SPAN_US: Final = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // timedelta(microseconds=1)
_DIGITS: Final = re.compile(r"-?[0-9]{1,20}")  # 64 bits have 19
_DATE_CHARS_MAX: Final = 64  # the longest with a fraction and a zone has 35

_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_REPLACEMENT: Final = "\ufffd"
_BREAK: Final = re.compile(r"<(?:br|/p|/li|/div)\b[^<>]*>", re.IGNORECASE)
_NO_CHARACTER: Final = re.compile("&#[0-9]{20,};?")  # Python refuses to read over 4,300 digits
_TAG: Final = re.compile(r"<[^<>]*>")  # at most one `<` is read to its end: linear

Found = tuple[Any, tuple[FieldFault, ...]]
"""The value, `None` for none, and what was wrong with the one that was given."""


@dataclass(frozen=True, slots=True)
class WrittenDate:
    """How dates are written: `form` in the directives of `strptime` ("" is ISO 8601).

    `zone` is the clock of those without an offset; an hour that comes twice in autumn is its first.
    """

    form: str = ""
    zone: tzinfo = UTC

    def read(self, raw: Any) -> Found:
        """The moment in UTC."""
        if isinstance(raw, bool) or not isinstance(raw, str | int):
            return None, (FieldFault.WRONG_TYPE,)
        text = str(raw)[:_DATE_CHARS_MAX].strip()
        try:
            read = (
                datetime.strptime(text, self.form)  # noqa: DTZ007  # it gets its zone below
                if self.form
                else datetime.fromisoformat(text)
            )
            return (read if read.tzinfo else read.replace(tzinfo=self.zone)).astimezone(UTC), ()
        except (ValueError, OverflowError):  # of the years 1 and 9999 a part is none in UTC
            return None, (FieldFault.BAD_DATE,)


@dataclass(frozen=True, slots=True)
class Reading:
    """How one field is filled: what an expression finds, or a constant.

    ``values`` translates; ``default`` stands where there is nothing or no translation; ``separator`` takes a
    text apart to a list; ``markup`` takes tags out of HTML.
    """

    field: Field
    expression: Expression | None
    dates: Unit | WrittenDate | None = None
    values: Mapping[str, Any] | None = None
    default: Any = None
    separator: str = ""
    markup: bool = False

    def __call__(self, document: Any) -> Found:
        """What the field is to hold. Raises `RecursionError` where a function walks too deep a value."""
        if self.expression is None:
            return self.default, ()
        try:
            raw = self.expression(document)
        except Unfitting:
            return None, (FieldFault.WRONG_TYPE,)
        if isinstance(raw, str) and self.field.may_say_nothing and says_nothing(raw):
            raw = None
        if raw is not None and self.values is not None:
            if isinstance(raw, bool):
                raw = "true" if raw else "false"
            raw = self.values.get(str(raw)) if isinstance(raw, str | int) else None
            if raw is None and self.default is None:
                return None, (FieldFault.BAD_FORMAT,)
        if raw is None:
            return self.default, ()
        value, faults = self._converted(raw)
        return (value, faults) if isinstance(value, datetime) else _without_halves(value, faults)

    def _converted(self, raw: Any) -> Found:
        match self.field.shape:
            case "date":
                return self.dates.read(raw) if isinstance(self.dates, WrittenDate) else _date(raw, self.dates)
            case "list":
                items = [raw] if raw != "" else []
                if isinstance(raw, list):
                    items = raw
                elif isinstance(raw, str) and self.separator:
                    items = [part for piece in raw.split(self.separator) if (part := piece.strip())]
                return [self._text(item) for item in items if item is not None], ()
            case "number":
                whole = isinstance(raw, float) and raw.is_integer()
                digits = isinstance(raw, str) and _DIGITS.fullmatch(raw)
                return int(raw) if whole or digits else raw, ()
            case "text":
                return self._text(raw), ()
            case _:
                return raw, ()

    def _text(self, raw: Any) -> Any:
        """Numbers of accounts become texts; a float is none, since it may have lost digits on its way."""
        if isinstance(raw, int) and not isinstance(raw, bool):
            return str(raw)
        if isinstance(raw, str) and self.markup:
            text = _TAG.sub("", _BREAK.sub("\n", raw))
            return html.unescape(_NO_CHARACTER.sub(_REPLACEMENT, text)).strip()
        return raw


def _date(raw: Any, unit: Unit | None) -> Found:
    if unit is None:
        # A number without a unit would be taken for seconds, which is wrong a thousandfold where it is not.
        return (raw, ()) if isinstance(raw, str) else (None, (FieldFault.WRONG_TYPE,))
    if isinstance(raw, str) and _DIGITS.fullmatch(raw):
        raw = int(raw)
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        return None, (FieldFault.WRONG_TYPE,)
    if not math.isfinite(raw) or abs(raw) > _SPAN_US * 1_000:
        return None, (FieldFault.OUT_OF_RANGE,)
    times, over = _MICROSECONDS[unit]
    microseconds = raw * times // over if isinstance(raw, int) else round(raw * times / over)
    if not -_SPAN_US < microseconds <= _SPAN_US:
        return None, (FieldFault.OUT_OF_RANGE,)
    try:
        return _EPOCH + timedelta(microseconds=microseconds), ()
    except OverflowError:  # before the year 1
        return None, (FieldFault.OUT_OF_RANGE,)


def _without_halves(value: Any, faults: tuple[FieldFault, ...]) -> Found:
    """No half of a UTF-16 pair gets through: it could not be written as UTF-8."""
    if isinstance(value, str) and not value.isascii() and _SURROGATE.search(value):
        return _SURROGATE.sub(_REPLACEMENT, value), (*faults, FieldFault.LONE_SURROGATE)
    if isinstance(value, list):
        items = [_without_halves(item, ()) for item in value]
        item_faults = dict.fromkeys(fault for _, several in items for fault in several)
        return [item for item, _ in items], (*faults, *item_faults)
    return value, faults
