"""A running service under load, as operators see it: in Prometheus, in Alertmanager, on the pager."""

from __future__ import annotations

import subprocess
import time

import pytest

from desk.cli import door
from tests.journeys.conftest import Platform
from tests.ops.deployed import questions
from tests.ops.pager import Pager
from tests.ops.watchers import Prometheus

pytestmark = pytest.mark.ops

SCRAPED_SECONDS_MAX = 30.0  # scrapes come every two seconds, and one may be missed
ANSWER_SECONDS_MAX = 240.0
"""For all panels together: a busy machine screens slowly, and a rate needs two scrapes."""

PAGE_SECONDS_MAX = 90.0
POISON_RECORDS = 150  # past the bound of 100, and after an operator's word the rest stays below it


def test_what_a_worker_serves_is_clean(promtool: str, service: Platform) -> None:
    text = service.page("/metrics")
    done = subprocess.run(
        [promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_every_panel_shows_data(prometheus: Prometheus) -> None:
    waiting = questions()
    assert len(waiting) > 50
    deadline = time.monotonic() + ANSWER_SECONDS_MAX
    while waiting and time.monotonic() < deadline:
        waiting = [question for question in waiting if not prometheus.values(question.asked())]
        time.sleep(1.0)
    assert not [str(question) for question in waiting]


def test_a_bucket_leads_to_the_record_of_that_age(prometheus: Prometheus, service: Platform) -> None:
    until = time.time()
    found = prometheus.get(
        "/api/v1/query_exemplars",
        query="samehand_event_age_seconds_bucket",
        start=str(until - 600),
        end=str(until),
    )["data"]
    leads = [
        (series["seriesLabels"]["topic"], one["labels"]) for series in found for one in series["exemplars"]
    ]
    assert any(
        topic == service.topics.created and {"partition", "offset"} <= set(labels) for topic, labels in leads
    )


def test_lag_falls_to_nothing_when_all_is_settled(prometheus: Prometheus, service: Platform) -> None:
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
    assert door.run(["letters", "resume", topic]) == 0
    way, _ = pager.until("SamehandTopicStopped", "resolved", PAGE_SECONDS_MAX)
    assert way == "page"
