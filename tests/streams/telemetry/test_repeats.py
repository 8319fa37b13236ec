"""Of an outage aiokafka says one line, and nothing else is lost."""

from __future__ import annotations

import logging

from streams.telemetry.repeats import AGAIN_SECONDS, MESSAGES_MAX, QUIET_SECONDS, Repeats


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def record(message: str, *values: object, name: str = "aiokafka") -> logging.LogRecord:
    return logging.LogRecord(name, logging.ERROR, "", 0, message, values, None)


AWAY = (
    record("Unable connect to node with id %s: %s", 1, "refused"),
    record("Unable to update metadata from %s", [1]),
    record("Got error produce response: %s", "NodeNotReadyError", name="aiokafka.producer.sender"),
    record("Error fetching metadata for topic %s: %s", "alerts", "LeaderNotAvailableError"),
)


def test_an_outage_is_one_line_however_long_and_in_however_many_words() -> None:
    clock = Clock()
    repeats, said = Repeats(clock), 0
    for _ in range(10_000):
        clock.now += 0.1
        said += sum(repeats.says(it) for it in AWAY)
    assert said == 1


def test_the_next_outage_is_said_and_a_long_one_each_hour() -> None:
    clock = Clock()
    repeats = Repeats(clock)
    assert [repeats.says(AWAY[0]), repeats.says(AWAY[0])] == [True, False]
    clock.now += QUIET_SECONDS
    assert repeats.says(AWAY[1])
    said = 0
    while clock.now < 2 * AGAIN_SECONDS + 2 * QUIET_SECONDS:
        clock.now += 10.0
        said += repeats.says(AWAY[1])
    assert said == 2


def test_what_is_no_outage_is_told_apart_by_its_words() -> None:
    repeats = Repeats(Clock())
    refused = record("Unable connect to node with id %s: %s", 1, "SaslAuthenticationFailed")
    topics = [record("Topic %s is not authorized for this client", topic) for topic in ("a", "b", "a")]
    assert [repeats.says(it) for it in (AWAY[0], refused, refused, *topics)] == [
        True,
        True,
        False,
        True,
        True,
        False,
    ]


def test_other_libraries_and_we_say_all() -> None:
    repeats = Repeats(Clock())
    for name in ("samehand.worker", "faust.app", "aiokafkaesque"):
        assert [repeats.says(record("Unable connect to node", name=name)) for _ in range(2)] == [True, True]


def test_what_is_remembered_has_an_end() -> None:
    repeats = Repeats(Clock())
    for number in range(3 * MESSAGES_MAX):
        assert repeats.says(record("no such thing as %s", number))
    assert len(repeats._heard) <= MESSAGES_MAX
