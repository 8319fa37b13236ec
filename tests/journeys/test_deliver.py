"""From the topic of alerts to webhooks; what a kill, an outage and a refusal cost: nothing is lost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from deliver.process import BATCH_RECORDS
from local.apache import ApacheKafka
from schemas.examples import ALERT, WITHDRAWN
from tests.deliver.receiver import SECRET, Answer, Receiver, receiving
from tests.journeys.delivering import Delivering, alerts, got, judge

pytestmark = pytest.mark.journey

AWAY_SECONDS = 5.0


@pytest.fixture
def desk() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def chat() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def delivering(broker: str, tmp_path: Path, desk: Receiver, chat: Receiver) -> Iterator[Delivering]:
    made = Delivering(tmp_path, broker, {"desk": desk, "chat": chat}, chat='bands = ["likely"]')
    yield made
    made.close()


def test_alerts_and_withdrawals_arrive_signed_where_they_are_wanted(
    delivering: Delivering, desk: Receiver, chat: Receiver
) -> None:
    possible = replace(ALERT, account_id="2", alert_id="2", band="possible")
    delivering.send([ALERT, possible, WITHDRAWN])
    process = delivering.start()
    delivering.until(lambda: len(desk.requests) == 3 and len(chat.requests) == 2, "all of it")
    assert {it.json["type"] for it in chat.requests} == {"alert.opened", "alert.withdrawn"}
    for request in [*desk.requests, *chat.requests]:
        assert SECRET.fault(request.headers, request.body, now=time.time()) == ""
    delivering.until(lambda: delivering.page("/health/ready")[0] == 200, "the process to be ready")
    assert delivering.page("/health/live")[0] == 200
    counted = {  # after the answer, which comes after what the endpoint has got
        'samehand_webhooks_total{endpoint="desk",outcome="delivered"}': 3.0,
        'samehand_webhooks_total{endpoint="chat",outcome="passed"}': 1.0,
        f'samehand_endpoint_age_seconds_count{{endpoint="desk",topic="{delivering.topics.alerts}"}}': 3.0,
        f'samehand_endpoint_lag_seconds{{endpoint="chat",topic="{delivering.topics.alerts}"}}': 0.0,
    }
    delivering.until(
        lambda: {series: delivering.metric(series) for series in counted} == counted, "all to be counted"
    )
    process.stop(60.0)
    delivering.send([replace(ALERT, account_id="3", alert_id="3")])
    delivering.start()
    delivering.until(lambda: len(desk.requests) == 4 and len(chat.requests) == 3, "what came meanwhile")
    assert delivering.letters() == []


def test_an_endpoint_that_is_away_holds_itself_alone(
    delivering: Delivering, desk: Receiver, chat: Receiver
) -> None:
    sent = alerts(20, 3)
    chat.answer = lambda request: Answer(503, {"Retry-After": "1"})
    delivering.send(sent)
    delivering.start()
    delivering.until(lambda: len(desk.requests) == len(sent), "the other endpoint to have all")
    away = 'samehand_endpoint_away_seconds{endpoint="chat"}'
    delivering.until(lambda: (delivering.metric(away) or 0) > 0, "the outage to be told")
    assert delivering.page("/health/ready")[0] == 200
    chat.requests.clear()
    chat.answer = lambda request: Answer()
    delivering.until(lambda: len(set(got(chat))) == len(sent), "all that waited")
    judge(desk, sent, repeats_max=0)
    judge(chat, sent, repeats_max=0)
    delivering.until(lambda: delivering.metric(away) == 0.0, "its end to be told")
    assert delivering.letters() == []


def test_what_is_refused_can_be_sent_again_to_that_endpoint_alone(
    delivering: Delivering, desk: Receiver, chat: Receiver
) -> None:
    chat.answer = lambda request: Answer(401)
    delivering.send(alerts(2))
    delivering.start()
    delivering.until(lambda: len(delivering.letters()) == 2, "the letters")
    assert delivering.letters() == [("chat", "endpoint-refused")] * 2
    chat.answer = lambda request: Answer()
    chat.requests.clear()
    ran = delivering.samehand("letters", "replay", "--reason", "endpoint-refused")
    assert ran.code == 0, ran.err
    delivering.until(lambda: len(chat.requests) == 2, "what was refused")
    delivering.send([ALERT])
    delivering.until(lambda: len(desk.requests) == 3 and len(chat.requests) == 3, "what comes after it")
    assert delivering.letters() == []


def test_one_that_is_gone_is_switched_off_and_told_of(
    delivering: Delivering, desk: Receiver, chat: Receiver
) -> None:
    chat.answer = lambda request: Answer(410)
    delivering.send(alerts(40))
    process = delivering.start()
    off = 'samehand_endpoint_off{endpoint="chat"}'
    delivering.until(lambda: delivering.metric(off) == 1.0 and len(desk.requests) == 40, "it to be off")
    asked = len(chat.requests)
    delivering.send(alerts(40, 2)[40:])
    delivering.until(lambda: len(desk.requests) == 80, "the other endpoint to have more")
    assert len(chat.requests) == asked
    process.stop(60.0)
    chat.answer = lambda request: Answer()
    chat.requests.clear()
    delivering.start()
    delivering.until(lambda: len(set(got(chat))) == 80, "all that waited, once it was mended")
    judge(chat, alerts(40, 2), repeats_max=0)


def test_a_stop_in_the_middle_repeats_nothing(delivering: Delivering, desk: Receiver, chat: Receiver) -> None:
    sent = alerts(60, 3)
    desk.answer = lambda request: Answer(wait_seconds=0.05)
    delivering.send(sent)
    process = delivering.start()
    delivering.until(lambda: len(desk.requests) > 40, "a part of it")
    process.stop(60.0)
    assert len(set(got(desk))) < len(sent)
    delivering.start()
    delivering.until(lambda: len(set(got(desk))) == len(set(got(chat))) == len(sent), "all of it")
    judge(desk, sent, repeats_max=0)
    judge(chat, sent, repeats_max=0)
    assert delivering.letters() == []


@pytest.mark.kafka
def test_kill_9_and_a_broker_that_is_away_lose_nothing(
    kafka_libs: Path, tmp_path: Path, desk: Receiver, chat: Receiver
) -> None:
    with ApacheKafka(home=kafka_libs) as kafka:
        delivering = Delivering(tmp_path, kafka.address, {"desk": desk, "chat": chat})
        try:
            sent = alerts(100, 3)
            desk.answer = lambda request: Answer(wait_seconds=0.02)
            delivering.send(sent)
            first = delivering.start()
            delivering.until(lambda: len(desk.requests) > 40, "a part of it")
            first.kill()
            delivering.start()
            delivering.until(lambda: len(desk.requests) > 150, "more of it")
            kafka.nodes[0].kill()
            time.sleep(AWAY_SECONDS)
            kafka.start()
            delivering.until(lambda: len(set(got(desk))) == len(set(got(chat))) == len(sent), "all of it")
            judge(desk, sent, repeats_max=6 * BATCH_RECORDS)
            judge(chat, sent, repeats_max=len(sent))
            assert delivering.letters() == []
        finally:
            delivering.close()
