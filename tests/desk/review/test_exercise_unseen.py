"""An exercise is answered as any first reading that is shown blind, whatever is asked of it."""

from __future__ import annotations

import pytest

from desk.database.engine import Database
from desk.database.filters import Filters
from desk.errors import NotFound
from desk.review.deciding.decide import ReadDecision
from tests.desk.people import an_office

MIRROR = ReadDecision("mirror", "several-traits")


async def test_exercise_is_left_out_of_a_selection_as_blind_readings_are(database: Database) -> None:
    office = an_office(database)
    chloe, bilal = await office.hire("chloe", "lead"), await office.hire("bilal")
    await office.receive("alert-1")
    [beside] = await office.desk.queue(bilal, Filters())
    await office.desk.set_golden(chloe, "alert-1", "mirror")
    [exercise] = await office.desk.queue(bilal, Filters())
    chosen = await office.desk.selection(bilal, Filters(), [beside.read_id, exercise.read_id])
    assert [one.read_id for one in chosen.left_out] == [exercise.read_id]
    with pytest.raises(NotFound):
        await office.desk.alert_of(bilal, beside.read_id)
    with pytest.raises(NotFound):
        await office.desk.decide(bilal, beside.read_id, MIRROR)


async def test_other_reading_of_an_exercise_waits_until_it_cannot_be_undone(database: Database) -> None:
    office = an_office(database)
    chloe, bilal = await office.hire("chloe", "lead"), await office.hire("bilal")
    await office.receive("alert-1")
    await office.desk.set_golden(chloe, "alert-1", "mirror")
    [exercise] = await office.desk.queue(bilal, Filters())
    made = await office.desk.decide(bilal, exercise.read_id, MIRROR)
    assert await office.desk.queue(bilal, Filters()) == []
    await office.desk.undo(bilal, made.batch)
    [again] = await office.desk.queue(bilal, Filters())
    assert (again.read_id, again.band) == (exercise.read_id, None)
