"""The outbox against the stand-in: each statement once, whatever the database answers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from desk.commission.client import CommissionClient, Rejected
from desk.commission.composing import puid_of
from desk.commission.outbox import (
    BACKOFF_SECONDS_MAX,
    FAILURES_MAX,
    LEASE_SECONDS,
    LOST_SECONDS,
    PUID_LOCK_SECONDS,
)
from desk.database import actions, schema
from desk.database.engine import Database
from desk.feed.upkeep import erase_old
from desk.review.actions import forget_account, take_action
from samehand.elapsed import DAY_SECONDS
from tests.desk.commission.makers import KEY, Owing, an_action
from tests.desk_databases import on_each_database
from tests.makers import NOON
from tests.servers.transparency_database import Reply, TransparencyDatabase
from tests.tables import for_each


@pytest.fixture
def commission() -> Iterator[TransparencyDatabase]:
    with TransparencyDatabase() as server:
        yield server


@pytest.fixture
def owing(database: Database, commission: TransparencyDatabase) -> Owing:
    return Owing(database, commission.url)


def taken(commission: TransparencyDatabase) -> list[str]:
    """The clauses of what was stored: one a statement, whatever its puid."""
    return sorted(one["incompatible_content_ground"] for one in commission.stored[""])


@on_each_database
async def test_statements_go_out_once_in_requests_of_a_hundred(
    database: Database, commission: TransparencyDatabase
) -> None:
    owing = Owing(database, commission.url)
    await owing.owe(*range(130))
    await owing.owe(230, source="order")
    await owing.owe(231, action="nothing")
    await owing.owe(232, alert_id=None)
    await owing.owe(233, platform="y")
    first = await owing.send()
    assert (first.tally.prepared, first.tally.sent, commission.requests) == (130, 130, [100, 30])
    again = await owing.send()
    assert (again.tally.sent, len(set(taken(commission)))) == (0, 130)
    rows = await owing.rows()
    assert {row.state for row in rows.values()} == {"sent"}
    assert rows["e-7"].uuid in {one["uuid"] for one in commission.stored[""]}


@on_each_database
async def test_unsendable_is_listed_until_it_can_be_sent(
    database: Database, commission: TransparencyDatabase
) -> None:
    owing = Owing(database, commission.url)
    await owing.owe(1, registered_at=None)
    await owing.owe(2, clause=None, ground=None)
    assert (await owing.send()).tally.unsendable == 2
    assert {event: row.reason for event, row in (await owing.rows("unsendable")).items()} == {
        "e-1": "registered",
        "e-2": "ground; clause",
    }
    async with database.begin() as connection:
        corrected = an_action(1, occurred_at=NOON + timedelta(hours=1))
        await take_action(connection, corrected, now=owing.clock())
    await owing.send()
    assert taken(commission) == ["Terms, 4.2, case 1"]
    assert list(await owing.rows("unsendable")) == ["e-2"]


async def test_other_destination_or_later_moment_is_a_matter_of_its_own(
    owing: Owing, commission: TransparencyDatabase
) -> None:
    await owing.owe(1)
    assert (await owing.send(since=(NOON + timedelta(hours=1)).timestamp())).tally.sent == 0
    await owing.send()
    sandbox = Owing(owing.database, f"{owing.url}/sandbox")
    assert (await sandbox.send()).tally.sent == 1
    assert {name: len(stored) for name, stored in commission.stored.items()} == {"": 1, "/sandbox": 1}


async def test_known_count_as_sent_and_faulty_leave_with_their_reason(
    owing: Owing, commission: TransparencyDatabase
) -> None:
    await owing.owe(*range(5))
    sent = await owing.send()
    async with owing.database.begin() as connection:  # as after a restored backup
        await connection.execute(schema.statements.delete())
    await owing.owe(*range(5, 9))
    fault = {"statement_2": {"category": ["The selected category is invalid.", "Call 0301 2345678."]}}
    commission.planned = [Reply(422, {"errors": fault})]
    after = await owing.send()
    assert (sent.tally.sent, after.tally.sent, after.tally.known, after.tally.refused) == (5, 8, 4, 1)
    [refused] = (await owing.rows("refused")).values()
    assert refused.reason == "category: The selected category is invalid. Call •••."
    assert (
        len(taken(commission))
        == len(set(taken(commission)))
        == 9 - 1 + (refused.event_id in {f"e-{n}" for n in range(5)})
    )
    commission.planned = []
    assert (await owing.send()).tally.sent == 0, "not before it is corrected"
    number = int(refused.event_id.removeprefix("e-"))
    async with owing.database.begin() as connection:
        later = an_action(number, occurred_at=NOON + timedelta(hours=1))
        await take_action(connection, later, now=owing.clock())
    assert (await owing.send()).tally.sent == 1


@for_each(
    "answer",
    [
        Reply(422, {"message": "The statements field is required.", "errors": {"statements": ["?"]}}),
        Reply(422, {"errors": {"existing_puids": ["another"]}}),
        Reply(422, {"errors": []}),
        Reply(413, "Request Entity Too Large"),
    ],
)
async def test_answer_that_names_none_splits_the_request(
    database: Database, commission: TransparencyDatabase, answer: Reply
) -> None:
    owing = Owing(database, commission.url)
    before, requests = len(taken(commission)), len(commission.requests)
    number = 10 * requests
    await owing.owe(number, number + 1, number + 2)
    commission.planned = [answer, answer]
    tally = (await owing.send()).tally
    assert (tally.sent, tally.refused, commission.requests[requests:]) == (2, 1, [1, 1])
    assert len(taken(commission)) == before + 2


@pytest.mark.parametrize(
    ("answer", "waits"),
    [
        (Reply(429, "Limit Reached.", {"Retry-After": "42"}), [42.0]),
        (Reply(429, "Limit Reached."), [1.0]),
        (Reply(503, "busy"), [LOST_SECONDS]),
        (Reply(422, "no JSON"), [LOST_SECONDS]),
        (Reply(0), [LOST_SECONDS]),
    ],
)
async def test_no_answer_or_too_many_requests_waits_and_tries_again(
    owing: Owing, commission: TransparencyDatabase, answer: Reply, waits: list[float]
) -> None:
    await owing.owe(1, 2)
    commission.planned = [answer]
    tally = (await owing.send()).tally
    assert (tally.sent, tally.gave_up, owing.waits) == (2, None, waits)
    assert len(taken(commission)) == 2
    assert tally.known == (2 if answer.status == 0 else 0), "an answer that was lost"


async def test_long_retry_after_ends_the_run_and_holds_for_the_next(
    owing: Owing, commission: TransparencyDatabase
) -> None:
    await owing.owe(1, 2)
    commission.planned = [Reply(429, "Limit Reached.", {"Retry-After": "3600"})]
    tally = (await owing.send()).tally
    assert (tally.sent, tally.waiting, owing.waits) == (0, 2, [])
    assert tally.gave_up == "answered 429: too many requests"
    assert (await owing.send()).tally.sent == 0, "an hour has not passed"


@on_each_database
async def test_answer_full_of_rubbish_is_kept_as_text_that_any_database_takes(
    database: Database, commission: TransparencyDatabase
) -> None:
    owing = Owing(database, commission.url)
    await owing.owe(1, 2)
    puid = puid_of(KEY, "x:new-1", "e-1")
    commission.planned = [
        Reply(422, {"errors": {"statement_1": {"category": ["no\0\u202e\x1b[2J"]}}}),
        Reply(201, {"statements": [{"puid": puid, "uuid": "\0<script>"}]}),
    ]
    tally = (await owing.send()).tally
    assert (tally.sent, tally.refused) == (1, 1)
    rows = await owing.rows()
    assert rows["e-1"].uuid is None
    assert rows["e-2"].reason == "category: no<U+0000><U+202E><U+001B>[2J"


async def test_file_without_certificates_ends_the_run_at_once(owing: Owing, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("no certificate")
    client = CommissionClient("https://127.0.0.1:9", "t", owing.clock, ca_file=tmp_path / "ca.pem")
    assert await client.send([{}]) == Rejected("is not asked: SAMEHAND_DSA_CA_FILE holds no certificates")
    await client.close()


async def test_outage_ends_the_run_and_the_next_one_goes_on(
    owing: Owing, commission: TransparencyDatabase
) -> None:
    await owing.owe(1)
    commission.planned = [Reply(500)] * FAILURES_MAX
    tally = (await owing.send()).tally
    assert tally.gave_up == "answered 500"
    assert len(owing.waits) == FAILURES_MAX - 1
    assert LOST_SECONDS <= min(owing.waits) <= max(owing.waits) <= BACKOFF_SECONDS_MAX
    assert (await owing.send()).tally.sent == 0, "not yet"
    owing.clock.pass_(BACKOFF_SECONDS_MAX)
    assert (await owing.send()).tally.sent == 1


async def test_statement_that_the_database_fails_on_holds_up_no_other(
    owing: Owing, commission: TransparencyDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = commission.reply

    def reply(path: str, authorization: str, content: bytes) -> Reply:
        return Reply(500) if b'case 1"' in content else answer(path, authorization, content)

    monkeypatch.setattr(commission, "reply", reply)
    await owing.owe(1, 2, 3)
    tally = (await owing.send()).tally
    assert (tally.sent, tally.waiting, tally.gave_up) == (2, 1, "answered 500")


@pytest.mark.parametrize(
    ("given", "path", "said"),
    [({"token": "1|old"}, "", "token"), ({}, "/api/v1/elsewhere", "SAMEHAND_DSA_URL")],
)
async def test_wrong_token_or_address_keeps_everything_waiting(
    owing: Owing, commission: TransparencyDatabase, given: dict[str, Any], path: str, said: str
) -> None:
    owing.url = f"{commission.url}{path}"
    if path:
        commission.planned = [Reply(404)]
    await owing.owe(1)
    sender = await owing.send(**given)
    assert said in (sender.tally.gave_up or "")
    assert list(await owing.rows("waiting")) == ["e-1"]
    assert (await owing.send()).tally.sent == 1


async def test_waiting_statement_before_since_goes_on_waiting(
    owing: Owing, commission: TransparencyDatabase
) -> None:
    await owing.owe(1)
    await owing.owe(2, actioned_at=NOON + timedelta(hours=2))
    await owing.sender().prepare()
    later = (NOON + timedelta(hours=1)).timestamp()
    foreseen = owing.sender(since=later)
    assert (await foreseen.foresee()).prepared == 1
    assert (await owing.send(since=later)).tally.sent == 1
    assert list(await owing.rows("waiting")) == ["e-1"]


async def test_clock_that_was_set_back_makes_nothing_wait_for_ever(
    owing: Owing, commission: TransparencyDatabase
) -> None:
    await owing.owe(1, 2)
    owing.clock.pass_(DAY_SECONDS)
    hasty = owing.sender()
    await hasty.prepare()
    [claimed] = await hasty._claim(1)
    owing.clock.pass_(-DAY_SECONDS)
    assert (await owing.send()).tally.sent == 2
    assert claimed.event_id in await owing.rows("sent")


async def test_wait_ends_though_the_clock_is_set_back(owing: Owing, commission: TransparencyDatabase) -> None:
    await owing.owe(1)
    commission.planned = [Reply(503)]
    sender = owing.sender()

    async def wait(seconds: float) -> None:
        assert seconds <= BACKOFF_SECONDS_MAX
        owing.clock.pass_(seconds - DAY_SECONDS)

    sender.wait = wait
    assert (await sender.run()).sent == 1
    await sender.client.close()


def test_nothing_is_sent_again_while_the_database_may_hold_its_lock() -> None:
    assert min(LEASE_SECONDS, LOST_SECONDS) > PUID_LOCK_SECONDS


@on_each_database
async def test_two_senders_at_once_send_nothing_twice(
    database: Database, commission: TransparencyDatabase
) -> None:
    owing = Owing(database, commission.url)
    await owing.owe(*range(130))
    tallies = [sender.tally for sender in await asyncio.gather(owing.send(), owing.send())]
    assert sum(tally.sent for tally in tallies) == 130
    assert [tally.known for tally in tallies] == [0, 0], "nor was any offered twice"
    assert len(set(taken(commission))) == len(taken(commission)) == 130


async def test_erased_account_leaves_nothing_to_send(owing: Owing, commission: TransparencyDatabase) -> None:
    await owing.owe(1)
    await owing.owe(2, alert_id="alert-1", account_id="unrelated")
    await owing.sender().prepare()
    async with owing.database.begin() as connection:
        for account in ("x:new-1", "x:unrelated"):
            await forget_account(connection, account, now=owing.clock(), reason="account-deleted")
        assert await actions.with_keys(connection, [("x:unrelated", "e-2")]) == {}
    await owing.send()
    assert commission.stored[""] == []
    assert {event: row.reason for event, row in (await owing.rows()).items()} == {"e-1": "erased"}


async def test_clause_is_not_stated_once_the_quotes_to_check_it_with_are_erased(
    owing: Owing, commission: TransparencyDatabase
) -> None:
    await owing.owe(1, clause="4.2: umar_media came back")
    owing.clock.pass_(DAY_SECONDS)
    async with owing.database.begin() as connection:
        await connection.execute(schema.actions.update().values(arrived_at=owing.clock()))
        await erase_old(connection, keep_seconds=DAY_SECONDS / 2, now=owing.clock())
    await owing.send()
    assert commission.stored[""] == []
    assert {event: row.reason for event, row in (await owing.rows()).items()} == {"e-1": "erased"}


async def test_logs_and_audit_of_a_run_hold_counts_alone(
    owing: Owing, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.INFO)
    await owing.owe(*range(3))
    await owing.send()
    async with owing.database.read() as connection:
        lines = (await connection.execute(select(schema.audit.c.subject, schema.audit.c.detail))).all()
    assert [tuple(line) for line in lines] == [(owing.url, '{"platform":"x","sent":3}')]
    printed = capfd.readouterr()
    for word in ("umar", "new-1", "alert-1"):
        assert word not in caplog.text + printed.out + printed.err
