"""Dead letters: written, limited, logged; topics that they stop."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from schemas.letters import KEY_BYTES_MAX, VALUE_BYTES_MAX
from schemas.malformed import Malformed
from schemas.wire import decode_letter, encode
from streams.deadletters.control_topic import ControlTopic, resume, stopped_topics
from streams.deadletters.limit import DeadLetterBound
from streams.deadletters.log import LOGGED_A_BATCH, tell_dead
from streams.deadletters.pause import Resumes, Stop
from streams.deadletters.record import letter_of
from streams.errors import BrokerUnavailable, TopicsError
from streams.kafka.store_epoch import note_epoch
from streams.outcomes import NOTHING, Arrival, Dead, Outcome
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


def test_the_first_record_beyond_both_limits_is_held() -> None:
    bound = DeadLetterBound(0.2, 1000, 100)
    assert bound.admit([True] * 150) == 100
    assert (bound.dead, bound.seen) == (100, 100)


def test_a_wave_of_a_third_stops_a_topic_with_a_clean_past() -> None:
    bound = DeadLetterBound(0.2, 1000, 100)
    bound.admit([False] * 10_000)
    wave = [number % 3 == 0 for number in range(2000)]
    assert 590 <= bound.admit(wave) <= 610, "200 bad ones among the last 1,000 come with 600 records"


def test_a_share_within_the_bound_may_go_on_for_ever() -> None:
    bound = DeadLetterBound(0.2, 1000, 100)
    trickle = [number % 6 == 0 for number in range(20_000)]
    assert bound.admit(trickle) == len(trickle)


def test_a_share_of_one_never_stops() -> None:
    assert DeadLetterBound(1.0, 1000, 100).admit([True] * 5000) == 5000


def test_forgetting_starts_afresh() -> None:
    bound = DeadLetterBound(0.2, 1000, 100)
    bound.admit([True] * 150)
    bound.forget()
    assert bound.admit([True] * 150) == 100


@given(
    st.lists(st.booleans(), max_size=300),
    st.floats(0.01, 1.0),
    st.integers(1, 50),
    st.integers(0, 20),
)
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


def test_nothing_dead_is_nothing_to_tell() -> None:
    assert told(NOTHING, NOTHING) == []


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
