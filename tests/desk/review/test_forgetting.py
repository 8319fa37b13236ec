"""What an alert quotes is erased by age or by a withdrawal, in any order, and not a day before."""

from __future__ import annotations

import pytest

from desk.database.engine import Database
from desk.review.forgetting import FORGOTTEN
from tests.desk.people import Office, an_office
from tests.desk.review.quotes import (
    DAY,
    KEEP_DAYS,
    NOT_MIRROR,
    a_quote,
    decide,
    receive,
    upkeep,
    withdraw,
)


@pytest.fixture
def office(database: Database) -> Office:
    return an_office(database)


async def test_age_counts_from_last_decision_and_waits_for_open_reading(office: Office) -> None:
    amina, chloe = await office.hire("amina"), await office.hire("chloe", "lead")
    bilal = await office.hire("bilal")
    await receive(office)
    office.clock.pass_(200 * DAY)
    await decide(office, amina)
    await withdraw(office, "account-banned")

    async def quotes_after(days: float) -> bool:
        office.clock.pass_(days * DAY)
        await upkeep(office)
        return (await office.desk.open(chloe, "alert-1")).alert.evidence[0].ours == a_quote()

    assert await quotes_after(KEEP_DAYS - 1)
    await office.desk.take_back(chloe, "alert-1", "appeal")
    assert await quotes_after(10), "somebody is to read it"
    await decide(office, bilal, NOT_MIRROR)
    assert await quotes_after(KEEP_DAYS - 1), "who decided late may be asked late"
    assert not await quotes_after(2)


async def test_undone_decision_does_not_keep_quotes(office: Office) -> None:
    amina, omar = await office.hire("amina"), await office.hire("omar", "auditor")
    await receive(office)
    office.clock.pass_(KEEP_DAYS * DAY)
    made = await decide(office, amina)
    await office.desk.undo(amina, made.batch)
    await withdraw(office, "verdict")
    office.clock.pass_(DAY)
    await upkeep(office)
    assert (await office.desk.open(omar, "alert-1")).alert.evidence[0].ours == ""


@pytest.mark.parametrize("reason", sorted(FORGOTTEN))
async def test_late_withdrawal_erases_the_notes_written_before_it(office: Office, reason: str) -> None:
    amina = await office.hire("amina")
    await receive(office)
    await decide(office, amina)
    await office.desk.write_note(amina, "alert-1", "He is @quoted, I know him.")
    office.clock.pass_(60)
    await receive(office, revision=3)
    await office.desk.write_note(amina, "alert-1", "Back again.")
    await withdraw(office, reason, revision=2)
    opened = await office.desk.open(amina, "alert-1")
    assert [note.text for note in opened.notes] == ["", "Back again."]
