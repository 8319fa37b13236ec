"""Kafka goes away under a desk that reads: it says so, and reads on when Kafka is back."""

from __future__ import annotations

from pathlib import Path

import pytest
from structlog.testing import capture_logs

from desk.database.engine import Database
from desk.database.filters import Filters
from local.binaries import NotAvailable
from local.broker import EmbeddedBroker
from schemas.wire import encode
from streams.kafka import topics
from streams.settings import load
from tests.desk.feed.feeding import feeding, publish, until
from tests.desk.makers import an_alert
from tests.desk.people import an_office


async def test_a_broker_that_goes_away_is_told_once_and_read_again_when_it_is_back(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.kafka.client.ANSWER_MS", 1_000)
    monkeypatch.setattr("streams.kafka.follower.LOOK_SECONDS", 0.2)
    office = an_office(database)
    amina = await office.hire("amina")
    try:
        broker = EmbeddedBroker(tmp_path / "broker").start()
    except NotAvailable as why:
        pytest.skip(str(why))
    with broker:
        settings = load({"SAMEHAND_KAFKA_BROKERS": broker.address})
        topics.check(settings, topics.wanted_by_desk(settings), create=True)
        with capture_logs() as told:
            async with feeding(office, settings) as state:
                await until(lambda: state.consuming == "")
                broker.stop()  # one that is killed loses what it saves once a second, configs of topics too
                await until(lambda: state.consuming)
                broker.start()
                await until(lambda: state.consuming == "")
                publish(settings, topics.names(settings).alerts, encode(an_alert()))

                async def it_came() -> bool:
                    return bool(await office.desk.queue(amina, Filters()))

                await until(it_came)
        assert [it["event"] for it in told].count("nothing is consumed now") == 1
