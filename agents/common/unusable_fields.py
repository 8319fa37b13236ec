"""Fields that could not be used as they came, counted by name and reason, with the shape of one such value.

One counter for `map`, `try`, `score`, `enrol`, `remember`, the bridge and `doctor`, so that all
of them give the same figures of the same records.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypedDict

from msgspec.structs import replace

from agents.common.distil import account_of, fingerprints_of, unread_of
from schemas.accounts import Account, AccountEvent
from schemas.unusable import FieldFault, Unusable

_NOTHING: Final = b""  # what is distilled here is thrown away: any digest will do
_EXAMPLE_CHARS: Final = 40
_SHAPES_MAX: Final = 50  # kept apart by field: local forms are fewer
_SHOWN: Final = 4
_LEADING: Final = re.compile(r"\A[\s+]*0{0,2}")
_SENTENCES: Final = {str(fault): fault.sentence for fault in FieldFault}
_HINTS: Final = {
    "phone": "phones need + and the country code, or a region: --region PK",
    "email": "an e-mail address has one @, and a domain with a dot behind it",
    "ip": "one address a field: of a list such as X-Forwarded-For the first",
    "avatar": "pictures need the extra `avatar`, or send pdq with its quality",
}


class UnusableRow(TypedDict):
    """One field and reason, ready for JSON."""

    field: str
    reason: str
    records: int
    example: str
    shapes: dict[str, int]
    hint: str


@dataclass(slots=True)
class UnusableFields:
    """How often each field was left out, or only a part of it was read. Both are words of the schema."""

    counts: Counter[Unusable] = field(default_factory=Counter)
    shapes: dict[Unusable, Counter[str]] = field(default_factory=dict)
    """Shapes of such values: no letter and no digit of them, but for zeros in front."""

    def add(
        self, record: object, unusable: Iterable[Unusable], *, pictures: bool = True
    ) -> tuple[Unusable, ...]:
        """Counts what was ``unusable`` about a record, and what of its account means nothing.

        Returns the latter. Without ``pictures`` these are not decoded, which is slow.
        """
        self.counts.update(unusable)
        if not isinstance(record, AccountEvent):
            return ()
        given = record.account
        # Only fields that can mean nothing are distilled.
        few = Account(
            account_id=given.account_id,
            email=given.email,
            phone=given.phone,
            ip=given.ip,
            emails=given.emails,
            phones=given.phones,
            ips=given.ips,
            locale=given.locale,
            avatar=given.avatar if pictures else None,
        )
        if not set(few.given) - {"locale"}:
            return ()
        account = account_of(record.platform, replace(few, avatar=None))
        (fingerprint,) = fingerprints_of(account, ((1, lambda domain, value: _NOTHING),), at=None)
        unread = unread_of(few, fingerprint)
        self.counts.update(unread)
        for unread_field in unread:
            value = getattr(given, unread_field.field)
            if isinstance(value, str):
                shapes, shape = self.shapes.setdefault(unread_field, Counter()), shape_of(value)
                if shape in shapes or len(shapes) < _SHAPES_MAX:
                    shapes[shape] += 1
        return unread

    @property
    def rows(self) -> list[UnusableRow]:
        """Every field and reason with count, masked example and what helps, the most frequent first."""
        return [self.row(unusable) for unusable in sorted(self.counts, key=lambda it: (-self.counts[it], it))]

    def row(self, unusable: Unusable) -> UnusableRow:
        """What was counted of one field and reason."""
        several = self.shapes.get(unusable, Counter()).most_common(_SHOWN)
        return {
            "field": unusable.field,
            "reason": str(unusable.reason),
            "records": self.counts[unusable],
            "example": several[0][0] if several else "",
            "shapes": dict(several),
            "hint": _HINTS.get(unusable.field, "") if unusable.reason == FieldFault.UNREADABLE else "",
        }

    @property
    def sentences(self) -> Iterator[str]:
        """The rows for people: ``phone: unreadable in 402 records, such as 0••••; phones need …``."""
        for row in self.rows:
            what = f"{row['field']}: {row['reason']} in {row['records']:,} record"
            cure = cure_of(row)
            several = "" if row["records"] == 1 else "s"
            yield f"{what}{several}{example_of(row)}. {cure[0].upper()}{cure[1:]}"


def example_of(row: UnusableRow) -> str:
    """``, such as 0•••• (402), +•••• (17)``; "" where no value can be shown."""
    shapes = row["shapes"]
    told = shapes if len(shapes) == 1 else (f"{shape} ({count:,})" for shape, count in shapes.items())
    return f", such as {', '.join(told)}" if shapes else ""


def cure_of(row: UnusableRow) -> str:
    """What helps, or what became of the field."""
    return row["hint"] or _SENTENCES[row["reason"]]


def shape_of(value: str) -> str:
    """A value without its letters and digits: ``0301 2345`` is ``0••• ••••``, ``nope`` is ``xxxx``.

    Zeros and plus signs in front stay, since they tell a national number from an international one.
    """
    front = _LEADING.match(value)
    start = front.end() if front else 0
    masked = "".join(
        "•" if sign.isdigit() else "x" if sign.isalpha() or not sign.isascii() else sign
        for sign in value[start : start + _EXAMPLE_CHARS]
        if sign.isprintable()
    )
    return f"{' '.join(value[:start].split())}{masked}{'…' if len(value) > start + _EXAMPLE_CHARS else ''}"
