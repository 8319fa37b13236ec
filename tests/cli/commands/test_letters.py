"""`samehand letters`: dead letters for people."""

from __future__ import annotations

import time

import pytest

from cli.run_async import awaited
from schemas.letters import DeadLetter
from schemas.wire import encode
from streams.deadletters import control_topic
from streams.deadletters.pause import Stop
from streams.deadletters.record import letter_of
from streams.kafka import topics
from streams.kafka.client import reader, writer
from streams.outcomes import Arrival, Dead
from streams.settings import load
from tests.cli.running import Samehand

SECRET = b'{"email": "umar@example.com"'


def post_letter(topic: str, offset: int, reason: str = "not-json") -> DeadLetter:
    """A letter about a record of ``topic``, as delivery writes it."""
    fault = Dead("not-json" if reason == "not-json" else "missing-field")
    letter = letter_of(Arrival(topic, 0, offset, b"x:1", SECRET), fault, time.time())
    with writer(load()) as out:
        out.send(topics.names(load()).letters, key=topic.encode(), value=encode(letter), headers=[]).get(
            timeout=10
        )
    return letter


@pytest.fixture
def created(servers: str) -> str:
    """The topic of sign-ups, made with all others."""
    topics.check(load(), create=True)
    return topics.names(load()).created


@pytest.mark.journey
def test_a_letter_is_listed_shown_and_replayed_once(samehand: Samehand, created: str) -> None:
    letter = post_letter(created, 7)
    post_letter(created, 8, "missing-field")
    listed = samehand("letters", "list", "--reason", "not-json")
    assert letter.address in listed.out
    assert "1 dead letter" in listed.out
    shown = samehand("letters", "show", letter.address)
    assert "umar@example.com" not in listed.out + shown.out
    assert "umar@example.com" in samehand("letters", "show", letter.address, "--value").out
    assert samehand("letters", "replay", letter.address, "--json").figures == {"sent": 1, "gone": []}
    assert samehand("letters", "replay", letter.address, "--json").figures == {"sent": 0, "gone": []}
    with reader(load()) as opened:
        sent = [it for part in opened.partitions(created) for it in opened.read(created, part)]
    assert [(it.key, it.value) for it in sent] == [(b"x:1", SECRET)]


@pytest.mark.journey
def test_what_is_dropped_is_done(samehand: Samehand, created: str) -> None:
    post_letter(created, 7)
    assert samehand("letters", "drop", "--all", "--json").figures == {"dropped": 1}
    assert samehand("letters", "list", "--json").figures == {"letters": []}
    (row,) = samehand("letters", "list", "--all", "--json").figures["letters"]
    assert row["done"] == "dropped"


@pytest.mark.journey
def test_a_stopped_topic_goes_on(samehand: Samehand, created: str) -> None:
    ran = samehand("letters", "resume", created)
    assert (ran.code, ran.out) == (0, f"{created} is not stopped: nothing to resume\n")
    awaited(control_topic.ControlTopic(load()).stop(created, Stop("101 dead letters", "100 of 1000")))
    ran = samehand("letters", "resume", created)
    assert (ran.code, ran.out) == (0, f"{created} is resumed; it had stopped: 101 dead letters\n")
    assert control_topic.stopped_topics(load()) == {}
    assert samehand("letters", "resume", created, "--json").figures == {"topic": created, "resumed": False}
    ran = samehand("letters", "resume", "no-such-topic")
    assert (ran.code, len(ran.err.splitlines())) == (1, 1)
    with reader(load()) as opened:
        words = list(opened.read(topics.names(load()).control, 0))
    assert [it.key for it in words] == [created.encode()] * 2, "only what stood was resumed"


@pytest.mark.journey
def test_a_letter_that_is_not_there_is_one_line(samehand: Samehand, created: str) -> None:
    ran = samehand("letters", "show", f"{created}:0:99")
    assert (ran.code, len(ran.err.splitlines())) == (1, 1)


@pytest.mark.parametrize("verb", ["replay", "drop"])
def test_all_of_them_must_be_meant(samehand: Samehand, verb: str) -> None:
    ran = samehand("letters", verb)
    assert ran.code == 2
    assert "--all" in ran.err


@pytest.mark.parametrize("address", ["x", "a:b:c", "topic:1", ":1:2"])
def test_what_is_no_address_is_bad_input(samehand: Samehand, address: str) -> None:
    assert samehand("letters", "show", address).code == 2
