"""What an endpoint gets of a batch, in which order, and what becomes of what it does not take."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from msgspec.structs import replace
from prometheus_client import CollectorRegistry

from deliver.agent import AWAY_SECONDS_MIN, GIVEN_UP_SECONDS, LEAVING_SECONDS, EndpointAgent
from deliver.endpoints import Endpoint, Filter, Shape
from deliver.http import CONNECTIONS_MAX, Answer, Away, Delivered, Gone, Refused
from deliver.metrics import WebhookMetrics
from deliver.shapes import Sendable
from schemas.alerts import MirrorAlert
from schemas.appeals import AppealDecided
from schemas.examples import ALERT, SUMMARY, WAVE
from schemas.record import Record
from schemas.wire import decode_wave, encode
from streams.deadletters.admin import ENDPOINT_HEADER
from streams.errors import Transient
from streams.outcomes import NOTHING, Arrival, Dead, Headers, Published
from tests.streams.fakes import FakeClock

HAS_IT = Published(())


def sent_as(record: Sendable) -> tuple[str, int]:
    """Account and revision of an alert, "summary" for a count of several; an appeal by its id."""
    if isinstance(record, AppealDecided):
        return record.appeal_id, 0
    return record.account_id if isinstance(record, MirrorAlert) else "summary", record.revision


class Scripted:
    """A client whose answers are decided by the test."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, int]] = []
        self.answer: Callable[[Sendable], Answer] = lambda alert: Delivered()
        self.open = 0
        self.most_open = 0

    async def send(self, alert: Sendable) -> Answer:
        self.sent.append(sent_as(alert))
        self.open += 1
        self.most_open = max(self.open, self.most_open)
        await asyncio.sleep(0)
        self.open -= 1
        return self.answer(alert)


class Scene:
    def __init__(self, wanted: Filter | None = None, shape: Shape = "generic", **topic: Any) -> None:
        self.clock, self.client, self.registry = FakeClock(), Scripted(), CollectorRegistry()
        self.is_leaving = False
        self.agent = EndpointAgent(
            Endpoint("desk", "", shape, filter=wanted or Filter()),
            self.client,
            WebhookMetrics.of(self.registry, ["desk"]),
            now=self.clock.now,
            ticks=self.clock.ticks,
            leaving=lambda: self.is_leaving,
            **topic,
        )
        self._offsets: Iterator[int] = iter(range(10_000))

    def arrival(self, record: Record = ALERT, *, age_seconds: float = 0.0, headers: Headers = ()) -> Arrival:
        key = record.key.encode() if isinstance(record, MirrorAlert) else b"k"
        at = self.clock.now() - age_seconds
        return Arrival("alerts", 0, next(self._offsets), key, encode(record), headers, at)

    def counted(self, outcome: str) -> float | None:
        return self.registry.get_sample_value(
            "samehand_webhooks_total", {"endpoint": "desk", "outcome": outcome}
        )

    def gauge(self, name: str) -> float | None:
        return self.registry.get_sample_value(name, {"endpoint": "desk"})


def alert(account: str, revision: int = 1) -> MirrorAlert:
    return replace(ALERT, account_id=account, revision=revision)


async def test_the_alerts_of_an_account_are_sent_in_order_and_accounts_beside_each_other() -> None:
    scene = Scene()
    batch = [scene.arrival(alert(str(n % 20), n // 20 + 1)) for n in range(60)]
    assert await scene.agent(batch) == [HAS_IT] * 60
    for account in range(20):
        assert [it for it in scene.client.sent if it[0] == str(account)] == [
            (str(account), n) for n in (1, 2, 3)
        ]
    assert 1 < scene.client.most_open <= CONNECTIONS_MAX


async def test_an_endpoint_gets_the_alerts_that_it_wants_and_summaries_by_their_ban() -> None:
    """A summary counts accounts of several bands and platforms: neither is asked of it."""
    scene = Scene(
        Filter(bands=frozenset({"likely"}), platforms=frozenset({"x"}), queues=frozenset({"extremism"}))
    )
    summary = replace(SUMMARY, queue="extremism")
    records = (ALERT, replace(ALERT, band="possible"), summary, replace(summary, queue="spam"))
    assert await scene.agent([scene.arrival(it) for it in records]) == [HAS_IT, NOTHING, HAS_IT, NOTHING]
    assert {account for account, _ in scene.client.sent} == {ALERT.account_id, "summary"}
    assert (scene.counted("delivered"), scene.counted("passed")) == (2, 2)


async def test_coop_gets_no_summary_since_its_items_are_accounts() -> None:
    scene = Scene(shape="coop")
    assert await scene.agent([scene.arrival(SUMMARY)]) == [NOTHING]


async def test_waves_are_sent_and_none_that_is_refused_is_written_to_their_topic_again() -> None:
    scene = Scene(decode=decode_wave, compacted=True)
    assert await scene.agent([scene.arrival(WAVE), Arrival("waves", 0, 1, b"k", None)]) == [HAS_IT, NOTHING]
    scene.client.answer = lambda alert: Refused(422)
    assert await scene.agent([scene.arrival(WAVE)]) == [NOTHING]
    assert (scene.counted("delivered"), scene.counted("refused")) == (1, 1)


async def test_a_record_that_is_no_alert_is_a_dead_letter_of_this_endpoint() -> None:
    scene = Scene()
    [outcome] = await scene.agent([Arrival("alerts", 0, 0, b"k", b"{")])
    assert isinstance(outcome, Dead)
    assert (outcome.reason, outcome.endpoint) == ("not-json", "desk")
    assert scene.client.sent == []


async def test_what_is_refused_is_a_dead_letter_at_once_and_holds_nobody() -> None:
    scene = Scene()
    scene.client.answer = lambda alert: Refused(422) if sent_as(alert)[0] == "1" else Delivered()
    outcomes = await scene.agent([scene.arrival(alert("1")), scene.arrival(alert("1", 2)), scene.arrival()])
    letter = Dead("endpoint-refused", detail="answered 422", endpoint="desk")
    assert outcomes == [letter, letter, HAS_IT]


async def test_an_outage_sends_nothing_twice_that_was_delivered_and_keeps_the_order() -> None:
    scene = Scene()
    batch = [scene.arrival(alert(str(n % 3), n // 3 + 1)) for n in range(9)]
    scene.client.answer = lambda alert: Away("answered 503", 7.0) if sent_as(alert)[0] == "1" else Delivered()
    with pytest.raises(Transient, match="answered 503") as outage:
        await scene.agent(batch)
    assert outage.value.after_seconds == 7.0
    assert ("1", 2) not in scene.client.sent, "nothing of an account overtakes"
    delivered = [it for it in scene.client.sent if it[0] != "1"]
    scene.client.sent.clear()
    scene.client.answer = lambda alert: Delivered()
    assert await scene.agent(batch) == [HAS_IT] * 9
    assert set(scene.client.sent).isdisjoint(delivered)
    assert [it for it in scene.client.sent if it[0] == "1"] == [("1", 1), ("1", 2), ("1", 3)]


async def test_an_endpoint_that_is_away_is_not_asked_for_each_account_of_a_batch() -> None:
    scene = Scene()
    scene.client.answer = lambda alert: Away("answered 503")
    with pytest.raises(Transient):
        await scene.agent([scene.arrival(alert(str(n))) for n in range(60)])
    assert len(scene.client.sent) <= CONNECTIONS_MAX


async def test_after_a_day_what_could_not_be_delivered_makes_room() -> None:
    scene = Scene()
    scene.client.answer = lambda alert: Away("TimeoutError")
    old = [scene.arrival(alert("1"), age_seconds=GIVEN_UP_SECONDS + 1)]
    with pytest.raises(Transient):
        await scene.agent(old)
    await scene.clock.sleep(AWAY_SECONDS_MIN - 1)
    with pytest.raises(Transient):
        await scene.agent(old)
    assert scene.gauge("samehand_endpoint_away_seconds") == AWAY_SECONDS_MIN - 1
    await scene.clock.sleep(2)
    assert await scene.agent(old) == [
        Dead("endpoint-away", detail="not delivered within a day", endpoint="desk")
    ]
    with pytest.raises(Transient):
        await scene.agent([scene.arrival(alert("2"), age_seconds=60.0)])


async def test_one_answer_ends_an_outage() -> None:
    scene = Scene()
    scene.client.answer = lambda alert: Away("TimeoutError")
    old = [scene.arrival(alert("1"), age_seconds=GIVEN_UP_SECONDS + 1)]
    with pytest.raises(Transient):
        await scene.agent(old)
    await scene.clock.sleep(AWAY_SECONDS_MIN * 2)
    scene.client.answer = lambda alert: Delivered()
    await scene.agent([scene.arrival(alert("3"))])
    assert scene.gauge("samehand_endpoint_away_seconds") == 0.0
    scene.client.answer = lambda alert: Away("TimeoutError")
    with pytest.raises(Transient):
        await scene.agent(old)


async def test_an_endpoint_that_is_gone_gets_nothing_more_and_loses_nothing() -> None:
    scene = Scene()
    scene.client.answer = lambda alert: Gone()
    old = [scene.arrival(age_seconds=10 * GIVEN_UP_SECONDS)]
    for _ in range(3):
        with pytest.raises(Transient, match="410"):
            await scene.agent(old)
        await scene.clock.sleep(AWAY_SECONDS_MIN)
    assert len(scene.client.sent) == 1
    assert (scene.gauge("samehand_endpoint_off"), scene.counted("gone")) == (1.0, 1.0)


async def test_who_leaves_finishes_what_is_in_hand_and_begins_nothing_after_a_while() -> None:
    scene = Scene()
    scene.is_leaving = True
    assert await scene.agent([scene.arrival(alert("1"))]) == [HAS_IT]
    await scene.clock.sleep(LEAVING_SECONDS + 1)
    with pytest.raises(Transient, match="stopping"):
        await scene.agent([scene.arrival(alert("2"))])
    assert scene.client.sent == [("1", 1)]
    scene.is_leaving = False
    assert await scene.agent([scene.arrival(alert("3"))]) == [HAS_IT], "a rebalance is over"


async def test_what_is_sent_again_for_one_endpoint_passes_the_others() -> None:
    scene = Scene()
    for_us = scene.arrival(alert("1"), headers=((ENDPOINT_HEADER, b"desk"),))
    for_others = scene.arrival(alert("2"), headers=((ENDPOINT_HEADER, b"chat"),))
    assert await scene.agent([for_us, for_others]) == [HAS_IT, NOTHING]
    assert scene.client.sent == [("1", 1)]


async def test_batches_that_went_elsewhere_are_forgotten() -> None:
    scene = Scene()
    scene.client.answer = lambda alert: Away("answered 503") if sent_as(alert)[0] == "x" else Delivered()
    for _ in range(120):
        batch = [scene.arrival(alert(str(n))) for n in range(10)]
        with pytest.raises(Transient):
            await scene.agent([*batch, scene.arrival(alert("x"))])
    assert len(scene.agent._settled) <= 1_011
