"""How much somebody read is counted, shown to them alone and erased; they may be reminded to pause."""

from __future__ import annotations

import re

import pytest

from desk.database.counts import exposures
from desk.database.engine import Database
from tests.desk.people import Office, an_office
from tests.desk.web.test_journeys import at_the_desk

DAY_SECONDS = 86_400


@pytest.fixture
def office(database: Database) -> Office:
    return an_office(database)


def days_of(page: str) -> list[list[str]]:
    rows = re.findall(r"<tr><th scope=\"row\">.*?</tr>", page)
    return [re.findall(r">([0-9-]+)<", row) for row in rows]


async def test_what_somebody_read_is_counted_by_day_and_shown_to_them_alone(office: Office) -> None:
    await office.receive()
    async with at_the_desk(office) as amina:
        for _ in range(2):
            assert (await amina.get("/alerts/alert-1")).status_code == 200
        assert (await amina.get("/alerts/none")).status_code == 404
        assert (await amina.post("/api/v1/me/uncovered")).status_code == 204
        page = (await amina.get("/view")).text
        assert [row[1:] for row in days_of(page)] == [["2", "1"]]
        office.clock.pass_(DAY_SECONDS)
        async with at_the_desk(office, "lena", "lead") as lead:
            assert days_of((await lead.get("/view")).text) == []
            assert (await lead.get("/alerts/alert-1")).status_code == 200
            assert [row[1:] for row in days_of((await lead.get("/view")).text)] == [["1", "0"]]
    async with office.database.begin() as connection:
        await exposures.erase(connection, keep_days=0, now=office.clock())
    async with office.database.read() as connection:
        everybody = await connection.exec_driver_sql("SELECT opened FROM exposures")
        assert [row.opened for row in everybody] == [1], "yesterday's are gone"


async def test_a_reminder_to_pause_is_there_for_who_asked_for_it(office: Office) -> None:
    async with at_the_desk(office) as client:
        csrf = client.headers["X-CSRF-Token"]
        assert 'id="pause"' not in (await client.get("/queue")).text
        form = {"language": "en", "keys": "1", "csrf": csrf, "pause_alerts": "25", "pause_minutes": "0"}
        answer = await client.post("/view", data=form, follow_redirects=False)
        assert answer.status_code == 303
        page = (await client.get("/queue")).text
        assert 'id="pause" role="note" hidden' in page
        assert 'data-pause-alerts="25" data-pause-minutes="0"' in page
        refused = await client.post("/view", data={**form, "pause_alerts": "-1"}, follow_redirects=False)
        assert refused.status_code == 400


@pytest.mark.parametrize("kept", ["en.0.1", "en.0.1.x.-1", "en.0.1.9999.1e1", "en.0.1.1001.000000000001"])
async def test_a_cookie_of_before_or_of_a_stranger_reminds_nobody(office: Office, kept: str) -> None:
    async with at_the_desk(office) as client:
        client.cookies.set("samehand-view", kept)
        answer = await client.get("/queue")
        assert answer.status_code == 200
        assert 'id="pause"' not in answer.text
