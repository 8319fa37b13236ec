"""Dead letters for people, on a real broker."""

from __future__ import annotations

import pytest

from schemas.wire import encode
from streams.deadletters.admin import ENDPOINT_HEADER, Wanted, drop, list_letters, replay, show
from streams.deadletters.record import letter_of
from streams.errors import LettersError
from streams.kafka.client import reader, writer
from streams.outcomes import Arrival, Dead, Headers
from tests.streams.conftest import Stage

pytestmark = pytest.mark.journey
NOW = 1_790_000_000.0


def a_letter(
    stage: Stage, offset: int = 0, value: bytes = b"{", reason: str = "not-json", at: float = NOW
) -> None:
    arrival = Arrival(stage.names.created, 0, offset, b"x:1", value)
    letter = letter_of(arrival, Dead(reason, "$", "not JSON"), at)
    with writer(stage.settings) as out:
        sent = out.send(stage.names.letters, key=arrival.topic.encode(), value=encode(letter), headers=[])
        sent.get(timeout=10)


def addresses(stage: Stage, wanted: Wanted) -> list[str]:
    return [
        letter.record.address.removeprefix(stage.names.created)
        for letter in list_letters(stage.settings, wanted)
    ]


def test_letters_are_listed_by_what_is_asked_for(stage: Stage) -> None:
    a_letter(stage, 3, at=NOW + 60)
    a_letter(stage, 1)
    a_letter(stage, 2, reason="too-long")
    assert addresses(stage, Wanted()) == [":0:1", ":0:2", ":0:3"]
    assert addresses(stage, Wanted(reason="too-long")) == [":0:2"]
    assert addresses(stage, Wanted(topic="elsewhere")) == []
    assert addresses(stage, Wanted(since=NOW + 1)) == [":0:3"]
    assert addresses(stage, Wanted(until=NOW)) == [":0:1", ":0:2"]
    assert addresses(stage, Wanted(address=f"{stage.names.created}:0:2")) == [":0:2"]


def test_a_list_carries_no_bytes_and_one_letter_does(stage: Stage) -> None:
    a_letter(stage, value=b"\x00garbage")
    (listed,) = list_letters(stage.settings, Wanted())
    assert listed.record.value is None
    assert show(stage.settings, listed.record.address).record.value == b"\x00garbage"
    with pytest.raises(LettersError, match="there is no dead letter"):
        show(stage.settings, "nowhere:0:0")


def test_replaying_twice_sends_once(stage: Stage) -> None:
    a_letter(stage, 1, b"one")
    a_letter(stage, 1, b"one")  # as a kill may write it
    a_letter(stage, 2, b"two")
    heard: list[str] = []
    assert replay(stage.settings, Wanted(), progress=heard.append).sent == 2
    assert replay(stage.settings, Wanted()).sent == 0
    assert sorted(stage.read(stage.names.created)) == [b"one", b"two"]
    assert len(heard) == 2
    assert addresses(stage, Wanted()) == []
    assert {letter.done for letter in list_letters(stage.settings, Wanted(open_only=False))} == {"replayed"}


def test_a_letter_may_be_replayed_again_on_purpose(stage: Stage) -> None:
    a_letter(stage, 1, b"one")
    replay(stage.settings, Wanted())
    assert replay(stage.settings, Wanted(), again=True).sent == 1
    assert stage.read(stage.names.created) == [b"one", b"one"]


def test_a_record_too_large_for_its_letter_is_read_from_its_topic(stage: Stage) -> None:
    large = b"x" * (600 * 1024)
    stage.send([large])
    place = next(p for p in range(2) if p == place_of(stage, large))
    arrival = Arrival(stage.names.created, place, 0, b"0", large)
    with writer(stage.settings) as out:
        letter = letter_of(arrival, Dead("too-large"), NOW)
        assert letter.value is None
        out.send(stage.names.letters, key=b"k", value=encode(letter), headers=[]).get(timeout=10)
    assert replay(stage.settings, Wanted()).sent == 1
    assert stage.read(stage.names.created) == [large, large]


def test_a_record_that_its_topic_still_has_is_sent_with_its_headers(stage: Stage) -> None:
    headers = (("samehand-occurred-at", b"1790000000.0"),)
    record = sent_to(stage, b"{", headers)
    with writer(stage.settings) as out:
        letter = encode(letter_of(record, Dead("not-json"), NOW))
        out.send(stage.names.letters, key=b"k", value=letter, headers=[]).get(timeout=10)
    assert replay(stage.settings, Wanted()).sent == 1
    with reader(stage.settings) as opened:
        again = list(opened.read(record.topic, record.partition, record.offset + 1))
    assert [(it.value, it.headers) for it in again] == [(b"{", headers)]


def test_another_record_at_its_address_is_not_taken_for_it(stage: Stage) -> None:
    """The topic was made again since."""
    stage.send([b"{of another topic}"])
    place = place_of(stage, b"{of another topic}")
    letter = letter_of(Arrival(stage.names.created, place, 0, b"x:1", b"{"), Dead("not-json"), NOW)
    with writer(stage.settings) as out:
        out.send(stage.names.letters, key=b"k", value=encode(letter), headers=[]).get(timeout=10)
    assert replay(stage.settings, Wanted()).sent == 1
    assert sorted(stage.read(stage.names.created)) == [b"{", b"{of another topic}"]


def sent_to(stage: Stage, value: bytes, headers: Headers) -> Arrival:
    """A record as its topic has it."""
    with writer(stage.settings) as out:
        out.send(stage.names.created, key=b"x:1", value=value, headers=list(headers)).get(timeout=10)
    with reader(stage.settings) as opened:
        partition = place_of(stage, value)
        return next(opened.read(stage.names.created, partition))


def place_of(stage: Stage, value: bytes) -> int:
    with reader(stage.settings) as opened:
        for partition in opened.partitions(stage.names.created):
            if any(record.value == value for record in opened.read(stage.names.created, partition)):
                return partition
    raise AssertionError("it was never sent")


def test_a_record_that_is_gone_from_its_topic_is_named(stage: Stage) -> None:
    a_letter(stage, 7, b"x" * (600 * 1024))
    assert replay(stage.settings, Wanted()).gone == (f"{stage.names.created}:0:7",)
    assert addresses(stage, Wanted()) == [":0:7"], "it stays open"


def test_dropping_closes_without_sending(stage: Stage) -> None:
    a_letter(stage, 1)
    a_letter(stage, 2, reason="too-long")
    assert drop(stage.settings, Wanted(reason="too-long")) == 1
    assert addresses(stage, Wanted()) == [":0:1"]
    assert stage.read(stage.names.created) == []


def test_what_one_endpoint_refused_is_sent_again_to_it_alone(stage: Stage) -> None:
    record = sent_to(stage, b"an alert", (("band", b"likely"), (ENDPOINT_HEADER, b"before")))
    with writer(stage.settings) as out:
        for endpoint in ("desk", "chat"):
            letter = letter_of(record, Dead("endpoint-refused", endpoint=endpoint), NOW)
            out.send(stage.names.letters, key=b"k", value=encode(letter), headers=[]).get(timeout=10)
    listed = list_letters(stage.settings, Wanted())
    assert {it.record.address for it in listed} == {f"{record.address}@desk", f"{record.address}@chat"}
    assert replay(stage.settings, Wanted(address=f"{record.address}@chat")).sent == 1
    with reader(stage.settings) as opened:
        [again] = opened.read(record.topic, record.partition, record.offset + 1)
    assert again.headers == (("band", b"likely"), (ENDPOINT_HEADER, b"chat"))
    assert [it.record.endpoint for it in list_letters(stage.settings, Wanted())] == ["desk"]
