"""Words about records that ended a worker: who writes them, who reads them, and when they count."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest
from msgspec.structs import replace

from streams.deadletters.control_topic import stopped_topics
from streams.errors import BrokerUnavailable
from streams.kafka.store_epoch import known_epoch
from streams.outcomes import Arrival
from streams.supervision import suspects as suspecting
from streams.supervision.flight_recorder import FlightRecorder, InHand, OffsetSpan
from streams.supervision.supervisor import Birth
from streams.supervision.suspects import ENDS_MAX, Suspect, Suspects, SuspectTopic, mark_unfinished
from tests.streams.conftest import Stage


def hand(first: int, last: int, *, partition: int = 0, at: float = 7.0) -> InHand:
    return InHand("screen", last - first + 1, [OffsetSpan("t", partition, first, last, at)])


def arrival(offset: int, *, at: float = 7.0, partition: int = 0) -> Arrival:
    return Arrival("t", partition, offset, None, b"", timestamp=at)


def a_suspect(first: int, last: int, *, ends: int = 0, at: float = 7.0) -> Suspect:
    return Suspect(topic="t", partition=0, first=first, last=last, at=at, ends=ends)


def knowing(*known: Suspect) -> Suspects:
    async def read() -> Sequence[Suspect]:
        return known

    return Suspects(read)


async def test_the_worst_that_is_known_of_a_record_counts() -> None:
    suspects = knowing(a_suspect(0, 9), a_suspect(5, 5, ends=2))
    await suspects.refresh()
    found = [suspects.find(arrival(offset)) for offset in (4, 5, 10)]
    assert [it and it.ends for it in found] == [0, 2, None]
    assert suspects.find(arrival(5, partition=1)) is None


async def test_another_record_at_the_same_offset_is_no_suspect() -> None:
    """A topic that was deleted and made again begins anew; its records are not the old ones."""
    suspects = knowing(a_suspect(5, 5, ends=ENDS_MAX))
    await suspects.refresh()
    assert suspects.find(arrival(5, at=8.0)) is None
    assert suspects.find(arrival(5, at=7.0)) is not None


async def test_it_asks_once_and_again_when_partitions_moved_or_nobody_answered() -> None:
    asked = 0

    async def read() -> Sequence[Suspect]:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)
        if asked == 2:
            raise BrokerUnavailable("away")
        return ()

    suspects = Suspects(read)
    await asyncio.gather(suspects.refresh(), suspects.refresh())
    assert asked == 1
    suspects.moved()
    with pytest.raises(BrokerUnavailable):
        await suspects.refresh()
    await suspects.refresh()
    assert asked == 3


async def test_nobody_decides_by_what_was_known_before_while_another_delivery_asks() -> None:
    """Seven deliveries share what is known: one asks, and the others have to wait for the answer too."""
    asked, answer = asyncio.Event(), asyncio.Event()

    async def read() -> Sequence[Suspect]:
        asked.set()
        await answer.wait()
        return (a_suspect(5, 5),)

    suspects = Suspects(read)
    asking = asyncio.create_task(suspects.refresh())
    await asked.wait()
    assert suspects.stale
    answer.set()
    await asking
    assert not suspects.stale
    assert suspects.find(arrival(5)) is not None


async def test_what_moves_while_the_topic_is_read_is_asked_for_once_more() -> None:
    asked = 0

    async def read() -> Sequence[Suspect]:
        nonlocal asked
        asked += 1
        if asked == 1:
            suspects.moved()
            return ()
        return (a_suspect(5, 5),)

    suspects = Suspects(read)
    await suspects.refresh()
    assert suspects.find(arrival(5)) is not None


@pytest.mark.journey
def test_a_batch_makes_suspects_and_only_one_alone_in_hand_is_counted(stage: Stage) -> None:
    topic = SuspectTopic(stage.settings)
    topic.mark([hand(0, 9)], "killed")
    topic.mark([hand(4, 4), hand(2, 2, partition=1)], "killed")
    assert [it.ends for it in topic.standing()] == [0, 0, 0]
    for _ in range(ENDS_MAX):
        [told] = topic.mark([hand(4, 4)], "hung")
    assert told.is_guilty
    worst = max(topic.standing(), key=lambda it: it.ends)
    assert (worst.first, worst.ends, worst.how) == (4, ENDS_MAX, "hung")


@pytest.mark.journey
def test_who_is_killed_from_outside_while_a_server_is_away_accuses_nobody(stage: Stage) -> None:
    """An impatient person kills a worker three times in an outage of Redis, one record in hand each time."""
    topic, waited = SuspectTopic(stage.settings), replace(hand(4, 4), waiting=True)
    for _ in range(ENDS_MAX):
        topic.mark([waited], "killed by SIGKILL", from_outside=True)
    assert [it.ends for it in topic.standing()] == [0]
    topic.mark([waited], "killed by SIGSEGV")
    assert [it.ends for it in topic.standing()] == [1], "that it did itself"


@pytest.mark.journey
def test_a_word_on_another_record_at_the_same_offset_is_not_added_to(stage: Stage) -> None:
    topic = SuspectTopic(stage.settings)
    topic.mark([hand(4, 4)], "hung")
    [told] = topic.mark([hand(4, 4, at=8.0)], "hung")
    assert told.ends == 1


@pytest.mark.journey
def test_the_control_topic_goes_on_carrying_its_other_words(stage: Stage) -> None:
    SuspectTopic(stage.settings).mark([hand(4, 4)], "hung")
    assert stopped_topics(stage.settings) == {}
    assert known_epoch(stage.settings) == ""


@pytest.mark.journey
def test_each_group_has_its_own(stage: Stage) -> None:
    SuspectTopic(stage.settings).mark([hand(4, 4)], "hung")
    stage.environment["SAMEHAND_KAFKA_GROUP"] = "another"
    assert SuspectTopic(stage.settings).standing() == []


@pytest.mark.journey
def test_old_words_are_forgotten_and_taken_back(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    topic = SuspectTopic(stage.settings)
    topic.mark([hand(4, 4)], "hung")
    monkeypatch.setattr(suspecting, "RETAINED_SECONDS", -60.0)
    assert topic.standing() == []
    topic.mark([hand(5, 5)], "hung")
    monkeypatch.undo()
    assert [it.first for it in topic.standing()] == [5]


@pytest.mark.journey
def test_what_a_killed_worker_had_in_hand_is_told_by_the_next_once(stage: Stage) -> None:
    recorder, topic = FlightRecorder(), SuspectTopic(stage.settings)
    recorder.slot("screen").note([arrival(4)])
    for _ in range(2):
        mark_unfinished(topic, Birth(recorder, "killed by SIGKILL"))
    [told] = topic.standing()
    assert (told.first, told.ends, told.how) == (4, 1, "killed by SIGKILL")


@pytest.mark.journey
def test_where_there_is_no_control_topic_yet_a_worker_starts_all_the_same(stage: Stage) -> None:
    """Its recorder is another service's, in the same folder."""
    stage.environment["SAMEHAND_TOPIC_PREFIX"] = "elsewhere."
    recorder = FlightRecorder()
    recorder.slot("screen").note([arrival(4)])
    mark_unfinished(SuspectTopic(stage.settings), Birth(recorder))
    assert recorder.unfinished() == []
