"""A running service under load, as operators see it in Prometheus."""

from __future__ import annotations

import subprocess
import time

import pytest

from tests.journeys.conftest import Platform
from tests.ops.deployed import questions
from tests.ops.load import Load
from tests.ops.watchers import Prometheus

pytestmark = pytest.mark.ops

ANSWER_SECONDS_MAX = 240.0
"""For all panels together: a busy machine screens slowly, and a rate needs two scrapes."""


def test_what_a_worker_serves_is_clean(promtool: str, service: Platform) -> None:
    text = service.page("/metrics")
    done = subprocess.run(
        [promtool, "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_every_panel_shows_data(prometheus: Prometheus, service: Platform, load: Load) -> None:
    waiting = [question for question in questions() if question.of_a_worker]
    assert len(waiting) > 50
    deadline = time.monotonic() + ANSWER_SECONDS_MAX
    while waiting and time.monotonic() < deadline:
        assert service.worker.pid is not None, service.worker.last_words()
        waiting = [question for question in waiting if not prometheus.values(question.asked())]
        time.sleep(1.0)
    assert not [str(question) for question in waiting]


def test_a_bucket_leads_to_the_record_of_that_age(
    prometheus: Prometheus, service: Platform, load: Load
) -> None:
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
