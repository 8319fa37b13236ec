"""What `POST /api/v1/statements` refuses, field by field, before anything is sent.

A port of the rules that the database's application applies to each statement of a request
(`GroupedSubmissionsService` at the commit that the package names), with what its framework does to values
first. It refuses all that they refuse, and two things more: URLs other than plain http and https, and years
before 1000.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from desk.commission import codes

BATCH_MAX: Final = 100
"""Statements of one request."""

Values = Mapping[str, Any]

_BLANK: Final = "".join(filter(str.isspace, map(chr, range(0x3001)))) + "\0\ufeff\u200b\u200e"
_NULL: Final = frozenset({"null"})  # most codes may be this word
_DAY: Final = re.compile(r"[1-9]\d{3}-\d\d-\d\d", re.ASCII)
_PUID: Final = re.compile(r"[a-zA-Z0-9_-]+")
_EAN: Final = re.compile(r"[0-9]{13}")
_URL: Final = re.compile(r"https?://[a-zA-Z0-9.-]+(:[0-9]+)?([/?#][a-zA-Z0-9\-._~!$&'()*+,;=:@%/?#]*)?")


@dataclass(frozen=True, slots=True)
class Check:
    """One rule on a value that is given. `name`: what to say of a value that it refuses."""

    name: str
    holds: Callable[[Any], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRules:
    """The rules of one field. `required` and `left_out` depend on the other fields; a field that is left out
    is not looked at, unless `even_left_out`: the database checks before it leaves out. Unless `nullable`, a
    null is checked as any other value."""

    required: Callable[[Values], bool] = lambda _: False
    left_out: Callable[[Values], bool] = lambda _: False
    even_left_out: bool = False
    nullable: bool = False
    checks: Sequence[Check] = field(default=())

    def broken(self, name: str, statement: Values) -> list[str]:
        """Returns the rules that the field of this name breaks."""
        if self.left_out(statement) and not self.even_left_out:
            return []
        value = statement.get(name)
        if self.required(statement) and not _filled(value):
            return ["required"]
        if name not in statement or (value is None and self.nullable):
            return []
        return [check.name for check in self.checks if not check.holds(value)]


def violations(statement: object) -> dict[str, list[str]]:
    """Returns by field the rules that a statement breaks; nothing of one that would be taken."""
    received = _received(statement)
    if not isinstance(received, Mapping):
        return {"statement": ["object"]}
    content = received.get("content_id")
    values = (
        {f"content_id.{name}": value for name, value in content.items()}
        if isinstance(content, Mapping)
        else {}
    )
    values |= received
    broken = {name: rules.broken(name, values) for name, rules in FIELDS.items()}
    return {name: rules for name, rules in broken.items() if rules}


def _received(value: Any) -> Any:
    """Returns a value as rules see it: texts without blanks around them, null for an empty one."""
    if isinstance(value, str):
        return value.strip(_BLANK) or None
    if isinstance(value, Mapping):
        return {name: _received(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_received(member) for member in value]
    return value


def _members(value: Any) -> Collection[Any] | None:
    """Returns the members of a list, which may be written as an object; None of what is neither."""
    if isinstance(value, Mapping):
        return list(value.values())
    return value if isinstance(value, list) else None


def _filled(value: Any) -> bool:
    return value is not None and value != [] and value != {}


_LIST: Final = Check("list", lambda value: _members(value) is not None)


def _among(known: Collection[str]) -> Check:
    return Check("code", lambda value: isinstance(value, str) and value in known)


def _all_among(known: Collection[str]) -> Sequence[Check]:
    def hold(value: Any) -> bool:
        members = _members(value)
        return members is None or all(isinstance(member, str) and member in known for member in members)

    return _LIST, Check("codes", hold)


def _at_most(size: int) -> Check:
    """Characters of a text or a number, or members of a list."""

    def length(value: Any) -> int:
        if value is None or value is False:
            return 0
        return len(value) if isinstance(value, str | list | Mapping) else len(str(value))

    return Check(f"at most {size}", lambda value: length(value) <= size)


def _day(since: date | None = None) -> Sequence[Check]:
    until = date(2038, 1, 1)
    checks = [Check("day", lambda value: _as_day(value) is not None)]
    if since is not None:
        checks.append(Check(f"{since} or later", lambda value: (_as_day(value) or since) >= since))
    return *checks, Check(f"{until} or earlier", lambda value: (_as_day(value) or until) <= until)


def _as_day(value: Any) -> date | None:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _matches(name: str, pattern: re.Pattern[str]) -> Check:
    def hold(value: Any) -> bool:
        return type(value) in (str, int) and pattern.fullmatch(str(value)) is not None

    return Check(name, hold)


def _always(_: Values) -> bool:
    return True


def _without(*others: str) -> Callable[[Values], bool]:
    return lambda statement: not any(_filled(statement.get(other)) for other in others)


def _is(name: str, code: str) -> Callable[[Values], bool]:
    return lambda statement: statement.get(name) == code


def _has(name: str, code: str) -> Callable[[Values], bool]:
    return lambda statement: code in (_members(statement.get(name)) or ())


def _only_if(
    holds: Callable[[Values], bool], *checks: Check, required: bool = True, even_left_out: bool = False
) -> FieldRules:
    """A field that counts only where something holds of the others, and is required there."""
    return FieldRules(
        required=holds if required else lambda _: False,
        left_out=lambda statement: not holds(statement),
        even_left_out=even_left_out,
        checks=checks,
    )


_ILLEGAL: Final = _is("decision_ground", "DECISION_GROUND_ILLEGAL_CONTENT")
_INCOMPATIBLE: Final = _is("decision_ground", "DECISION_GROUND_INCOMPATIBLE_CONTENT")
_END: Final = FieldRules(nullable=True, checks=_day())

FIELDS: Final[Mapping[str, FieldRules]] = {
    "decision_visibility": FieldRules(
        required=_without("decision_monetary", "decision_provision", "decision_account"),
        nullable=True,
        checks=_all_among(codes.VISIBILITIES | _NULL),
    ),
    "decision_visibility_other": _only_if(
        _has("decision_visibility", "DECISION_VISIBILITY_OTHER"), _at_most(500), even_left_out=True
    ),
    "decision_monetary": FieldRules(
        required=_without("decision_visibility", "decision_provision", "decision_account"),
        nullable=True,
        checks=[_among(codes.MONETARIES | _NULL)],
    ),
    "decision_monetary_other": _only_if(_is("decision_monetary", "DECISION_MONETARY_OTHER"), _at_most(500)),
    "decision_provision": FieldRules(
        required=_without("decision_visibility", "decision_monetary", "decision_account"),
        nullable=True,
        checks=[_among(codes.PROVISIONS | _NULL)],
    ),
    "decision_account": FieldRules(
        required=_without("decision_visibility", "decision_monetary", "decision_provision"),
        nullable=True,
        checks=[_among(codes.ACCOUNT_DECISIONS | _NULL)],
    ),
    "account_type": FieldRules(nullable=True, checks=[_among(codes.ACCOUNT_TYPES | _NULL)]),
    "category_specification": FieldRules(nullable=True, checks=_all_among(codes.KEYWORDS | _NULL)),
    "category_specification_other": FieldRules(checks=[_at_most(500)]),
    "decision_ground": FieldRules(required=_always, checks=[_among(codes.GROUNDS)]),
    "decision_ground_reference_url": FieldRules(nullable=True, checks=[_matches("URL", _URL), _at_most(500)]),
    "illegal_content_legal_ground": _only_if(_ILLEGAL, _at_most(500)),
    "illegal_content_explanation": _only_if(_ILLEGAL, _at_most(2_000)),
    "incompatible_content_ground": _only_if(_INCOMPATIBLE, _at_most(500)),
    "incompatible_content_explanation": _only_if(_INCOMPATIBLE, _at_most(2_000)),
    "incompatible_content_illegal": _only_if(
        _INCOMPATIBLE, _among(codes.YES_NO), required=False, even_left_out=True
    ),
    "content_type": FieldRules(required=_always, checks=_all_among(codes.CONTENT_TYPES)),
    "content_type_other": _only_if(
        _has("content_type", "CONTENT_TYPE_OTHER"), _at_most(500), even_left_out=True
    ),
    "category": FieldRules(required=_always, checks=[_among(codes.CATEGORIES)]),
    "category_addition": FieldRules(checks=_all_among(codes.CATEGORIES)),
    "territorial_scope": FieldRules(nullable=True, checks=_all_among(codes.EEA)),
    "content_language": FieldRules(nullable=True, checks=[_among(codes.LANGUAGES)]),
    "content_date": FieldRules(required=_always, checks=_day(date(2000, 1, 1))),
    "application_date": FieldRules(required=_always, checks=_day(date(2020, 1, 1))),
    "end_date_account_restriction": _END,
    "end_date_monetary_restriction": _END,
    "end_date_service_restriction": _END,
    "end_date_visibility_restriction": _END,
    "decision_facts": FieldRules(required=_always, checks=[_at_most(5_000)]),
    "source_type": FieldRules(required=_always, checks=[_among(codes.SOURCES)]),
    "source_identity": FieldRules(nullable=True, checks=[_at_most(500)]),
    "automated_detection": FieldRules(required=_always, checks=[_among(codes.YES_NO)]),
    "automated_decision": FieldRules(required=_always, checks=[_among(codes.AUTOMATED_DECISIONS)]),
    "puid": FieldRules(required=_always, checks=[_at_most(500), _matches("letters, digits, - and _", _PUID)]),
    "content_id": FieldRules(nullable=True, checks=[_LIST]),
    "content_id.EAN-13": FieldRules(
        checks=[Check("text", lambda value: isinstance(value, str)), _matches("13 digits", _EAN)]
    ),
}
"""Every field that a rule is about."""
