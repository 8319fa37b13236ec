"""What is hidden of an alert, and what is shown of it, are of one moment."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import verdicts
from desk.database.engine import Database
from desk.database.filters import Filters
from desk.database.verdicts import VerdictRow
from desk.review.deciding.decide import ReadDecision
from tests.desk.people import an_office, with_shares


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_verdict_that_is_given_while_a_page_is_read_is_not_shown_on_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = an_office(database, with_shares(second_share=1.0))
    amina, bilal = await office.hire("amina"), await office.hire("bilal")
    await office.receive("alert-1")
    [waiting] = await office.desk.queue(amina, Filters())
    as_it_is = verdicts.of_alert

    async def decided_meanwhile(connection: AsyncConnection, alert_id: str) -> Sequence[VerdictRow]:
        monkeypatch.setattr(verdicts, "of_alert", as_it_is)
        await office.desk.decide(amina, waiting.read_id, ReadDecision("mirror", "several-traits"))
        return await as_it_is(connection, alert_id)

    # The page asks what is hidden before, when nobody had spoken.
    monkeypatch.setattr(verdicts, "of_alert", decided_meanwhile)
    assert (await office.desk.open(bilal, "alert-1")).said == ()
