"""One contract for where operators leave word: the fake that tests use, and the control topic."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from streams.deadletters.control_topic import ControlTopic, resume
from streams.deadletters.pause import Resumes, Stop
from tests.streams.conftest import Stage
from tests.streams.fakes import TOPIC, FakeResumes

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
