"""Readings are assigned to who may read them, and alerts move between queues."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from desk.database import alerts, audit, reads, users
from desk.database.engine import Database
from desk.database.filters import ASSIGNED_TO_ME, ASSIGNED_TO_NOBODY, DecidedFilters, Filters
from desk.errors import Conflict, Forbidden, NotFound, ReviewError, SelectionChanged, UnusableInput
from desk.readers import Reader
from desk.review.deciding.decide import ReadDecision
from schemas.alerts import Matched
from tests.desk.people import Office, an_office, with_shares
from tests.desk.web.test_journeys import at_the_desk
from tests.desk_databases import on_each_database

MIRROR = ReadDecision("mirror", "several-traits")


@pytest.fixture
def office(database: Database) -> Office:
    return an_office(database)


async def receive(office: Office, count: int, *policies: str, **given: Any) -> list[int]:
    """Alerts of some policies in turn, each on a ban of its own; their readings."""
    for number in range(count):
        policy = policies[number % len(policies)] if policies else "hate"
        matched = Matched(platform="x", account_id=f"banned-{number}", policy=policy)
        await office.receive(f"alert-{number}", matched=matched, **given)
        office.clock.pass_(1)
    return [*range(1, count + 1)]


async def waits(office: Office, reader: Reader, **filters: Any) -> list[str]:
    """The alerts that wait for somebody."""
    return [one.alert_id for one in await office.desk.queue(reader, Filters(**filters))]


async def lines(office: Office, *actions: str) -> list[tuple[str, str, str, dict[str, Any]]]:
    async with office.database.read() as connection:
        return [
            (line.actor, line.action, line.subject, json.loads(line.detail))
            for line in await audit.lines(connection, 0, 999)
            if line.action in actions
        ]


async def lapse(office: Office) -> None:
    async with office.database.begin() as connection:
        await reads.lapse(connection, now=office.clock())


@on_each_database
async def test_assigned_reading_is_filtered_named_and_passed_over_by_others(office: Office) -> None:
    chloe, amina, bilal = (
        await office.hire("chloe", "lead"),
        await office.hire("amina"),
        await office.hire("bilal"),
    )
    first, second, _ = await receive(office, 3)
    await office.desk.assign(chloe, [first, second], bilal.user_id)
    await office.desk.assign(chloe, [first, second], bilal.user_id)
    assert await waits(office, bilal, assigned=ASSIGNED_TO_ME) == ["alert-0", "alert-1"]
    assert await waits(office, chloe, assigned=bilal.user_id) == ["alert-0", "alert-1"]
    assert await waits(office, amina, assigned=ASSIGNED_TO_NOBODY) == ["alert-2"]
    assert await waits(office, amina, assigned=ASSIGNED_TO_ME) == []
    [shown, *_] = await office.desk.queue(amina, Filters())
    assert (shown.assigned_to, shown.assigned_to_me) == ("B", False)
    [following] = await office.desk.queue(amina, Filters(), limit=1, free=True)
    assert following.alert_id == "alert-2"
    await office.desk.decide(amina, first, MIRROR)  # it is a plan, and no lock
    await office.desk.assign(chloe, [second], None)
    assert await waits(office, bilal, assigned=ASSIGNED_TO_ME) == []
    detail = {"read": second, "reader": None, "before": bilal.user_id}
    told = await lines(office, "assigned", "unassigned")
    assert [line[:3] for line in told] == [
        (chloe.user_id, "assigned", "alert-0"),
        (chloe.user_id, "assigned", "alert-1"),
        (chloe.user_id, "unassigned", "alert-1"),
    ]
    assert told[-1][3] == detail


async def test_moderator_takes_what_nobody_has_and_gives_back_their_own(office: Office) -> None:
    amina, bilal = await office.hire("amina"), await office.hire("bilal")
    omar = await office.hire("omar", "auditor")
    first, second = await receive(office, 2)
    await office.desk.assign(amina, [first], amina.user_id)
    for reader, read_ids, to, refused in (
        (bilal, [first], bilal.user_id, Conflict),
        (bilal, [first], None, Conflict),
        (bilal, [second], amina.user_id, Forbidden),
        (omar, [second], omar.user_id, Forbidden),
        (bilal, [second, 99], bilal.user_id, SelectionChanged),
        (bilal, [], bilal.user_id, UnusableInput),
    ):
        with pytest.raises(refused):
            await office.desk.assign(reader, read_ids, to)
    await office.desk.assign(amina, [first], None)
    await office.desk.assign(bilal, [first, second], bilal.user_id)
    await office.desk.skip(bilal, first)  # which leaves it to others
    assert await waits(office, amina, assigned=ASSIGNED_TO_NOBODY) == ["alert-0"]


@on_each_database
async def test_nothing_is_assigned_to_who_may_not_read_it(office: Office) -> None:
    chloe, bilal = await office.hire("chloe", "lead"), await office.hire("bilal")
    omar, away = await office.hire("omar", "auditor"), await office.hire("away")
    read_ids = await receive(office, 2, "hate", "spam")
    await office.desk.name_policies(chloe, bilal.user_id, ["hate"])
    async with office.database.begin() as connection:
        await users.change(connection, away.user_id, disabled_at=office.clock())
    for user_id in (bilal.user_id, omar.user_id, away.user_id, "nobody", "\U0001f600"):
        with pytest.raises(UnusableInput):
            await office.desk.assign(chloe, read_ids, user_id)
    assert await waits(office, chloe, assigned=ASSIGNED_TO_NOBODY) == ["alert-0", "alert-1"], "none of them"
    await office.desk.assign(chloe, read_ids[:1], bilal.user_id)


async def test_blind_second_and_exercise_readings_are_assigned_to_nobody(database: Database) -> None:
    office = an_office(database, with_shares(blind_share=1.0, second_share=1.0))
    chloe, amina = await office.hire("chloe", "lead"), await office.hire("amina")
    [blind] = await receive(office, 1)
    plain = Office(an_office(database, with_shares(second_share=1.0)).desk, office.clock)
    await plain.receive("plain")
    await plain.desk.assign(chloe, [2], amina.user_id)
    await plain.desk.decide(amina, 2, MIRROR)
    await plain.desk.set_golden(chloe, "plain", "mirror")
    shown = await plain.desk.queue(chloe, Filters())
    assert {(one.alert_id, one.kind, one.assigned_to) for one in shown} == {
        ("alert-0", "first", ""),
        ("plain", "second", ""),
    }
    for read_id in (blind, *(one.read_id for one in shown)):
        with pytest.raises(ReviewError):
            await plain.desk.assign(chloe, [read_id], amina.user_id)


@on_each_database
async def test_assignment_lapses_with_its_reading_its_reader_and_their_reach(office: Office) -> None:
    chloe, bilal, dana = [
        await office.hire(name, "lead" if name == "chloe" else "moderator")
        for name in ("chloe", "bilal", "dana")
    ]
    read_ids = await receive(office, 5, "hate", "hate", "hate", "spam")
    await office.desk.assign(chloe, read_ids[:4], bilal.user_id)
    await office.desk.assign(chloe, read_ids[4:], dana.user_id)
    made = await office.desk.decide(bilal, read_ids[0], MIRROR)
    gone: dict[str, Any] = {"status": "withdrawn", "withdrawn_reason": "reinstated", "revision": 2}
    await office.receive("alert-1", **gone)
    await office.desk.name_policies(chloe, bilal.user_id, ["hate"])
    async with office.database.begin() as connection:
        await users.change(connection, dana.user_id, disabled_at=office.clock())
    await lapse(office)
    told = await lines(office, "unassigned")
    assert sorted((actor, alert_id, detail["reason"]) for actor, _, alert_id, detail in told) == [
        ("desk", "alert-0", "decided"),
        ("desk", "alert-1", "reinstated"),
        ("desk", "alert-3", "reach"),
        ("desk", "alert-4", "reach"),
    ]
    assert await waits(office, bilal, assigned=ASSIGNED_TO_ME) == ["alert-2"]
    await office.desk.undo(bilal, made.batch)
    assert await waits(office, bilal, assigned=ASSIGNED_TO_ME) == ["alert-2"]
    made = await office.desk.decide(bilal, read_ids[2], MIRROR)
    await office.desk.undo(bilal, made.batch)  # before it lapses
    assert await waits(office, bilal, assigned=ASSIGNED_TO_ME) == []
    [*_, (_, _, subject, detail)] = await lines(office, "unassigned")
    assert (subject, detail) == (
        "alert-2",
        {"read": read_ids[2], "reader": bilal.user_id, "reason": "decided"},
    )


@on_each_database
async def test_moved_alert_is_of_the_other_queue_until_it_is_moved_back(office: Office) -> None:
    chloe, bilal, dana = [
        await office.hire(name, "lead" if name == "chloe" else "moderator")
        for name in ("chloe", "bilal", "dana")
    ]
    await office.desk.name_policies(chloe, bilal.user_id, ["hate"])
    await office.desk.name_policies(chloe, dana.user_id, ["spam", ""])
    first, _ = await receive(office, 2)
    await office.desk.assign(chloe, [first], bilal.user_id)
    await office.desk.move(chloe, ["alert-0"], "spam")
    await office.desk.move(chloe, ["alert-0"], "spam")
    assert await waits(office, bilal) == ["alert-1"]
    matched = Matched(platform="x", account_id="banned-0", policy="scam")
    await office.receive("alert-0", matched=matched, revision=2)
    assert await waits(office, dana) == ["alert-0"]
    opened = await office.desk.open(dana, "alert-0")
    assert (opened.policy, opened.moved, opened.alert.matched.policy) == ("spam", True, "scam")
    assert opened.read is not None
    assert opened.read.assigned_to == "", "bilal cannot read it"
    await office.desk.decide_together(dana, [first], MIRROR)
    [given] = await office.desk.decided(dana, DecidedFilters())
    assert given.policy == "scam", "the rule is the ban's, whatever the queue"
    await office.desk.move(chloe, ["alert-0", "alert-1"], "")
    assert await waits(office, bilal) == []
    await office.desk.move(chloe, ["alert-0", "alert-1"], None)
    assert await waits(office, bilal) == ["alert-1"]
    assert [(line[2], line[3]) for line in await lines(office, "moved")] == [
        ("alert-0", {"from": "hate", "to": "spam"}),
        ("alert-0", {"from": "spam", "to": None}),
        ("alert-1", {"from": "hate", "to": None}),
        ("alert-0", {"from": None, "to": "scam"}),
        ("alert-1", {"from": None, "to": "hate"}),
    ]
    await office.receive("alert-1", revision=3)
    assert not (await office.desk.open(chloe, "alert-1")).moved


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_alert_that_arrives_while_it_is_moved_keeps_neither_from_ending(office: Office) -> None:
    chloe = await office.hire("chloe", "lead")
    [first] = await receive(office, 1)
    async with office.database.begin() as connection:
        [row] = await alerts.locked(connection, ["alert-0"])
        await alerts.put(connection, row, b"{}")
        moving = asyncio.create_task(office.desk.move_chosen(chloe, [first], ""))
        await asyncio.wait([moving], timeout=10)  # it does not wait for this transaction
        await reads.move(connection, "alert-0", rank=1)
    with pytest.raises(Conflict, match="again"):
        await moving
    await office.desk.move_chosen(chloe, [first], "")


async def test_only_leads_move_and_into_known_queues(office: Office) -> None:
    chloe, bilal = await office.hire("chloe", "lead"), await office.hire("bilal")
    await receive(office, 1)
    for reader, alert_ids, policy, refused in (
        (bilal, ["alert-0"], "hate", Forbidden),
        (chloe, ["alert-0"], "hata", UnusableInput),
        (chloe, ["alert-0", "alert-9"], "hate", NotFound),
        (chloe, [], "hate", UnusableInput),
    ):
        with pytest.raises(refused):
            await office.desk.move(reader, alert_ids, policy)


async def test_pages_assign_and_move_what_is_selected(office: Office) -> None:
    bilal = await office.hire("bilal")
    await receive(office, 2, "hate", "spam")
    async with at_the_desk(office, "chloe", "lead") as lead, at_the_desk(office) as client:
        page = (await lead.get("/selection?read=1.2")).text
        assert f'<option value="{bilal.user_id}">bilal</option>' in page
        form = {"read": ["1", "2"], "filters": "policy=hate"}
        for client_, where, data, answer in (
            (lead, "/selection/assign", {**form, "reader": bilal.user_id}, 303),
            (client, "/selection/assign", {**form, "reader": ""}, 409),
            (lead, "/selection/move", {"read": "1", "queue": "spam"}, 303),
            (lead, "/selection/move", {"read": "1", "queue": "a b"}, 400),
            (client, "/alerts/alert-1/move", {"queue": "-"}, 403),
            (lead, "/alerts/alert-1/move", {"queue": "-", "next": "/alerts/alert-1"}, 303),
        ):
            signed = {**data, "csrf": client_.headers["X-CSRF-Token"]}
            assert (await client_.post(where, data=signed, follow_redirects=False)).status_code == answer, (
                data
            )
        assert "moved to the queue of <bdi>spam</bdi>" in (await lead.get("/alerts/alert-0")).text
        page = (await lead.get(f"/queue?assigned={bilal.user_id}")).text
        assert page.count('<th scope="row">') == 2
        assert '<td data-label="Assigned to">B</td>' in page
        body = {"read_ids": [1], "reader": None}
        assert (await lead.post("/api/v1/assignments", json=body)).status_code == 204
        assert (await client.post("/api/v1/moves", json={"alert_ids": ["alert-0"]})).status_code == 403
        assert (await lead.post("/api/v1/moves", json={"alert_ids": ["alert-0"]})).status_code == 204
        page = (await client.get("/alerts/alert-0")).text
        assert "moved to" not in page
        assert "Assign to me" in page
