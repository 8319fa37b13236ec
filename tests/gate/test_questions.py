"""Who asks about thousands of people once each shows in the figures of its key."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest
from structlog.testing import capture_logs

from gate.questions import DAY_SECONDS, FOLLOW_SECONDS, SAMPLE_MAX, Questions
from store.errors import StoreUnavailable
from streams.errors import Transient
from tests.gate.conftest import Caller
from tests.makers import a_sign_up
from tests.tables import for_each


class Clock:
    """Ticks that a test lets pass."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def figures(clock: Clock, known: Sequence[str] = (), fault: Exception | None = None) -> Questions:
    async def remembers(accounts: Sequence[str]) -> list[bool]:
        if fault is not None:
            raise fault
        return [account in known for account in accounts]

    return Questions(remembers, clock, random.Random(7))


async def told(questions: Questions) -> list[Any]:
    with capture_logs() as lines:
        await questions.tell()
    return lines


async def test_five_thousand_questions_about_as_many_people_show_by_the_day(caller: Caller) -> None:
    questions = Questions(caller.scoring.preview.remembers, lambda: caller.life.seconds)
    caller.scoring.questions = questions
    key = caller.key("score", rate="1000/s")
    for number in range(120):
        answer = await caller.post("/v1/score", a_sign_up(str(number), handle=f"somebody{number}"), key=key)
        assert answer.status_code == 200
    caller.life.seconds += FOLLOW_SECONDS
    assert caller.scoring.variations.total == 0, "no alarm rings"
    [line] = await told(questions)
    assert line["key"] == "score-1000-s"
    assert (line["scores"], line["match_share"], line["sampled"]) == (120, 0.0, SAMPLE_MAX)
    assert line["never_followed_share"] == 1.0
    assert "somebody" not in str(line)


async def test_share_that_no_event_followed_is_of_questions_of_any_hour() -> None:
    clock = Clock()
    questions = figures(clock, [f"app:{number}" for number in range(0, 50_000, 4)])
    for number in range(50_000):
        questions.note("sign-up", f"app:{number}", matched=number % 10 == 0)
        clock.now += 1.0
    clock.now += FOLLOW_SECONDS
    [line] = await told(questions)
    assert (line["scores"], line["match_share"]) == (50_000, 0.1)
    assert line["sampled"] == SAMPLE_MAX
    assert 0.6 < line["never_followed_share"] < 0.9
    assert await told(questions) == [], "the next day begins with none"


async def test_questions_too_young_for_an_event_are_left_out() -> None:
    clock = Clock()
    questions = figures(clock)
    questions.note("sign-up", "app:1", matched=False)
    [line] = await told(questions)
    assert (line["scores"], line["sampled"], line["never_followed_share"]) == (1, 0, None)


@for_each("fault", [Transient("away"), StoreUnavailable("away"), TimeoutError(), ValueError()])
async def test_store_that_is_away_costs_one_figure(fault: Exception) -> None:
    clock = Clock()
    questions = figures(clock, fault=fault)
    questions.note("sign-up", "app:1", matched=True)
    clock.now += FOLLOW_SECONDS
    questions.note("web", "app:2", matched=False)
    lines = [line for line in await told(questions) if "key" in line]
    assert [(line["match_share"], line["never_followed_share"]) for line in lines] == [
        (1.0, None),
        (0.0, None),
    ]


async def test_a_day_that_is_broken_off_is_told_when_the_gate_ends() -> None:
    clock = Clock()
    questions = figures(clock)
    questions.note("sign-up", "app:1", matched=True)

    class Ended(Exception):
        pass

    async def sleep(seconds: float) -> None:
        assert seconds == DAY_SECONDS
        raise Ended

    with capture_logs() as lines, pytest.raises(Ended):
        await questions.run(sleep)
    assert [line["key"] for line in lines] == ["sign-up"]
