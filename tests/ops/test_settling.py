"""The end of the day: the stream rests and lag with it; then garbage comes, and somebody is woken.

Named to run after what needs a load.
"""

from __future__ import annotations

import pytest

from cli import main
from tests.journeys.conftest import Platform
from tests.ops.load import Load
from tests.ops.pager import Pager
from tests.ops.watchers import Prometheus

pytestmark = pytest.mark.ops

SCRAPED_SECONDS_MAX = 90.0
"""Scrapes come every two seconds, and of a busy machine many are missed."""

PAGE_SECONDS_MAX = 90.0

POISON_RECORDS = 150
"""Past the bound of 100; what is left after an operator's word stays below it."""


def test_lag_falls_to_nothing_when_all_is_settled(
    prometheus: Prometheus, service: Platform, load: Load
) -> None:
    load.stop()
    service.until(lambda: sum(prometheus.values("sum(samehand_consumer_lag_records)")) == 0, "no lag")
    assert prometheus.until("max(samehand_consumer_lag_seconds) == 0", SCRAPED_SECONDS_MAX)
    written = len(service.values(service.topics.created))
    settled = f'sum(samehand_events_total{{topic="{service.topics.created}"}}) == {written}'
    assert prometheus.until(settled, SCRAPED_SECONDS_MAX)


def test_a_topic_full_of_garbage_wakes_somebody_and_a_word_of_theirs_ends_it(
    prometheus: Prometheus, service: Platform, pager: Pager, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = service.topics.deleted
    service.publish(topic, *[b"garbage"] * POISON_RECORDS)
    way, alert = pager.until("SamehandTopicStopped", "firing", PAGE_SECONDS_MAX)
    assert way == "page"
    assert alert["labels"]["topic"] == topic
    assert alert["annotations"]["runbook"] == "docs/runbooks/SamehandTopicStopped.md"
    for name, value in service.environment.items():
        monkeypatch.setenv(name, value)
    assert main.run(["letters", "resume", topic]) == 0
    way, _ = pager.until("SamehandTopicStopped", "resolved", PAGE_SECONDS_MAX)
    assert way == "page"
