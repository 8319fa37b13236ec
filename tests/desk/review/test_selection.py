"""Several first readings are decided with one reason and undone as one, or nothing of them is."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterable
from typing import Any

import pytest

from desk.database import audit, reads
from desk.database.engine import Database
from desk.database.filters import Filters
from desk.database.topics import outbox
from desk.errors import SelectionChanged
from desk.review.deciding.decide import TOGETHER_MAX, DecisionMade, ReadDecision
from schemas.alerts import Matched
from tests.desk.makers import a_reason
from tests.desk.people import Office, an_office, with_shares
from tests.desk.web.test_journeys import Client, at_the_desk, sent, the_queue
from tests.desk_databases import on_each_database

MIRROR = ReadDecision("mirror", "several-traits")


@pytest.fixture
def office(database: Database) -> Office:
    return an_office(database)


async def receive_several(office: Office, count: int) -> None:
    """Alerts of two policies, bands and platforms."""
    for number in range(count):
        odd = number % 2 == 1
        await office.receive(
            f"alert-{number}",
            platform="telegram" if odd else "x",
            band="possible" if odd else "likely",
            matched=Matched(platform="x", account_id=f"banned-{number}", policy="spam" if odd else "hate"),
        )
        office.clock.pass_(1)


async def read_ids(client: Client) -> dict[str, int]:
    """Readings that wait, by alert."""
    return {one["alert_id"]: one["read_id"] for one in await the_queue(client)}


async def together(client: Client, chosen: list[int]) -> tuple[int, dict[str, Any]]:
    body = {"read_ids": chosen, "verdict": "mirror", "reason_code": "several-traits"}
    answer = await client.post("/api/v1/verdicts/together", json=body)
    return answer.status_code, answer.json()


async def test_several_are_decided_each_for_itself_and_undone_as_one(office: Office) -> None:
    await receive_several(office, 4)
    async with at_the_desk(office) as client:
        waiting = await read_ids(client)
        status, taken = await together(client, [waiting[f"alert-{number}"] for number in range(3)])
        assert (status, len(taken["verdict_ids"])) == (201, 3)
        assert (await read_ids(client)).keys() == {"alert-3"}
        given = (await client.get("/api/v1/decided")).json()
        assert {(one["alert_id"], one["policy"]) for one in given} == {
            ("alert-0", "hate"),
            ("alert-1", "spam"),
            ("alert-2", "hate"),
        }
        async with office.database.read() as connection:
            lines = [line for line in await audit.lines(connection, 0, 99) if line.action == "decided"]
        assert {line.subject: json.loads(line.detail)["together"] for line in lines} == {
            "alert-0": 3,
            "alert-1": 3,
            "alert-2": 3,
        }
        undone = await client.post(f"/api/v1/verdicts/{taken['batch']}/undo")
        assert len(undone.json()["read_ids"]) == 3
        assert await read_ids(client) == waiting
    async with office.database.begin() as connection:
        assert await outbox.take(connection, now=office.clock() + 60, again_before=0, limit=9) == []


async def test_once_one_is_on_its_way_none_is_undone(office: Office) -> None:
    await receive_several(office, 3)
    async with at_the_desk(office) as client:
        _, taken = await together(client, [*(await read_ids(client)).values()])
        async with office.database.begin() as connection:
            await outbox.take(connection, now=office.clock() + 60, again_before=0, limit=1)
        answer = await client.post(f"/api/v1/verdicts/{taken['batch']}/undo")
        assert (answer.status_code, answer.json()["code"]) == (409, "too-late")
        assert len((await client.get("/api/v1/decided")).json()) == 3


async def test_nothing_is_decided_if_one_of_them_has_changed(database: Database) -> None:
    """In other hands, decided, withdrawn, blind, a second reading, or none at all: each is named."""
    office = an_office(database, with_shares(second_share=1.0))
    bilal = await office.hire("bilal")
    await receive_several(office, 5)
    blind = Office(an_office(database, with_shares(blind_share=1.0)).desk, office.clock)
    await blind.receive("blind")
    async with at_the_desk(office) as client:
        waiting = await read_ids(client)
        await office.desk.claim(bilal, waiting["alert-1"])
        await office.desk.decide(bilal, waiting["alert-2"], MIRROR)
        await sent(office)
        withdrawn: dict[str, Any] = {"status": "withdrawn", "withdrawn_reason": "reinstated"}
        await office.receive("alert-3", revision=2, **withdrawn)
        [second] = [one["read_id"] for one in await the_queue(client) if one["kind"] == "second"]
        changed = [*(waiting[name] for name in ("alert-1", "alert-2", "alert-3", "blind")), second, 999]
        status, answer = await together(client, [waiting["alert-0"], waiting["alert-4"], *changed])
        assert (status, answer["code"]) == (409, "conflict")
        assert answer["read_ids"] == sorted(changed)
        assert (await client.get("/api/v1/decided")).json() == []
        page = await preview(client, waiting.values(), then="mirror/several-traits")
        assert page.count('name="read"') == 2, "what is left can be decided by the next key"
        assert "Nothing was decided" in page
        assert "In the hands of B<" in page
        # What became of the others is not told: bilal's word is not to be known before the second reading.
        assert page.count("no longer waits for you with its score") == 3
        assert (await together(client, [waiting["alert-0"], waiting["alert-4"]]))[0] == 201


async def preview(client: Client, chosen: Iterable[int | str], *, then: str = "") -> str:
    """The page of some readings, or what it answers to a button."""
    read = [str(one) for one in chosen]
    if not then:
        return (await client.get("/selection", params={"read": read})).text
    csrf = client.headers["X-CSRF-Token"]
    answer = await client.post("/selection", data={"read": read, "chosen": then, "csrf": csrf})
    return answer.text


async def test_preview_counts_what_differs_and_names_what_does_not(office: Office) -> None:
    await receive_several(office, 3)
    async with at_the_desk(office) as client:
        shown = (await client.get("/api/v1/selection")).json()
        assert shown["bands"] == [{"value": "likely", "readings": 2}, {"value": "possible", "readings": 1}]
        assert shown["policies"] == [{"value": "hate", "readings": 2}, {"value": "spam", "readings": 1}]
        assert shown["platforms"] == [{"value": "x", "readings": 2}, {"value": "telegram", "readings": 1}]
        assert shown["traits"] == [{"value": "handle/same", "readings": 3}]
        assert len(shown["families"]) == 3
        page = await preview(client, (await read_ids(client)).values())
        page = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))
        assert "Decide together: 3 alerts" in page
        assert "Band 2 × likely 1 × possible" in page
        assert (
            "The handles are the same but for letters that look alike, separators or digits. in all" in page
        )


async def test_queue_offers_rows_that_can_be_decided_together_and_the_whole_view(database: Database) -> None:
    office = an_office(database, with_shares(blind_share=1.0))
    await office.receive("blind")
    office = Office(an_office(database).desk, office.clock)
    family = Matched(platform="x", account_id="banned", root_id="x:root", policy="hate")
    for name in ("one", "two"):
        await office.receive(
            name, account_id="new", matched=family, reasons=[a_reason(ours='"><b>', theirs="b")]
        )
    await office.receive("three", matched=Matched(platform="x", account_id="b", policy="spam"))
    await office.receive("held")
    bilal = await office.hire("bilal")
    async with at_the_desk(office) as client, at_the_desk(office, "omar", "auditor") as auditor:
        waiting = await read_ids(client)
        await office.desk.claim(bilal, waiting["held"])
        page = (await client.get("/queue?policy=hate")).text
        assert re.findall(r'name="read" value="([\d.]+)"', page) == [f"{waiting['one']}.{waiting['two']}"]
        assert "<b>" not in page
        chosen = re.findall(r'name="read" value="([\d.]+)"', (await client.get("/queue")).text)
        assert len(chosen) == 2
        assert 'name="read"' not in (await auditor.get("/queue")).text
        whole = (await client.get("/selection?all=1&policy=hate&read=999")).text
        assert re.findall(r'name="read" value="(\d+)"', whole) == [
            str(waiting["one"]),
            str(waiting["two"]),
        ]
        assert "<b>" not in whole
        # The form leads back to the view, which offers the undo, and that to the same rows.
        csrf = client.headers["X-CSRF-Token"]
        form = {"read": chosen, "chosen": "unsure/needs-context", "filters": "policy=hate", "csrf": csrf}
        answer = await client.post("/selection", data=form, follow_redirects=False)
        where = answer.headers["Location"]
        assert where.startswith("/queue?policy=hate&undo=")
        batch = where.partition("undo=")[2]
        undone = await client.post(f"/undo/{batch}", data={"csrf": csrf}, follow_redirects=False)
        again = (await client.get(undone.headers["Location"])).text
        assert again.count('name="read"') == 3
        assert (await auditor.get("/selection?all=1")).status_code == 403


@pytest.mark.parametrize(
    "read", ["x", "1..2", "-1", "1" * 16, ".".join(map(str, range(1, TOGETHER_MAX + 2)))]
)
async def test_what_names_no_readings_or_too_many_is_refused(office: Office, read: str) -> None:
    async with at_the_desk(office) as client:
        assert (await client.get(f"/selection?read={read}")).status_code == 400
        status, _ = await together(client, [])
        assert status == 400
        assert (await together(client, [*range(1, TOGETHER_MAX + 2)]))[0] == 400


@on_each_database
async def test_two_who_decide_the_same_at_once_in_either_order(office: Office) -> None:
    """One decides all, the other learns that it was too late, and neither waits for what the other holds."""
    await receive_several(office, 20)
    amina, bilal = await office.hire("amina"), await office.hire("bilal")
    chosen = [one.read_id for one in await office.desk.queue(amina, Filters())]
    said = await asyncio.gather(
        office.desk.decide_together(amina, chosen, MIRROR),
        office.desk.decide_together(bilal, chosen[::-1], MIRROR),
        return_exceptions=True,
    )
    assert sorted(type(one).__name__ for one in said) == ["DecisionMade", "SelectionChanged"], said


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_nobody_waits_for_a_reading_that_is_being_written(office: Office) -> None:
    """Such as one that a withdrawal ends: its transaction may in turn need the lock of the audit."""
    await receive_several(office, 2)
    amina, bilal = await office.hire("amina"), await office.hire("bilal")
    chosen = [one.read_id for one in await office.desk.queue(amina, Filters())]
    async with office.database.begin() as connection:
        now = office.clock()
        assert await reads.claim(connection, chosen[1], bilal.user_id, now=now, until=now + 60)
        with pytest.raises(SelectionChanged) as refused:
            await office.desk.decide_together(amina, chosen, MIRROR)
        assert refused.value.read_ids == (chosen[1],)
    assert isinstance(await office.desk.decide_together(amina, chosen[:1], MIRROR), DecisionMade)
