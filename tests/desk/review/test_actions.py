"""What platforms did arrives in any order, is shown where it reveals no verdict, and is forgotten."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.database import actions, audit, schema
from desk.database.engine import Database
from desk.errors import Forbidden
from desk.feed.consume import Consumer
from desk.review.actions import ActionView, forget_account, take_action
from desk.review.arrivals import Arrivals
from schemas.actions import AccountActioned
from schemas.alerts import Matched, MirrorAlert
from schemas.examples import ACTIONED
from schemas.record import Record
from schemas.wire import encode
from streams.kafka.topics import Names
from streams.outcomes import Arrival
from tests.desk.makers import an_alert
from tests.desk.people import A_POLICY, Office, an_office, with_shares
from tests.desk.review.quotes import DAY, KEEP_DAYS, decide, receive, upkeep, withdraw
from tests.desk.web.test_journeys import sent
from tests.desk_databases import on_each_database
from tests.makers import NOON

CLAUSE = "Terms, 4.2"


def an_action(minutes: float = 0.0, **given: Any) -> AccountActioned:
    """What a platform did about the new account of `alert-1`."""
    fields: dict[str, Any] = {
        "event_id": "e-1",
        "platform": "x",
        "account_id": "new-alert-1",
        "occurred_at": NOON + timedelta(minutes=minutes),
        "until": None,
        "clause": CLAUSE,
        "alert_id": "alert-1",
        **given,
    }
    return replace(ACTIONED, **fields)


@pytest.fixture
def office(database: Database) -> Office:
    return an_office(database)


async def act(office: Office, record: AccountActioned) -> bool:
    async with office.database.begin() as connection:
        return await take_action(connection, record, now=office.clock())


async def clauses(office: Office, account: str = "x:new-alert-1") -> dict[str, str | None]:
    """The clause of each kept action, by event."""
    async with office.database.read() as connection:
        return {row.event_id: _clause(row.payload) for row in await actions.of_account(connection, account)}


def _clause(payload: bytes) -> str | None:
    return CLAUSE if CLAUSE.encode() in payload else None


async def arrive(connection: AsyncConnection, records: Sequence[Record]) -> list[tuple[Any, ...]]:
    for record in records:
        if isinstance(record, MirrorAlert):
            await Arrivals(connection, A_POLICY, NOON.timestamp()).take_alert(record)
        else:
            assert isinstance(record, AccountActioned)
            await take_action(connection, record, now=NOON.timestamp())
    rows = await connection.execute(select(schema.actions).order_by(schema.actions.c.event_id))
    return [tuple(row) for row in rows]


async def test_order_of_actions_corrections_and_withdrawal_changes_no_row(database: Database) -> None:
    told = an_alert(alert_id="alert-1", account_id="new-alert-1")
    ended = replace(
        told,
        revision=2,
        status="withdrawn",
        withdrawn_reason="reinstated",
        withdrawn_at=NOON + timedelta(minutes=30),
    )
    history = (
        told,
        ended,
        an_action(1, action="restricted"),
        an_action(2, action="terminated"),
        an_action(2, action="suspended"),
        an_action(40, event_id="e-2"),
    )
    ends, drawn = set(), random.Random(7)
    for _ in range(24):
        records = drawn.sample(history, len(history))
        async with database.read() as connection:  # which keeps nothing of it
            ends.add(tuple(await arrive(connection, records)))
            assert tuple(await arrive(connection, drawn.sample(history, len(history)))) in ends, "a replay"
    [(first, second)] = ends
    assert first[3] == "terminated"
    assert [CLAUSE.encode() in row[7] for row in (first, second)] == [False, True]


@on_each_database
async def test_one_platforms_event_does_not_overwrite_anothers(database: Database) -> None:
    office = an_office(database)
    await act(office, an_action())
    await act(office, an_action(5, platform="y", action="nothing"))
    assert await clauses(office) == {"e-1": CLAUSE}


@pytest.mark.parametrize("reason", ["reinstated", "account-deleted"])
async def test_withdrawal_forgets_the_actions_it_ends(office: Office, reason: str) -> None:
    await receive(office)
    await act(office, an_action(-9))
    await act(office, an_action(-9, event_id="unnamed", alert_id=None))
    await act(office, an_action(-9, account_id="banned", event_id="of-ban", alert_id=None))
    await withdraw(office, reason)
    forgotten_with_ban = None if reason == "reinstated" else CLAUSE
    assert await clauses(office, "x:banned") == {"of-ban": forgotten_with_ban}
    forgotten_with_account = None if reason == "account-deleted" else CLAUSE
    assert await clauses(office) == {"e-1": None, "unnamed": forgotten_with_account}
    async with office.database.read() as connection:
        [line] = [it for it in await audit.about(connection, "alert-1", 9) if "actions" in it.detail]
    assert (line.actor, json.loads(line.detail)) == (audit.SYSTEM, {"reason": reason, "actions": 2})
    assert not await act(office, an_action(-9))
    assert await act(office, an_action(9, clause=CLAUSE)), "its correction"
    assert (await clauses(office))["e-1"] is None


@on_each_database
async def test_age_erases_clause_and_drops_actions_on_accounts_without_alert(database: Database) -> None:
    office = an_office(database)
    await receive(office)
    amina = await office.hire("amina")
    await act(office, an_action())
    await act(office, an_action(account_id="other", event_id="e-9", alert_id=None))
    office.clock.pass_(DAY)
    await decide(office, amina)
    office.clock.pass_((KEEP_DAYS - 0.5) * DAY)
    await upkeep(office)
    assert await clauses(office) == {"e-1": CLAUSE}, "as long as the evidence of its alert"
    assert await clauses(office, "x:other") == {}
    office.clock.pass_(DAY)
    await upkeep(office)
    assert await clauses(office) == {"e-1": None}


async def test_erased_account_keeps_no_clause(office: Office) -> None:
    await receive(office)
    await act(office, an_action())
    await act(office, an_action(account_id="other", event_id="e-9", alert_id=None))
    async with office.database.begin() as connection:
        for account in ("x:new-alert-1", "x:other"):
            await forget_account(connection, account, now=office.clock(), reason="account-deleted")
    assert (await clauses(office), await clauses(office, "x:other")) == ({"e-1": None}, {})
    for record in (an_action(), an_action(account_id="other", event_id="e-9", alert_id=None)):
        assert not await act(office, record), "the topic is read again"
    assert (await clauses(office), await clauses(office, "x:other")) == ({"e-1": None}, {})
    assert await act(office, an_action(9, account_id="other", event_id="e-10", alert_id=None))


async def test_second_reader_and_reader_of_other_policies_do_not_see_the_action(database: Database) -> None:
    office = an_office(database, with_shares(second_share=1.0))
    amina, bilal = await office.hire("amina"), await office.hire("bilal")
    chloe, omar = await office.hire("chloe", "lead"), await office.hire("omar", "auditor")
    await receive(office, matched=Matched(platform="x", account_id="banned", policy="hate"))
    await decide(office, amina)
    await sent(office)
    await act(office, an_action())
    await act(office, an_action(event_id="unnamed", alert_id=None))
    await act(office, an_action(account_id="other", alert_id=None))

    async def seen(reader: Any, account: str = "x:new-alert-1") -> list[ActionView]:
        return await office.desk.actions(reader, account)

    assert [len(await seen(reader)) for reader in (amina, bilal, omar)] == [2, 0, 2]
    await decide(office, bilal)
    await sent(office)
    assert len(await seen(bilal)) == 2
    await office.desk.name_policies(chloe, bilal.user_id, ["spam"])
    assert [len(await seen(reader)) for reader in (amina, bilal, omar)] == [2, 0, 2]
    assert [len(await seen(reader, "x:other")) for reader in (amina, bilal, omar)] == [1, 0, 1]
    await office.desk.name_policies(chloe, bilal.user_id, [""])
    assert (len(await seen(bilal)), len(await seen(bilal, "x:other"))) == (0, 1)
    await office.desk.name_policies(chloe, bilal.user_id, ["hate"])
    assert (len(await seen(bilal)), len(await seen(bilal, "x:other"))) == (2, 0)


async def test_action_on_another_account_that_names_a_hidden_alert_is_hidden(database: Database) -> None:
    office = an_office(database, with_shares(second_share=1.0))
    amina, bilal = await office.hire("amina"), await office.hire("bilal")
    chloe = await office.hire("chloe", "lead")
    await receive(office)
    await decide(office, amina)
    await sent(office)
    await act(office, an_action(account_id="other"))
    await act(office, an_action(account_id="other", event_id="e-2", alert_id=None))

    async def seen(reader: Any) -> list[str]:
        return [view.event_id for view in await office.desk.actions(reader, "x:other")]

    assert [await seen(reader) for reader in (amina, bilal)] == [["e-1", "e-2"], ["e-2"]]
    with pytest.raises(Forbidden):
        await office.desk.statement(chloe, "x:other", "e-1", "en")


@pytest.mark.parametrize(
    ("action", "minutes", "status", "counted"),
    [
        ("suspended", -90, "open", 1),
        ("terminated", -90, "open", 1),
        ("suspended", -30, "open", 0),
        ("restricted", -90, "open", 0),
        ("suspended", -90, "withdrawn", 0),
    ],
)
@on_each_database
async def test_action_without_own_ban_is_counted(
    database: Database, action: str, minutes: float, status: str, counted: int
) -> None:
    office = an_office(database)
    await receive(office)
    if status == "withdrawn":
        await withdraw(office, "account-banned")
    await act(office, an_action(minutes, action=action))

    async def count() -> int:
        async with office.database.read() as connection:
            return await actions.without_ban(connection, now=office.clock())

    assert await count() == counted
    await act(office, an_action(minutes + 1, event_id="e-2", action="nothing"))
    assert await count() == 0, "it was lifted"


async def test_bad_field_is_counted_and_bad_record_is_dead(office: Office) -> None:
    topic = Names().actioned
    consumer = Consumer(office.database, Names(), office.desk.policy, office.clock)
    odd = encode(an_action()).replace(b'"own-initiative"', b'"dream"').replace(b'{"event', b'{"odd":1,"event')
    endless = encode(an_action(event_id="e-2")).replace(b'"territory":["DE","PK"]', b'"territory":["Moon"]')
    batch = [Arrival(topic, 0, at, b"k", value) for at, value in enumerate((odd, endless, odd))]
    assert [(it.offset, why.path) for it, why in consumer.dead(batch)] == [(1, "$.territory")]
    applied = await consumer.apply(batch)
    assert (applied.actions, applied.refused) == (1, ((topic, "bad-format"),))
    left_out = {(topic, "source", "bad-format"), (topic, "unknown", "unknown-field")}
    assert set(applied.unusable) == left_out
