"""Statements on simulated decisions: the rules take all of them, and no personal value is in any."""

from __future__ import annotations

import asyncio
import logging

import pytest
from msgspec import json
from sqlalchemy import select

from bench.statements import (
    FACTS,
    STATEMENTS,
    SimulatedPair,
    an_action,
    measured,
    personal,
    simulated_pairs,
    table,
)
from desk.database import actions, alerts, schema
from desk.database.engine import Database
from desk.review.actions import row_of
from desk.review.facts import facts_of
from schemas.wire import encode
from tests.desk.owing import SECURITY, Owing
from tests.servers.transparency_database import TransparencyDatabase


@pytest.fixture(scope="module")
def pairs() -> list[SimulatedPair]:
    return simulated_pairs()


def test_rules_take_a_thousand_and_ten_thousand_facts_hold_no_personal_value(
    pairs: list[SimulatedPair],
) -> None:
    stated = measured(STATEMENTS, FACTS, pairs)
    assert (stated.taken, stated.personal) == (STATEMENTS, 0)
    assert "| 1,000 | 1,000 | 10,000 | 0 |" in table(stated)


def test_personal_value_is_found_as_a_word_of_its_own() -> None:
    assert personal(["Umar Media wrote to 0301.", "x@y.org"], {"umar media", "0301", "x@y.org", "edia"}) == 3


async def test_what_is_sent_logged_noted_and_kept_holds_no_personal_value(
    database: Database,
    pairs: list[SimulatedPair],
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    caplog.set_level(logging.INFO)
    with TransparencyDatabase() as commission:
        owing = Owing(database, commission.url)
        async with database.begin() as connection:
            for number, pair in enumerate(pairs):
                action = an_action(pair, number)
                await alerts.put(connection, facts_of(pair.alert, now=0.0), encode(pair.alert))
                await actions.put(connection, row_of(action, encode(action), now=0.0), over=True)
        policies = {pair.alert.matched.policy or "": SECURITY for pair in pairs}
        platforms = {pair.alert.platform for pair in pairs}
        for platform in platforms:
            await owing.send(platform=platform, categories=policies)
    async with database.read() as connection:
        lines = (await connection.execute(select(schema.audit))).all()
        reasons = (await connection.execute(select(schema.statements.c.reason))).scalars().all()
    sent = commission.stored[""]
    assert len(sent) == sum(row is None for row in reasons) > 0
    printed = await asyncio.to_thread(capfd.readouterr)
    texts = [json.encode(sent).decode(), caplog.text, printed.out, printed.err, str(lines), str(reasons)]
    assert personal(texts, {value for pair in pairs for value in pair.values}) == 0
