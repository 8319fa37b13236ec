"""A mapping's TOML file, compiled: what is wrong in it is collector at once, each fault by line and field.

::

    [topics."shop.public.users"]
    format = "debezium"
    constants = { platform = "shop" }

    [topics."shop.public.users".fields]
    account_id = "row.id"
    handle = "row.username"
    created_at = { from = "row.created_at", unit = "us" }

    [[topics."shop.public.users".rules]]
    when = "after.banned_at"
    as = "banned"
    fields = { banned_at = { from = "after.banned_at", unit = "us" } }

What a rule says of a field counts before what its topic says, and that before what the format brings; an
operator's rules are tried before the format's.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from importlib.resources import files
from typing import Any, Final, cast, get_args
from zoneinfo import ZoneInfo

import msgspec

from schemas.mapping.convert import UNITS, Reading, Unit, WrittenDate
from schemas.mapping.expression import META, Expression, UnusableExpression
from schemas.mapping.fields import ALL_FIELDS, TARGETS, Field, Kind, Target
from schemas.mapping.formats import FORMATS, OF_REGISTRY, Encoding
from schemas.mapping.mapper import Rule, TopicMapping
from schemas.mapping.positions import Path, line_of

MAPPING_BYTES_MAX: Final = 256 * 1024
"""A mapping of a dozen tables with a hundred columns each has a fifth of it."""

TOPICS_MAX: Final = 64
"""Each is a consumer with a buffer of its own in one process; more are several bridges' work."""

RULES_MAX: Final = 64
"""Of one topic: a record that none takes has asked each condition."""

VALUES_MAX: Final = 1_000
"""Translations of one field: codes of countries, languages or rules are some hundreds."""

FAULTS_MAX: Final = 50
"""A mapping with more faults is the wrong file."""

_TOPIC: Final = re.compile(r"[A-Za-z0-9._-]{1,249}")  # as Kafka names topics
_AT_LINE: Final = re.compile(r"at line ([0-9]{1,9})")
_BARE: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")  # what TOML lets stand without quotes
_KINDS: Final[tuple[str, ...]] = get_args(Kind)
_NOTHING: Final = "nothing"

_TOPIC_KEYS: Final = ("format", "encoding", "constants", "fields", "rules")
_RULE_KEYS: Final = ("when", "as", "tombstone", "constants", "fields")
_FIELD_KEYS: Final = ("from", "unit", "format", "zone", "values", "default", "separator", "html")

_MISSING: Final = object()


@dataclass(frozen=True, slots=True)
class MappingFault:
    """One thing that is wrong: on which line, of which key, and why. Quotes nothing but the file itself."""

    line: int
    where: str
    why: str

    def __str__(self) -> str:
        return (
            f"line {self.line}: {self.where}: {self.why}" if self.where else f"line {self.line}: {self.why}"
        )


class MappingError(ValueError):
    """A mapping cannot be used; `faults` in the order of their lines."""

    def __init__(self, name: str, faults: Iterable[MappingFault]) -> None:
        self.name = name
        self.faults = tuple(sorted(faults, key=lambda fault: fault.line))[:FAULTS_MAX]
        super().__init__("\n".join(f"{name}: {fault}" for fault in self.faults))


@dataclass(frozen=True, slots=True)
class Mappings:
    """What becomes of the records of each foreign topic."""

    topics: Mapping[str, TopicMapping]

    @property
    def of_registry(self) -> tuple[str, ...]:
        """The topics whose records are read by the schemas of a registry."""
        return tuple(name for name, topic in self.topics.items() if topic.encoding == "registry")

    @property
    def kinds(self) -> frozenset[Kind]:
        """What their records may become."""
        return frozenset(
            rule.target.kind
            for topic in self.topics.values()
            for rule in topic.rules
            if rule.target is not None
        )


def compile_mappings(raw: bytes, name: str) -> Mappings:
    """The mappings of a file; `name` is the file's. Raises `MappingError` with every fault at once."""
    if len(raw) > MAPPING_BYTES_MAX:
        raise MappingError(name, [MappingFault(1, "", f"is over {MAPPING_BYTES_MAX // 1024} KiB")])
    try:
        text = raw.decode()
    except UnicodeDecodeError as fault:
        line = raw[: fault.start].count(b"\n") + 1
        raise MappingError(name, [MappingFault(line, "", "is not UTF-8")]) from None
    try:
        read = tomllib.loads(text)
    except tomllib.TOMLDecodeError as fault:
        at = _AT_LINE.search(str(fault))
        line = int(at[1]) if at else len(text.splitlines())
        raise MappingError(name, [MappingFault(line, "", f"is no TOML: {fault}")]) from None
    except RecursionError:
        raise MappingError(name, [MappingFault(1, "", "is nested too deep")]) from None
    collector = _FaultCollector(text)
    collector.unknown((), read, ("topics",))
    topics = collector.table(("topics",), read.get("topics", _MISSING))
    if not topics and not collector.faults:
        collector.fault(("topics",), 'no topic is mapped; begin with [topics."NAME"]')
    if len(topics) > TOPICS_MAX:
        collector.fault(("topics",), f"has {len(topics):,} topics; at most {TOPICS_MAX} may be mapped")
    made = {
        topic: mapping
        for topic, table in list(topics.items())[:TOPICS_MAX]
        if (mapping := _topic(topic, table, collector)) is not None
    }
    if collector.faults:
        raise MappingError(name, collector.faults)
    return Mappings(made)


@dataclass(slots=True)
class _FaultCollector:
    """Collects faults and where they are."""

    text: str
    faults: list[MappingFault] = field(default_factory=list)

    def fault(self, path: Path, why: str) -> None:
        self.faults.append(MappingFault(line_of(self.text, path), _dotted(path), why))

    def table(self, path: Path, value: Any, keys: Iterable[str] | None = None) -> Mapping[str, Any]:
        """A table, with none but these keys."""
        if value is _MISSING:
            return {}
        if not isinstance(value, dict):
            self.fault(path, "must be a table")
            return {}
        if keys is not None:
            self.unknown(path, value, keys)
        return value

    def unknown(self, path: Path, names: Iterable[str], known: Iterable[str]) -> None:
        known = tuple(known)
        for name in names:
            if name not in known:
                near = difflib.get_close_matches(name[:64], known, 1)
                hint = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(known)}"
                self.fault((*path, name), f"is not known{hint}")

    def one_of(self, path: Path, value: Any, allowed: Iterable[str]) -> str:
        allowed = tuple(allowed)
        if value in allowed:
            return cast(str, value)
        self.fault(path, f"must be one of {', '.join(allowed)}")
        return ""


def _dotted(path: Path) -> str:
    """The path as TOML writes it; the place in an array of tables in brackets, from 1."""
    shown = ""
    for part in path:
        if isinstance(part, int):
            shown += f"[{part + 1}]"
        else:
            key = part if _BARE.fullmatch(part) else msgspec.json.encode(part[:249]).decode()
            shown += f".{key}" if shown else key
    return shown


# Where a field is collector, by whom; later layers count before earlier ones.
@dataclass(frozen=True, slots=True)
class _Layer:
    readings: Mapping[str, Reading | None]
    """None: the field is not to be filled, whatever the format says."""


@dataclass(frozen=True, slots=True)
class _RawRule:
    path: Path
    table: Mapping[str, Any]
    layer: _Layer


def _topic(topic: str, given: Any, collector: _FaultCollector) -> TopicMapping | None:
    path: Path = ("topics", topic)
    if not _TOPIC.fullmatch(topic):
        collector.fault(path, "is no topic name: it takes 1 to 249 letters, digits, `.`, `_` and `-`")
    table = collector.table(path, given, _TOPIC_KEYS)
    name = collector.one_of((*path, "format"), table.get("format"), FORMATS)
    if not name:
        return None
    encoding = "registry" if name in OF_REGISTRY else "json"
    if "encoding" in table:
        encoding = collector.one_of((*path, "encoding"), table["encoding"], get_args(Encoding))
        if encoding == "json" and name in OF_REGISTRY:
            collector.fault((*path, "encoding"), f"must be registry for format {name}")
    own = _layer(table, path, ALL_FIELDS, collector)
    preset = _preset(name)
    rules = [
        _rule(place, raw, (preset.fields, own.readings, raw.layer.readings), collector)
        for place, raw in enumerate(_rules(table, path, collector), 1)
    ]
    for raw in preset.rules:
        rules.append(
            _rule(len(rules) + 1, raw, (preset.fields, raw.layer.readings, own.readings), collector, at=path)
        )
    if not rules:
        collector.fault((*path, "rules"), f"must say what the records become: format {name} brings no rules")
    whole = [rule for rule in rules if rule is not None]
    expressions = [rule.when for rule in whole]
    expressions += [reading.expression for rule in whole for reading in rule.readings]
    beside = any(META in expression.text for expression in expressions if expression is not None)
    return TopicMapping(topic, name, FORMATS[name], tuple(whole), beside, cast(Encoding, encoding))


def _rules(table: Mapping[str, Any], path: Path, collector: _FaultCollector) -> Iterator[_RawRule]:
    given = table.get("rules", [])
    if not isinstance(given, list):
        collector.fault((*path, "rules"), "must be an array of tables: [[…rules]]")
        return
    if len(given) > RULES_MAX:
        collector.fault((*path, "rules"), f"has {len(given):,} rules; at most {RULES_MAX} are taken")
    for place, raw_rule in enumerate(given[:RULES_MAX]):
        where: Path = (*path, "rules", place)
        rule = collector.table(where, raw_rule, _RULE_KEYS)
        target = TARGETS.get(cast(Kind, rule.get("as"))) if isinstance(rule.get("as"), str) else None
        yield _RawRule(where, rule, _layer(rule, where, target.fields if target else ALL_FIELDS, collector))


def _rule(
    number: int,
    raw: _RawRule,
    layers: Iterable[Mapping[str, Reading | None]],
    collector: _FaultCollector,
    *,
    at: Path | None = None,
) -> Rule | None:
    """`at`: where a fault is to be mended, of a rule that the format brings."""
    table, path = raw.table, raw.path
    kind = collector.one_of((*path, "as"), table.get("as"), (*_KINDS, _NOTHING))
    tombstone = table.get("tombstone", False)
    if not isinstance(tombstone, bool):
        collector.fault((*path, "tombstone"), "must be true or false")
    when = None
    if "when" in table:
        when = _expression(table["when"], (*path, "when"), collector)
    if not kind or kind == _NOTHING:
        return Rule(number, None, when, (), bool(tombstone)) if kind else None
    target = TARGETS[cast(Kind, kind)]
    merged: dict[str, Reading | None] = {}
    for layer in layers:
        merged |= layer
    readings = {
        name: reading for name, reading in merged.items() if reading is not None and name in target.fields
    }
    _require(target, readings, at or path, table.get("when", "any record"), collector)
    # Each reading as this kind of record has the field: whether one is vital differs.
    own = tuple(replace(reading, field=target.fields[name]) for name, reading in readings.items())
    return Rule(number, target, when, own, bool(tombstone))


def _require(
    target: Target, readings: Mapping[str, Reading], path: Path, condition: object, collector: _FaultCollector
) -> None:
    already = any(fault.where == _dotted(path) for fault in collector.faults)  # of another rule of the format
    lacking = [] if already else [field.name for field in target.required if field.name not in readings]
    if lacking:
        collector.fault(path, f"{', '.join(lacking)} must be filled for `{target.kind}` ({condition})")
    for whole, part in (
        ("avatar_pdq", "avatar_quality"),
        ("basis_reference", "basis_authority"),
        ("basis_programmes", "basis_authority"),
    ):
        if whole in readings and part not in readings:
            collector.fault(path, f"{whole} needs {part} as well, which may be a constant")


def _layer(
    table: Mapping[str, Any], path: Path, known: Mapping[str, Field], collector: _FaultCollector
) -> _Layer:
    """What a table says of fields, constants and expressions together."""
    readings: dict[str, Reading | None] = {}
    constants = collector.table((*path, "constants"), table.get("constants", _MISSING))
    fields = collector.table((*path, "fields"), table.get("fields", _MISSING))
    collector.unknown((*path, "constants"), constants, known)
    collector.unknown((*path, "fields"), fields, known)
    for name, value in constants.items():
        if name in known:
            where = (*path, "constants", name)
            readings[name] = Reading(
                known[name], None, default=_constant(value, known[name], where, collector)
            )
    for name, given in fields.items():
        if name not in known:
            continue
        if name in constants:
            collector.fault(
                (*path, "fields", name), "stands among the constants as well; take one of them out"
            )
        readings[name] = _reading(given, known[name], (*path, "fields", name), collector)
    return _Layer(readings)


def _reading(given: Any, wanted: Field, path: Path, collector: _FaultCollector) -> Reading | None:
    if given is False:
        return None
    if not isinstance(given, str | dict):
        collector.fault(path, "must be an expression, or a table with `from`")
        return None
    table = {"from": given} if isinstance(given, str) else collector.table(path, given, _FIELD_KEYS)
    if "from" not in table:
        collector.fault(path, "needs `from`, the expression that it is read from")
        return None
    expression = _expression(table.get("from"), (*path, "from"), collector)
    return Reading(
        wanted,
        expression,
        dates=_dates(table, wanted, path, collector),
        values=_values(table, wanted, path, collector),
        default=_constant(table["default"], wanted, (*path, "default"), collector)
        if "default" in table
        else None,
        separator=_separator(table, wanted, path, collector),
        markup=_markup(table, wanted, path, collector),
    )


def _expression(given: Any, path: Path, collector: _FaultCollector) -> Expression | None:
    if not isinstance(given, str):
        collector.fault(path, "must be a JMESPath expression in quotes")
        return None
    try:
        return Expression(given)
    except UnusableExpression as fault:
        collector.fault(path, str(fault))
        return None


def _dates(
    table: Mapping[str, Any], wanted: Field, path: Path, collector: _FaultCollector
) -> Unit | WrittenDate | None:
    given = [key for key in ("unit", "format", "zone") if key in table]
    if given and wanted.shape != "date":
        collector.fault((*path, given[0]), f"is only for dates, and {wanted.name} is none")
    elif "unit" in given and len(given) > 1:
        collector.fault((*path, given[1]), "is for texts, and `unit` for numbers; take one of them out")
    elif "unit" in given:
        unit = collector.one_of((*path, "unit"), table["unit"], UNITS)
        return WrittenDate() if unit == "utc" else cast("Unit | None", unit or None)
    elif given:
        return _written(table, path, collector)
    return None


_PROBE: Final = datetime(2003, 11, 25, 21, 42, 37, tzinfo=UTC)
"""No two of its numbers are taken for each other."""


def _written(table: Mapping[str, Any], path: Path, collector: _FaultCollector) -> WrittenDate | None:
    form, zone = table.get("format", ""), table.get("zone", "")
    if not isinstance(form, str) or not isinstance(zone, str):
        collector.fault(path, "`format` and `zone` must be texts")
        return None
    try:
        read = datetime.strptime(_PROBE.strftime(form), form).date() if form else _PROBE.date()  # noqa: DTZ007  # no moment
    except (ValueError, re.error):  # no directive, or one of them twice
        read = None
    if read != _PROBE.date():
        collector.fault((*path, "format"), 'must say day, month and year, as "%d.%m.%Y %H:%M" does')
        return None
    if not zone and "%z" not in form:
        collector.fault(
            path, 'needs `zone`, the clock of dates without an offset, as in zone = "Asia/Karachi"'
        )
        return None
    clock: tzinfo = UTC
    try:
        clock = ZoneInfo(zone) if zone else UTC
    except (KeyError, ValueError, OSError):  # no such zone, no name, or a folder of names
        collector.fault((*path, "zone"), "is no zone of the IANA database, such as Asia/Karachi or UTC")
    return WrittenDate(form, clock)


def _values(
    table: Mapping[str, Any], wanted: Field, path: Path, collector: _FaultCollector
) -> Mapping[str, Any] | None:
    if "values" not in table:
        return None
    where = (*path, "values")
    given = collector.table(where, table["values"])
    if len(given) > VALUES_MAX:
        collector.fault(where, f"has {len(given):,} values; at most {VALUES_MAX:,} are taken")
        return None
    return {name: _constant(value, wanted, (*where, name), collector) for name, value in given.items()}


def _separator(table: Mapping[str, Any], wanted: Field, path: Path, collector: _FaultCollector) -> str:
    given = table.get("separator", "")
    if "separator" in table and wanted.shape != "list":
        collector.fault((*path, "separator"), f"is only for lists, and {wanted.name} is none")
    elif "separator" in table and not (isinstance(given, str) and 0 < len(given) <= 8):
        collector.fault((*path, "separator"), "must be a text of 1 to 8 characters")
    else:
        return cast(str, given)
    return ""


def _markup(table: Mapping[str, Any], wanted: Field, path: Path, collector: _FaultCollector) -> bool:
    given = table.get("html", False)
    if not isinstance(given, bool):
        collector.fault((*path, "html"), "must be true or false")
    elif given and wanted.shape not in ("text", "list"):
        collector.fault((*path, "html"), f"is only for texts, and {wanted.name} is none")
    return given is True


def _constant(given: Any, wanted: Field, path: Path, collector: _FaultCollector) -> Any:
    """A value of the file that stands in a record as it is; checked here, where a line can be named."""
    try:
        msgspec.convert(given, wanted.type)
    except (msgspec.ValidationError, TypeError) as fault:
        collector.fault(path, f"is no value for {wanted.name}: {str(fault).splitlines()[0]}")
        return None
    return given


@dataclass(frozen=True, slots=True)
class _Preset:
    fields: Mapping[str, Reading | None]
    rules: tuple[_RawRule, ...]


def _preset(name: str) -> _Preset:
    """What a format brings. A test compiles each, so that no fault of it can be anybody's but ours."""
    file = files("schemas.mapping").joinpath("presets", f"{name}.toml")
    if not file.is_file():
        return _Preset({}, ())
    text = file.read_text("utf-8")
    collector, table = _FaultCollector(text), tomllib.loads(text)
    layer = _layer(table, (), ALL_FIELDS, collector)
    rules = tuple(_rules(table, (), collector))
    assert not collector.faults, collector.faults
    return _Preset(layer.readings, rules)
