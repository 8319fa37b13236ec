"""What all records promise."""

from __future__ import annotations

import msgspec
import pytest
from msgspec import inspect

from schemas.examples import EXAMPLES
from schemas.generate import RECORDS
from schemas.record import Record
from schemas.weights import WeightsAdopted

KINDS = [kind for kinds in RECORDS.values() for kind in kinds]


def dates_of(kind: type[Record]) -> set[str]:
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    return {
        field.name
        for field in info.fields
        if "DateTimeType" in repr(field.type) and "StructType" not in repr(field.type)
    }


@pytest.mark.parametrize("kind", KINDS)
def test_every_date_at_the_top_is_compared_with_the_clock(kind: type[Record]) -> None:
    assert {*kind.MOMENTS, *kind.FORESEEN} == dates_of(kind)
    # Of decisions about weights the highest number holds, whatever anybody's clock said.
    assert dates_of(kind) or kind is WeightsAdopted


@pytest.mark.parametrize("kind", KINDS)
def test_records_are_immutable_and_built_by_name(kind: type[Record]) -> None:
    assert kind.__struct_config__.frozen
    with pytest.raises(TypeError):
        kind(*kind.__struct_fields__)


def test_a_record_is_hashable_so_that_tests_and_sets_can_compare_it() -> None:
    for records in EXAMPLES.values():
        assert len({*records, *(msgspec.structs.replace(record) for record in records)}) == len(records)
