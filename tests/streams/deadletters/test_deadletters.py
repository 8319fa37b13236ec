"""Letters: written, listed, sent again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from schemas.letters import KEY_BYTES_MAX, VALUE_BYTES_MAX, DeadLetter
from schemas.malformed import Malformed
from schemas.wire import decode_letter, encode
from streams.deadletters.admin import ENDPOINT_HEADER, Wanted, drop, list_letters, replay
from streams.deadletters.control_topic import ControlTopic, resume, stopped_topics
from streams.deadletters.limit import DeadLetterBound
from streams.deadletters.log import LOGGED_A_BATCH, tell_dead
from streams.deadletters.pause import Resumes, Stop
from streams.deadletters.record import letter_of
from streams.errors import BrokerUnavailable, TopicsError
from streams.kafka.client import reader, writer
from streams.kafka.store_epoch import note_epoch
from streams.outcomes import NOTHING, Arrival, Dead, Headers, Outcome
from streams.settings import Settings, load
from tests.streams.conftest import Stage
from tests.streams.fakes import TOPIC, FakeResumes

# What the control topic does when things are not as they should be.


def test_only_a_topic_that_workers_consume_can_be_resumed() -> None:
    with pytest.raises(TopicsError, match="no topic that workers consume"):
        resume(load({}), "accounts.craeted")


async def test_without_a_broker_it_is_an_outage(brokerless: Settings) -> None:
    control = ControlTopic(brokerless)
    with pytest.raises(BrokerUnavailable):
        await control.stop(TOPIC, Stop("", ""))


@pytest.mark.journey
async def test_without_its_topic_it_is_an_outage_too(stage: Stage) -> None:
    stage.environment["SAMEHAND_TOPIC_PREFIX"] = "elsewhere."
    with pytest.raises(BrokerUnavailable):
        await ControlTopic(stage.settings).resumed(TOPIC, 0)


@pytest.mark.journey
async def test_the_last_word_on_a_topic_stands_for_who_starts_later(stage: Stage) -> None:
    control, created, updated = ControlTopic(stage.settings), stage.names.created, stage.names.updated
    assert stopped_topics(stage.settings) == {}
    await control.stop(created, Stop("garbage", "0.2"))
    note_epoch(stage.settings, "no word on a topic")
    await control.stop(updated, Stop("garbage", "0.2"))
    resume(stage.settings, updated)
    found = stopped_topics(stage.settings)
    assert {topic: (stop.why, stop.bound) for topic, stop in found.items()} == {created: ("garbage", "0.2")}
    for _ in range(3):  # it looks again and again, over one connection
        assert not await control.resumed(created, found[created].since)
    resume(stage.settings, created)
    assert await control.resumed(created, found[created].since)
    assert stopped_topics(stage.settings) == {}


@pytest.mark.journey
def test_without_its_topic_nothing_stands_still(stage: Stage) -> None:
    stage.environment["SAMEHAND_TOPIC_PREFIX"] = "elsewhere."
    assert stopped_topics(stage.settings) == {}


# The bound on dead letters.


def test_a_few_bad_records_stop_nothing_however_large_their_share() -> None:
    assert DeadLetterBound(0.2, 1000, 100).admit([True] * 100) == 100


def test_a_wave_of_a_third_stops_a_topic_with_a_clean_past() -> None:
    bound = DeadLetterBound(0.2, 1000, 100)
    bound.admit([False] * 10_000)
    wave = [number % 3 == 0 for number in range(2000)]
    assert 590 <= bound.admit(wave) <= 610, "200 bad ones among the last 1,000 come with 600 records"


def test_a_share_within_the_bound_may_go_on_for_ever() -> None:
    bound = DeadLetterBound(0.2, 1000, 100)
    trickle = [number % 6 == 0 for number in range(20_000)]
    assert bound.admit(trickle) == len(trickle)


@given(st.lists(st.booleans(), max_size=300), st.floats(0.01, 1.0), st.integers(1, 50), st.integers(0, 20))
def test_it_counts_like_a_plain_list(fates: list[bool], share: float, window: int, at_least: int) -> None:
    bound = DeadLetterBound(share, window, at_least)
    admitted = bound.admit(fates)
    recent = fates[:admitted][-window:]
    assert (bound.dead, bound.seen) == (sum(recent), len(recent))
    if admitted < len(fates):
        assert fates[admitted], "only a dead letter can be held"
    assert all(
        sum(fates[:end][-window:]) <= max(at_least, share * window) for end in range(1, admitted + 1)
    ), "no prefix that was let through is over the bound"


# Dead letters in the log: each by its address, and a flood of them in few lines.


def told(*outcomes: Outcome) -> list[dict[str, object]]:
    log = structlog.testing.CapturingLogger()
    settled = [(Arrival("t", 0, n, b"k", b"umar@example.org"), it) for n, it in enumerate(outcomes)]
    tell_dead(log, settled)
    return [{"event": call.args[0], **call.kwargs} for call in log.calls]


def test_each_is_told_by_address_and_reason() -> None:
    assert told(NOTHING, Dead("not-json", "$.account")) == [
        {"event": "dead letter", "address": "t:0:1", "reason": "not-json", "path": "$.account"}
    ]


def test_a_flood_is_counted() -> None:
    lines = told(*[Dead("not-json")] * (LOGGED_A_BATCH + 480))
    assert len(lines) == LOGGED_A_BATCH + 1
    assert lines[-1]["records"] == 480


# One contract for where operators leave word: the fake that tests use, and the control topic.

Pair = tuple[Resumes, Callable[[str], None], str, str]


@pytest.fixture(params=["fake", pytest.param("control topic", marks=pytest.mark.journey)])
def pair(request: pytest.FixtureRequest) -> Pair:
    """Where to look, how to leave word, and two topics."""
    if request.param == "fake":
        fake = FakeResumes()
        return fake, fake.words.append, TOPIC, "accounts.updated"
    stage: Stage = request.getfixturevalue("stage")
    return (
        ControlTopic(stage.settings),
        lambda topic: resume(stage.settings, topic),
        stage.names.created,
        stage.names.updated,
    )


async def stopped(resumes: Resumes, topic: str) -> int:
    """The offset since when a topic stands still that stops now."""
    return (await resumes.stop(topic, Stop("garbage", "0.2"))).since


async def test_a_word_after_the_stop_counts_for_its_topic_alone(pair: Pair) -> None:
    resumes, say, topic, other = pair
    say(topic)
    since = await stopped(resumes, topic)
    assert not await resumes.resumed(topic, since), "an old word does not count"
    say(other)
    assert not await resumes.resumed(topic, since)
    await stopped(resumes, topic)
    assert not await resumes.resumed(topic, since), "nor does the stop of another worker"
    say(topic)
    assert await resumes.resumed(topic, since)
    assert not await resumes.resumed(topic, await stopped(resumes, topic))


# Letters carry the record unless it is too large for a letter.

NOW = 1_790_000_000.0


def test_what_is_too_large_is_left_out_and_its_size_told() -> None:
    letter = letter_of(Arrival("t", 0, 1, b"k" * 5000, b"v" * (VALUE_BYTES_MAX + 1)), Dead("too-large"), NOW)
    assert (letter.key, letter.value, letter.value_bytes) == (None, None, VALUE_BYTES_MAX + 1)


def test_the_largest_letter_fits_into_a_message() -> None:
    dead = Dead("x" * 64, "$" * 1000, "d" * 1000)
    letter = letter_of(
        Arrival("t" * 249, 2**31 - 1, 2**63 - 1, b"k" * KEY_BYTES_MAX, b"v" * VALUE_BYTES_MAX), dead, NOW
    )
    assert len(encode(letter)) < 1024 * 1024


@given(st.none() | st.binary(max_size=200), st.none() | st.binary(max_size=200), st.integers(0, 2**62))
def test_a_letter_comes_back_from_the_wire_as_it_was(
    key: bytes | None, value: bytes | None, offset: int
) -> None:
    letter = letter_of(Arrival("accounts.created", 3, offset, key, value), Dead("not-json", "$.account"), NOW)
    decoded = decode_letter(encode(letter), now=NOW)
    assert not isinstance(decoded, Malformed)
    assert decoded.record == letter


# Dead letters for people, on a real broker.


def write(stage: Stage, letter: DeadLetter) -> None:
    with writer(stage.settings) as out:
        out.send(stage.names.letters, key=b"k", value=encode(letter), headers=[]).get(timeout=60.0)


def a_letter(
    stage: Stage, offset: int = 0, value: bytes = b"{", reason: str = "not-json", at: float = NOW
) -> None:
    arrival = Arrival(stage.names.created, 0, offset, b"x:1", value)
    write(stage, letter_of(arrival, Dead(reason, "$", "not JSON"), at))


def addresses(stage: Stage, wanted: Wanted) -> list[str]:
    return [
        letter.record.address.removeprefix(stage.names.created)
        for letter in list_letters(stage.settings, wanted)
    ]


@pytest.mark.journey
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


@pytest.mark.journey
def test_a_list_carries_no_bytes_and_one_letter_does(stage: Stage) -> None:
    a_letter(stage, value=b"\x00garbage")
    (listed,) = list_letters(stage.settings, Wanted())
    assert listed.record.value is None
    (named,) = list_letters(stage.settings, Wanted(address=listed.record.address))
    assert named.record.value == b"\x00garbage"


@pytest.mark.journey
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


@pytest.mark.journey
def test_a_letter_may_be_replayed_again_on_purpose(stage: Stage) -> None:
    a_letter(stage, 1, b"one")
    replay(stage.settings, Wanted())
    assert replay(stage.settings, Wanted(), again=True).sent == 1
    assert stage.read(stage.names.created) == [b"one", b"one"]


@pytest.mark.journey
def test_a_record_too_large_for_its_letter_is_read_from_its_topic(stage: Stage) -> None:
    large = b"x" * (600 * 1024)
    stage.send([large])
    arrival = Arrival(stage.names.created, place_of(stage, large), 0, b"0", large)
    letter = letter_of(arrival, Dead("too-large"), NOW)
    assert letter.value is None
    write(stage, letter)
    assert replay(stage.settings, Wanted()).sent == 1
    assert stage.read(stage.names.created) == [large, large]


@pytest.mark.journey
def test_a_record_that_its_topic_still_has_is_sent_with_its_headers(stage: Stage) -> None:
    headers = (("samehand-occurred-at", b"1790000000.0"),)
    record = sent_to(stage, b"{", headers)
    write(stage, letter_of(record, Dead("not-json"), NOW))
    assert replay(stage.settings, Wanted()).sent == 1
    with reader(stage.settings) as opened:
        again = list(opened.read(record.topic, record.partition, record.offset + 1))
    assert [(it.value, it.headers) for it in again] == [(b"{", headers)]


@pytest.mark.journey
def test_another_record_at_its_address_is_not_taken_for_it(stage: Stage) -> None:
    """The topic was made again since."""
    stage.send([b"{of another topic}"])
    place = place_of(stage, b"{of another topic}")
    write(stage, letter_of(Arrival(stage.names.created, place, 0, b"x:1", b"{"), Dead("not-json"), NOW))
    assert replay(stage.settings, Wanted()).sent == 1
    assert sorted(stage.read(stage.names.created)) == [b"{", b"{of another topic}"]


def sent_to(stage: Stage, value: bytes, headers: Headers) -> Arrival:
    """A record as its topic has it."""
    with writer(stage.settings) as out:
        out.send(stage.names.created, key=b"x:1", value=value, headers=list(headers)).get(timeout=60.0)
    with reader(stage.settings) as opened:
        partition = place_of(stage, value)
        return next(opened.read(stage.names.created, partition))


def place_of(stage: Stage, value: bytes) -> int:
    with reader(stage.settings) as opened:
        for partition in opened.partitions(stage.names.created):
            if any(record.value == value for record in opened.read(stage.names.created, partition)):
                return partition
    raise AssertionError("it was never sent")


@pytest.mark.journey
def test_a_record_that_is_gone_from_its_topic_is_named(stage: Stage) -> None:
    a_letter(stage, 7, b"x" * (600 * 1024))
    assert replay(stage.settings, Wanted()).gone == (f"{stage.names.created}:0:7",)
    assert addresses(stage, Wanted()) == [":0:7"], "it stays open"


@pytest.mark.journey
def test_dropping_closes_without_sending(stage: Stage) -> None:
    a_letter(stage, 1)
    a_letter(stage, 2, reason="too-long")
    assert drop(stage.settings, Wanted(reason="too-long")) == 1
    assert addresses(stage, Wanted()) == [":0:1"]
    assert stage.read(stage.names.created) == []


@pytest.mark.journey
def test_what_one_endpoint_refused_is_sent_again_to_it_alone(stage: Stage) -> None:
    record = sent_to(stage, b"an alert", (("band", b"likely"), (ENDPOINT_HEADER, b"before")))
    for endpoint in ("desk", "chat"):
        write(stage, letter_of(record, Dead("endpoint-refused", endpoint=endpoint), NOW))
    listed = list_letters(stage.settings, Wanted())
    assert {it.record.address for it in listed} == {f"{record.address}@desk", f"{record.address}@chat"}
    assert replay(stage.settings, Wanted(address=f"{record.address}@chat")).sent == 1
    with reader(stage.settings) as opened:
        [again] = opened.read(record.topic, record.partition, record.offset + 1)
    assert again.headers == (("band", b"likely"), (ENDPOINT_HEADER, b"chat"))
    assert [it.record.endpoint for it in list_letters(stage.settings, Wanted())] == ["desk"]
