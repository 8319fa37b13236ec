"""A foreign record as one of ours, or why it is none. Never raises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from msgspec.structs import replace

from schemas.accounts import UNREADABLE
from schemas.malformed import Malformed, Reason
from schemas.mapping.convert import Reading
from schemas.mapping.expression import Expression, Unfitting, is_true
from schemas.mapping.fields import Kind, Target
from schemas.mapping.formats import Document, Encoding, Foreign, Open, beside
from schemas.unusable import FieldFault, Unusable
from schemas.wire import Decoded

DETAIL_CHARS_MAX: Final = 256
"""As many as a dead letter takes."""

_TOPIC_CHARS: Final = 96  # of a topic's name in an event's id, which has 128: the address takes 31 more

_REASONS: Final[Mapping[FieldFault, Reason]] = {
    FieldFault.BAD_DATE: "bad-date",
    FieldFault.BAD_FORMAT: "not-allowed",
    FieldFault.LONE_SURROGATE: "lone-surrogate",
    FieldFault.OUT_OF_RANGE: "out-of-range",
    FieldFault.WRONG_TYPE: "wrong-type",
}
"""Of what :mod:`schemas.mapping.convert` finds wrong, where the record cannot do without the field."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """A record of ours and what was odd about it; `rule` is the number of the rule, from 1."""

    kind: Kind
    found: Decoded[Any]
    rule: int


@dataclass(frozen=True, slots=True)
class NotMapped:
    """There is nothing to say of the record: no rule takes it, or the one that does says so."""

    why: Literal["no-rule", "nothing", "tombstone"]


Result = Mapped | NotMapped | Malformed


@dataclass(frozen=True, slots=True)
class Rule:
    """One of a topic's rules. `target` None: the record becomes nothing.

    `tombstone`: whether it is about records without a value, which no other rule sees.
    """

    number: int
    target: Target | None
    when: Expression | None
    readings: tuple[Reading, ...]
    tombstone: bool = False

    def takes(self, document: Document) -> bool:
        """Returns True if the rule applies. Raises `Unfitting`, `RecursionError`."""
        return self.when is None or is_true(self.when(document))


@dataclass(frozen=True, slots=True)
class TopicMapping:
    """What becomes of one topic's records. The first rule that takes one decides.

    `asks_beside`: whether an expression asks for what stands beside a value. `encoding`: as values come from
    the topic; :meth:`map` takes JSON.
    """

    topic: str
    format: str
    open: Open
    rules: tuple[Rule, ...]
    asks_beside: bool = False
    encoding: Encoding = "json"

    def map(self, record: Foreign, *, now: float) -> Result:
        """What becomes of a record; `now` in Unix seconds. Work linear in the record's bytes."""
        try:
            opened = self.open(record)
            if isinstance(opened, Malformed):
                return opened
            tombstone = opened is None
            document = {} if opened is None else opened
            if self.asks_beside:
                document = {**document, **beside(record)}
            return self._by_rule(document, record, now, tombstone=tombstone)
        except RecursionError:
            return Malformed("nested-too-deep", "$", "nested too deep")

    def _by_rule(self, document: Document, record: Foreign, now: float, *, tombstone: bool) -> Result:
        for rule in self.rules:
            if rule.tombstone != tombstone:
                continue
            try:
                if not rule.takes(document):
                    continue
            except Unfitting:
                condition = rule.when.text if rule.when else ""
                return Malformed(
                    "wrong-type",
                    "$",
                    _short(f"`when` of rule {rule.number} cannot be evaluated on this record: {condition}"),
                )
            if rule.target is None:
                return NotMapped("nothing")
            return _filled(rule, rule.target, document, record, now)
        return NotMapped("tombstone" if tombstone else "no-rule")


_UNREAD: Final[Mapping[str, Any]] = {"basis_authority": UNREADABLE, "basis_programmes": [UNREADABLE]}
"""What stands for a part of a ban's basis that does not fit, since its absence could give the ban rights."""


def _filled(
    rule: Rule, target: Target, document: Document, record: Foreign, now: float
) -> Mapped | Malformed:
    values: dict[str, Any] = {"version": 1}
    unusable: list[Unusable] = []
    for reading in rule.readings:
        value, faults = reading(document)
        field = reading.field
        if faults and field.vital:
            cure = _cure(reading, document) if faults[0] is FieldFault.BAD_DATE else ""
            detail = _short(f"the value does not fit the field, from {_source(reading)}{cure}")
            return Malformed(_REASONS[faults[0]], field.json_path, detail)
        if value is None and field in target.required:
            return Malformed("missing-field", field.json_path, _short(f"required, from {_source(reading)}"))
        unusable += [Unusable(field.label, fault) for fault in faults]
        if faults and field.name in _UNREAD:
            value = _UNREAD[field.name]
        if value is not None:
            parent = values
            for name in field.path[:-1]:
                parent = parent.setdefault(name, {})
            parent[field.path[-1]] = value
    # The same whenever the record is read.
    values.setdefault("event_id", f"{record.topic[-_TOPIC_CHARS:]}:{record.partition}:{record.offset}")
    if "reinstated_at" in target.fields and "occurred_at" in values:
        values.setdefault("reinstated_at", values["occurred_at"])
    decoded = target.decode.of_values(values, now=now)
    if isinstance(decoded, Malformed):
        for reading in rule.readings:
            if reading.field.json_path == decoded.path:
                cure = _cure(reading, document) if decoded.reason == "bad-date" else ""
                detail = f"{decoded.detail}, from {_source(reading)}{cure}"
                return replace(decoded, detail=_short(detail))
        return decoded
    if unusable:
        decoded = replace(decoded, unusable=(*unusable, *decoded.unusable))
    return Mapped(target.kind, decoded, rule.number)


_SHAPE_CHARS: Final = 24  # "99 aaa. 9999 99:99:99 aa" has as many


def _cure(reading: Reading, document: Document) -> str:
    """What to write where a date is a text that could not be read, with the text's shape alone."""
    if reading.field.shape != "date" or reading.expression is None:
        return ""
    raw = reading.expression(document)
    if not isinstance(raw, str) or isinstance(reading.dates, str):
        return ""
    shape = "".join("9" if it.isdigit() else "a" if it.isalpha() else it for it in raw[:_SHAPE_CHARS])
    return f"; for a date like {shape} give format and zone"


def _source(reading: Reading) -> str:
    return "a constant" if reading.expression is None else f"`{' '.join(reading.expression.text.split())}`"


def _short(text: str) -> str:
    return text if len(text) <= DETAIL_CHARS_MAX else f"{text[: DETAIL_CHARS_MAX - 1]}…"
