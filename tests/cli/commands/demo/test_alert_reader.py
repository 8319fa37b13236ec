"""Alerts are counted once each, whatever the broker repeats."""

from __future__ import annotations

import time

from msgspec.structs import replace

from cli.commands.demo.alert_reader import ReceivedAlerts
from cli.commands.demo.replay import PublishedEvents
from tests.desk.makers import an_alert


def test_a_repeat_is_no_news() -> None:
    heard, alert = ReceivedAlerts(), an_alert()
    assert heard.note(alert, PublishedEvents())
    assert not heard.note(alert, PublishedEvents())
    assert (sum(heard.alerts.values()), heard.repeated) == (1, 1)


def test_a_withdrawal_is_told_and_counted_apart() -> None:
    heard, alert = ReceivedAlerts(), an_alert()
    heard.note(alert, PublishedEvents())
    assert heard.note(replace(alert, revision=2, status="withdrawn"), PublishedEvents())
    assert (heard.withdrawn, sum(heard.alerts.values())) == (1, 1)


def test_latency_runs_from_the_event_that_set_it_off() -> None:
    alert = an_alert()
    before = time.monotonic() - 2.0
    forward, back = ReceivedAlerts(), ReceivedAlerts()
    forward.note(replace(alert, direction="forward"), PublishedEvents(accounts={alert.key: before}))
    back.note(replace(alert, direction="lookback"), PublishedEvents(bans={alert.matched.key: before}))
    for heard in (forward, back):
        (seconds,) = heard.latencies
        assert 2.0 <= seconds < 10.0
