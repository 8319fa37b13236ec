"""Alerts are counted once each, whatever the broker repeats."""

from __future__ import annotations

import time

from msgspec.structs import replace

from cli.commands.demo.alert_reader import Heard
from cli.commands.demo.replay import Sent
from tests.desk.makers import an_alert


def test_a_repeat_is_no_news() -> None:
    heard, alert = Heard(), an_alert()
    assert heard.note(alert, Sent())
    assert not heard.note(alert, Sent())
    assert (sum(heard.alerts.values()), heard.repeated) == (1, 1)


def test_a_withdrawal_is_told_and_counted_apart() -> None:
    heard, alert = Heard(), an_alert()
    heard.note(alert, Sent())
    assert heard.note(replace(alert, revision=2, status="withdrawn"), Sent())
    assert (heard.withdrawn, sum(heard.alerts.values())) == (1, 1)


def test_latency_runs_from_the_event_that_set_it_off() -> None:
    alert = an_alert()
    before = time.monotonic() - 2.0
    forward, back = Heard(), Heard()
    forward.note(replace(alert, direction="forward"), Sent(accounts={alert.key: before}))
    back.note(replace(alert, direction="lookback"), Sent(bans={alert.matched.key: before}))
    for heard in (forward, back):
        (seconds,) = heard.latencies
        assert 2.0 <= seconds < 10.0
