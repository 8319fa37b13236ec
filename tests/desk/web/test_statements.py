"""A request asks the database a handful of questions, however much there is to show."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from desk.database.engine import Database
from schemas.alerts import Matched
from tests.desk.people import an_office
from tests.desk.web.test_journeys import at_the_desk

FEW, MANY = 2, 30


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """What the database is asked meanwhile."""
    asked: list[str] = []

    def hear(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        asked.append(statement)

    engine = database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield asked
    finally:
        event.remove(engine, "before_cursor_execute", hear)


async def test_no_request_asks_more_where_there_is_more_to_show(database: Database) -> None:
    office = an_office(database)
    told: dict[str, list[int]] = {}
    async with at_the_desk(office) as client:
        for first, count in ((0, FEW), (FEW, MANY)):
            for number in range(first, first + count):
                family = Matched(platform="x", account_id="banned", policy="hate", root_id="x:root")
                await office.receive(f"alert-{number}", matched=family)
            [waiting, *_] = (await client.get("/api/v1/queue")).json()
            body = {
                "read_id": waiting["read_id"],
                "verdict": "mirror",
                "reason_code": "several-traits",
                "policy": "hate",
            }
            for name, method, where, json in (
                ("queue", "GET", "/queue", None),
                ("queue, filtered", "GET", "/queue?band=likely&policy=hate&platform=x", None),
                ("alert", "GET", "/alerts/alert-1", None),
                ("find", "GET", "/find?q=ne", None),
                ("account", "GET", "/accounts/x/banned", None),
                ("family", "GET", "/families/x/banned", None),
                ("decided", "GET", "/decided?verdict=mirror", None),
                ("decision", "POST", "/api/v1/verdicts", body),
            ):
                with counted(database) as asked:
                    assert (await client.request(method, where, json=json)).status_code < 300
                told.setdefault(name, []).append(sum(not it.startswith("BEGIN") for it in asked))
    assert all(few == many for few, many in told.values()), told
    most = {"queue": 8, "queue, filtered": 8, "alert": 18, "decision": 13}
    most |= {"find": 7, "account": 13, "family": 12, "decided": 10}
    assert {name: many for name, (_, many) in told.items() if many > most[name]} == {}


async def test_what_is_narrowed_to_a_band_is_looked_for_at_its_place(database: Database) -> None:
    office = an_office(database)
    async with at_the_desk(office) as client:
        await office.receive("alert-1", band="possible", probability=0.6)
        await office.receive("alert-2")
        found = (await client.get("/api/v1/queue", params={"band": "possible"})).json()
        assert [one["alert_id"] for one in found] == ["alert-1"]
        await office.receive("alert-1", revision=2)  # its band rose
        found = (await client.get("/api/v1/queue", params={"band": "likely"})).json()
        assert {one["alert_id"] for one in found} == {"alert-1", "alert-2"}
        assert (await client.get("/api/v1/queue", params={"band": "none"})).json() == []
