"""The demo's last words: what went in, what came out, and how much of the truth was found."""

from __future__ import annotations

from cli.commands.demo.alert_reader import ReceivedAlerts
from cli.commands.demo.replay import PublishedEvents
from cli.commands.demo.summary import figures, sentences
from simulate.timeline.events import Truth


def a_truth(number: int, strategy: int) -> Truth:
    return Truth("x", f"new-{number}", "x", f"banned-{number}", strategy, "forward", 0.0, 1.0)


def the_show() -> tuple[PublishedEvents, ReceivedAlerts]:
    sent = PublishedEvents(truths=[a_truth(1, 1), a_truth(2, 1), a_truth(3, 8)], broken=2, finished=True)
    sent.by_topic.update({"accounts.created": 10, "accounts.banned": 3})
    received = ReceivedAlerts(dead_letters=2, latencies=[0.010, 0.020, 0.500], first_alert_seconds=9.5)
    received.alerts.update({("likely", "forward"): 1, ("possible", "lookback"): 1})
    received.pairs.update({("x:new-1", "x:banned-1"): "likely", ("x:aunt", "x:banned-1"): "possible"})
    return sent, received


def test_everything_is_counted() -> None:
    told = figures(*the_show())
    assert (told["events"], told["alerts"], told["dead_letters"]) == (13, 2, 2)
    assert told["alerts_by_band"] == {"likely": 1, "possible": 1}
    assert told["alerts_by_direction"] == {"forward": 1, "lookback": 1, "update": 0}
    assert told["latency_ms"] == {"p50": 20.0, "p99": 500.0}


def test_what_was_true_is_told_by_strategy() -> None:
    told = figures(*the_show())
    assert (told["mirrors"], told["mirrors_found"], told["alerts_on_others"]) == (3, 1, 1)
    assert told["by_strategy"] == {"1": {"mirrors": 2, "found": 1}, "8": {"mirrors": 1, "found": 0}}


def test_a_replay_that_failed_has_not_finished() -> None:
    sent, received = the_show()
    sent.fault = "KafkaTimeoutError"
    assert not figures(sent, received)["finished"]


def test_the_words_say_what_nobody_can_catch() -> None:
    text = " ".join(sentences(figures(*the_show())))
    assert "nobody can catch it" in text
    assert "First alert 9.5 s after the start; event to alert: p50 20.0 ms" in text


def test_without_alerts_there_is_no_latency_to_tell() -> None:
    told = figures(PublishedEvents(), ReceivedAlerts())
    assert told["latency_ms"] == {"p50": None, "p99": None}
    assert not [line for line in sentences(told) if "p50" in line]
