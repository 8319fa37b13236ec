"""Two events followed from their producer's header through a real worker to the alerts they lead to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from schemas.alert_headers import ALERT_HEADERS
from schemas.record import Record
from schemas.wire import encode
from streams.kafka.client import reader, writer
from tests.journeys.collector import Collector, Span
from tests.journeys.conftest import Platform
from tests.makers import a_ban, a_sign_up

pytestmark = pytest.mark.journey

DEVICE = "6f1c2e9a-33b7-4a51-9c6e-0f6b8f0d1a2b"
PERSONAL: dict[str, Any] = {
    "device_id": DEVICE,
    "email": "um4r.q@valley.example",
    "phone": "+923012345678",
    "ip": "39.40.12.7",
}
MIRROR = a_sign_up("99", handle="um4r_media_2", **PERSONAL)
BAN, SIGN_UP, PREPARED = (f"{number:032x}" for number in (0xBA0, 0x516, 0x9EE))
PRODUCER = "00f067aa0ba902b7"


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    with Collector() as opened:
        yield opened


@pytest.fixture(scope="module")
def platform(
    tmp_path_factory: pytest.TempPathFactory,
    broker: str,
    redis_url: str,
    redis_user: dict[str, str],
    collector: Collector,
) -> Iterator[Platform]:
    """A worker that follows what its producers follow, and nothing of its own accord."""
    extra = {"SAMEHAND_TRACES_URL": collector.url, "SAMEHAND_TRACES_SHARE": "0.0"}
    opened = Platform(
        tmp_path_factory.mktemp("traces"), broker, redis_url, redis_user=redis_user, extra=extra
    )
    try:
        opened.open()
        tell(opened, opened.topics.created, a_sign_up("98", handle="umar_media_0", **PERSONAL), PREPARED)
        opened.until(lambda: outcomes(opened, opened.topics.created) == 1, "the first sign-up's outcome")
        tell(opened, opened.topics.banned, a_ban("77", handle="umar_media", **PERSONAL), BAN)
        opened.until(lambda: opened.alerts_on("98"), "the alert that looks back")
        tell(opened, opened.topics.created, MIRROR, SIGN_UP)
        opened.until(lambda: opened.alerts_on("99"), "the alert")
        opened.until(lambda: len(trace(collector, SIGN_UP, "confirm")) == 1, "its spans")
        yield opened
    finally:
        opened.close()


def outcomes(platform: Platform, topic: str) -> float:
    rows = platform.page("/metrics").splitlines()
    return sum(
        float(row.rpartition(" ")[2])
        for row in rows
        if row.startswith("samehand_events_total{") and f'topic="{topic}"' in row
    )


def tell(platform: Platform, topic: str, record: Record, trace_id: str) -> None:
    """Publishes a record of a producer that follows it."""
    headers = [("traceparent", f"00-{trace_id}-{PRODUCER}-01".encode()), ("baggage", b"user=um4r")]
    with writer(platform.settings) as out:
        key = str(getattr(record, "key", "")).encode()
        out.send(topic, value=encode(record), key=key, headers=headers).get(60.0)


def trace(collector: Collector, trace_id: str, name: str = "") -> list[Span]:
    return [it for it in collector.spans() if it.trace_id == trace_id and name in ("", it.name)]


def headers_of_alerts(platform: Platform) -> list[dict[str, bytes]]:
    with reader(platform.settings) as opened:
        return [
            dict(record.headers)
            for partition in opened.partitions(platform.topics.alerts)
            for record in opened.read(platform.topics.alerts, partition)
        ]


def test_a_sign_up_is_one_trace_with_a_span_a_stage(platform: Platform, collector: Collector) -> None:
    (event,) = trace(collector, SIGN_UP, f"process {platform.topics.created}")
    assert event.parent_id == PRODUCER
    stages = [it for it in trace(collector, SIGN_UP) if it is not event and it.parent_id == event.span_id]
    # When the counters and the calendar of bans are read is the agent's own affair.
    assert [it.name for it in stages if it.name not in ("frequencies", "calendars")] == [
        "distil",
        "look-up",
        "compare",
        "propose",
        "publish",
        "confirm",
    ]
    assert event.attributes["samehand.candidates"] == "1"
    assert event.attributes["samehand.event_id"] == MIRROR.event_id
    assert event.attributes["samehand.outcome"] == "published"


def test_a_ban_is_followed_over_two_topics_to_the_alert_that_looks_back(
    platform: Platform, collector: Collector
) -> None:
    (enrolled,) = trace(collector, BAN, f"process {platform.topics.banned}")
    (looked_back,) = trace(collector, BAN, f"process {platform.topics.enrolled}")
    assert (enrolled.parent_id, looked_back.parent_id) == (PRODUCER, enrolled.span_id)
    assert {"look-up", "compare", "propose", "publish", "confirm"} <= {
        it.name for it in trace(collector, BAN) if it.parent_id == looked_back.span_id
    }


def test_alerts_say_which_span_they_came_from_and_nothing_else(
    platform: Platform, collector: Collector
) -> None:
    spans = {it.span_id for it in collector.spans() if it.name.startswith("process ")}
    told = headers_of_alerts(platform)
    # An alert of no queue has no header that names one; what routes it is told in schemas/alert_headers.py.
    assert {name for headers in told for name in headers} == {"traceparent", *ALERT_HEADERS}
    assert all("traceparent" in headers for headers in told)
    parts = [headers["traceparent"].decode().split("-") for headers in told]
    assert {trace_id for _, trace_id, _, _ in parts} == {BAN, SIGN_UP}
    assert {span_id for _, _, span_id, _ in parts} <= spans


def test_no_value_of_an_account_is_told(platform: Platform, collector: Collector) -> None:
    said = b"".join(collector.raw)
    assert len(said) > 1_000
    quoted = [*PERSONAL.values(), "um4r", "umar", "valley", "telegram:"]
    assert [value for value in quoted if value.encode() in said] == []
