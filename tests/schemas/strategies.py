"""Any legal record for hypothesis, derived from the structs themselves: no field is forgotten."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from math import fsum
from typing import Any

import msgspec
from hypothesis import strategies as st
from msgspec import inspect

from schemas.accounts import Avatar
from schemas.actions import AccountActioned
from schemas.alert_state import AlertState
from schemas.alerts import MirrorAlert
from schemas.decoding.dates import EARLIEST
from tests.schemas.makers import NOW

TEXT_CHARS_MAX = 24  # longer ones teach nothing and slow the search; the limits have tests of their own

moments = st.datetimes(
    min_value=EARLIEST.replace(tzinfo=None),
    max_value=datetime.fromtimestamp(NOW, UTC).replace(tzinfo=None),
    timezones=st.just(UTC),
)


@cache
def records(struct_type: type[Any]) -> st.SearchStrategy[Any]:
    """Any legal value of a struct."""
    info = inspect.type_info(struct_type)
    assert isinstance(info, inspect.StructType)
    values = {field.name: _values(field.type) for field in info.fields}
    if struct_type is Avatar:
        return st.fixed_dictionaries(values).filter(_is_avatar).map(lambda given: Avatar(**given))
    if struct_type is MirrorAlert:
        return st.builds(struct_type, **values).map(_balanced)
    if struct_type is AlertState:
        values["alert"], values["summary"] = records(MirrorAlert), st.none()
        return st.builds(struct_type, **values).map(_withdrawn_for_a_reason)
    if struct_type is AccountActioned:
        return st.builds(struct_type, **values).filter(lambda action: action.fault() is None)
    return st.builds(struct_type, **values)


def _values(kind: inspect.Type) -> st.SearchStrategy[Any]:
    match kind:
        case inspect.Metadata():
            return _values(kind.type)
        case inspect.UnionType():
            return st.one_of(*map(_values, kind.types))
        case inspect.NoneType():
            return st.none()
        case inspect.BoolType():
            return st.booleans()
        case inspect.LiteralType():
            return st.sampled_from(list(kind.values))
        case inspect.EnumType():
            return st.sampled_from(list(kind.cls))
        case inspect.DateTimeType():
            return moments
        case inspect.IntType():
            return st.integers(kind.ge, kind.le)
        case inspect.FloatType():
            least, most = (-100.0, 100.0) if kind.ge is None else (kind.ge, kind.le)
            return st.floats(least, most, allow_nan=False, allow_infinity=False)
        case inspect.BytesType():
            return st.binary(max_size=TEXT_CHARS_MAX)
        case inspect.StrType():
            return _texts(kind)
        case inspect.VarTupleType():
            return st.lists(_values(kind.item_type), max_size=3).map(tuple)
        case inspect.TupleType():
            return st.tuples(*map(_values, kind.item_types))
        case inspect.StructType():
            return records(kind.cls)
        case _:
            raise TypeError(f"no strategy for {kind}: a new kind of field wants one")


def _texts(kind: inspect.StrType) -> st.SearchStrategy[str]:
    if kind.pattern is not None:
        return st.from_regex(kind.pattern).filter(lambda text: len(text) <= (kind.max_length or 1_000))
    return st.text(
        st.characters(exclude_categories=["Cs"]),
        min_size=kind.min_length or 0,
        max_size=min(kind.max_length or TEXT_CHARS_MAX, TEXT_CHARS_MAX),
    )


def _is_avatar(given: dict[str, Any]) -> bool:
    if given["pdq"] is None:
        return given["image"] is not None
    return given["quality"] is not None


def _balanced(alert: MirrorAlert) -> MirrorAlert:
    lines = (*alert.evidence, *alert.counter_evidence)
    return msgspec.structs.replace(alert, log_odds=fsum([alert.prior, *(line.weight for line in lines)]))


def _withdrawn_for_a_reason(state: AlertState) -> AlertState:
    reason = "verdict" if state.record.status == "withdrawn" else None
    return msgspec.structs.replace(
        state, alert=msgspec.structs.replace(state.record, withdrawn_reason=reason)
    )


def json_values() -> st.SearchStrategy[Any]:
    """Any JSON value, NaN and lone surrogates included: what a broken producer may send."""
    leaves = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=8),
        st.text(st.characters(categories=["Cs", "Cc", "Lu"]), max_size=4),
        st.sampled_from([10**30, "x" * 20_000, "2026-03-01T09:30:00Z", "1970-01-01T00:00:00Z"]),
    )
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
        max_leaves=6,
    )
