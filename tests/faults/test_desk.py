"""A desk is killed at any moment, and its database or its broker goes away, while people decide."""

from __future__ import annotations

import asyncio
import random
import re
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from desk.access import sessions
from desk.access.sign_in import add_user
from desk.database import schema
from desk.database.engine import opened
from local.apache import ApacheKafka
from local.ports import take_port
from local.postgres import EmbeddedPostgres
from local.processes import Child
from local.waiting import wait_until
from schemas.malformed import Malformed
from schemas.wire import decode_verdict, encode
from streams.kafka import topics
from streams.kafka.client import reader, writer
from streams.settings import Settings, load
from tests.desk.makers import an_alert
from tests.faults.table import Row, Table

pytestmark = pytest.mark.kafka

ALERTS = 120
KILLS = 3
WAVE = 20
AWAY_SECONDS = 3.0
WAIT_SECONDS = 240.0  # a desk starts within seconds, on a busy machine within some more
REPEATS_MAX = 100  # what one batch of the outbox holds, a kill


@dataclass
class Office:
    """A desk's process over a database, with somebody at it who decides whatever comes first."""

    folder: Path
    broker: str
    database_url: str
    prefix: str
    environment: dict[str, str] = field(init=False)
    url: str = field(init=False)
    child: Child = field(init=False)
    acknowledged: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._ports = take_port(), take_port()
        pages, web = (port.number for port in self._ports)
        self.url = f"http://127.0.0.1:{pages}"
        self.environment = {
            "SAMEHAND_DATABASE_URL": self.database_url,
            "SAMEHAND_KAFKA_BROKERS": self.broker,
            "SAMEHAND_TOPIC_PREFIX": self.prefix,
            "SAMEHAND_TOPIC_PARTITIONS": "2",
            "SAMEHAND_DESK_PORT": str(pages),
            "SAMEHAND_WEB_PORT": str(web),
            "SAMEHAND_DESK_UNDO_SECONDS": "0",
            "SAMEHAND_DESK_BLIND_SHARE": "0",
            "SAMEHAND_DESK_SECOND_SHARE": "0",
        }
        self.child = Child(
            [sys.executable, "-m", "tests.faults.odd_desk", "desk"],
            self.folder / "desk.log",
            self.environment,
        )

    @property
    def settings(self) -> Settings:
        """As the desk has them."""
        return load(self.environment)

    def prepare(self, upfront: int = ALERTS) -> None:
        """Topics with so many alerts on one, and somebody who has signed in."""
        topics.check(self.settings, create=True)
        topics.check(self.settings, topics.wanted_by_desk(self.settings), create=True)
        self.publish(0, upfront)
        self.token = asyncio.run(self._hired())

    def publish(self, first: int, end: int) -> None:
        """Alerts, by their numbers."""
        with writer(self.settings) as out:
            sent = [
                out.send(
                    topics.names(self.settings).alerts,
                    key=f"alert-{number}".encode(),
                    value=encode(an_alert(alert_id=f"alert-{number}", account_id=f"new-{number}")),
                    headers=[],
                )
                for number in range(first, end)
            ]
            for confirmation in sent:
                confirmation.get(timeout=30)

    async def _hired(self) -> str:
        async with opened(self.database_url) as database, database.begin() as connection:
            now = time.time()
            user_id = await add_user(connection, "amina", "lead", password=None, now=now)
            return await sessions.begin(connection, user_id, now=now, how="link")

    def decide_all(self, disturb: Callable[[int], None]) -> None:
        """Decides until nothing more comes; ``disturb`` is told before each decision how many were made."""
        client = httpx.Client(base_url=self.url, cookies={"samehand": self.token}, timeout=30)
        deadline, last = time.monotonic() + 2 * WAIT_SECONDS, -1
        while time.monotonic() < deadline:
            try:
                if len(self.acknowledged) > last:
                    last = len(self.acknowledged)
                    disturb(last)
                if "X-CSRF-Token" not in client.headers:
                    page = client.get("/queue").raise_for_status().text
                    [client.headers["X-CSRF-Token"]] = re.findall(r'name="csrf" content="([^"]+)"', page)
                page = client.get("/next", follow_redirects=True).raise_for_status().text
                waiting = re.search(r'action="(/reads/\d+/decide)"', page)
                if waiting is None:
                    if len(asyncio.run(self.rows())[1]) == ALERTS:
                        return
                    continue
                body = {"chosen": "mirror/several-traits", "policy": "hate"}
                answer = client.post(waiting[1], data=body)
                if answer.status_code == 303:
                    self.acknowledged.append(answer.headers["Location"].partition("undo=")[2])
            except httpx.HTTPError:
                time.sleep(0.05)  # it is away: whoever sits there presses the key again
        raise AssertionError(f"{len(self.acknowledged)} of {ALERTS} were decided in time")

    async def _received(self) -> int:
        return len((await self.rows())[0])

    async def rows(self) -> tuple[list[Any], list[Any], list[Any]]:
        """What the database has: alerts, verdicts, and what is laid out to be sent."""
        async with opened(self.database_url, alone=False) as database, database.read() as connection:
            found = [
                (await connection.execute(table.select())).all()
                for table in (schema.alerts, schema.verdicts, schema.outbox)
            ]
        return list(found[0]), list(found[1]), list(found[2])

    def published(self) -> list[Any]:
        """Verdicts on the topic, in their order."""
        topic = topics.names(self.settings).verdicts
        found = []
        with reader(self.settings) as opened_:
            for number in opened_.partitions(topic):
                for record in opened_.read(topic, number):
                    decoded = decode_verdict(record.value, now=time.time())
                    assert not isinstance(decoded, Malformed)
                    found.append(decoded.record)
        return found

    def until_sent(self) -> float:
        """Waits for the outbox to be empty; seconds."""
        began = time.monotonic()

        def empty() -> bool:
            return all(row.sent_at is not None for row in asyncio.run(self.rows())[2])

        assert wait_until(empty, WAIT_SECONDS)
        return time.monotonic() - began

    def judge(self, fault: str, table: Table, recovered: float, repeats_max: int) -> None:
        """Every alert is there once and decided once, and every decision is on the topic as it was made."""
        alerts, verdicts, _ = asyncio.run(self.rows())
        sent = self.published()
        made = {row.verdict_id: row for row in verdicts}
        told = Counter(one.verdict_id for one in sent)
        forgotten = {*self.acknowledged} - {row.batch for row in verdicts}
        lost = (ALERTS - len(alerts)) + len(made.keys() - told.keys()) + len(forgotten)
        differing = [
            one
            for one in sent
            if (row := made.get(one.verdict_id)) is None
            or (row.alert_id, row.verdict, row.reviewer) != (one.alert_id, one.verdict, one.reviewer)
        ]
        repeated = sum(told.values()) - len(told)
        table.add(Row(fault, lost, len(differing), repeated, None, recovered))
        assert lost == 0
        assert differing == []
        assert sorted(Counter(row.alert_id for row in verdicts).values()) == [1] * ALERTS
        assert repeated <= repeats_max

    def close(self) -> None:
        """Ends the process."""
        self.child.stop(60.0)
        for port in self._ports:
            port.release()


@pytest.fixture
def prefix(request: pytest.FixtureRequest) -> str:
    return f"desk{random.getrandbits(32):08x}."


@pytest.fixture
def office(apache_kafka: ApacheKafka, tmp_path: Path, prefix: str) -> Iterator[Office]:
    """On SQLite."""
    made = Office(tmp_path, apache_kafka.address, f"sqlite:///{tmp_path / 'desk.db'}", prefix)
    made.prepare(upfront=WAVE)
    yield made
    made.close()


def test_a_desk_is_killed_while_alerts_come_and_verdicts_leave(office: Office, fault_table: Table) -> None:
    """Between records and their commit, between a verdict and its outbox: each is one transaction."""
    at = {number * ALERTS // KILLS + 1 for number in range(KILLS)}
    published = WAVE
    office.child.start()

    def kill(decided: int) -> None:
        nonlocal published
        if published < ALERTS and decided > published - WAVE:  # alerts come for as long as people decide
            office.publish(published, published + WAVE)
            published += WAVE
        if decided in at:
            at.discard(decided)
            threading.Timer(random.random() / 5, kill_and_start).start()

    ended: list[int] = []

    def kill_and_start() -> None:
        office.child.kill()
        ended.append(len(office.acknowledged))
        office.child.start()

    office.decide_all(kill)
    assert len(ended) == KILLS
    recovered = office.until_sent()
    office.judge(f"kill -9 of a desk, {KILLS} times", fault_table, recovered, KILLS * REPEATS_MAX)


@pytest.mark.thorough
def test_a_desks_database_is_killed_and_comes_back(
    apache_kafka: ApacheKafka, own_postgres: EmbeddedPostgres, tmp_path: Path, prefix: str, fault_table: Table
) -> None:
    office = Office(tmp_path, apache_kafka.address, own_postgres.make("desk"), prefix)
    office.prepare()
    pid = None

    def away(decided: int) -> None:
        if decided == ALERTS // 3:
            own_postgres.kill()
            answer = httpx.get(f"{office.url}/queue", cookies={"samehand": office.token}, timeout=30)
            assert answer.status_code == 503
            assert "nothing was changed" in answer.text
            time.sleep(AWAY_SECONDS)
            own_postgres.start()

    try:
        office.child.start()
        pid = office.child.pid
        office.decide_all(away)
        recovered = office.until_sent()
        assert office.child.pid == pid, "an outage of the database ends no desk"
        office.judge(
            f"a desk's PostgreSQL is killed, back after {AWAY_SECONDS:.0f} s",
            fault_table,
            recovered,
            REPEATS_MAX,
        )
    finally:
        office.close()


@pytest.mark.thorough
def test_a_desks_broker_is_killed_and_comes_back(
    kafka_libs: Path, tmp_path: Path, prefix: str, fault_table: Table
) -> None:
    """People go on deciding meanwhile: what they said waits in the outbox."""
    with ApacheKafka(home=kafka_libs) as kafka:
        office = Office(tmp_path, kafka.address, f"sqlite:///{tmp_path / 'desk.db'}", prefix)
        office.prepare()
        brought_back: list[threading.Timer] = []

        def away(decided: int) -> None:
            if decided == ALERTS // 3 and asyncio.run(office._received()) == ALERTS:
                kafka.nodes[0].kill()
                brought_back.append(threading.Timer(AWAY_SECONDS, kafka.start))
                brought_back[0].start()

        try:
            office.child.start()
            assert wait_until(lambda: asyncio.run(office._received()) == ALERTS, WAIT_SECONDS)
            office.decide_all(away)
            brought_back[0].join()
            recovered = office.until_sent()
            office.judge(
                f"a desk's broker is killed, back after {AWAY_SECONDS:.0f} s",
                fault_table,
                recovered,
                REPEATS_MAX,
            )
        finally:
            office.close()
