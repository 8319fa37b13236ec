"""Stages of a batch, written down for whoever follows it, and nothing at all where nobody does."""

from __future__ import annotations

import pytest

from streams.errors import Transient
from streams.outcomes import NOTHING, Dead, Emit, Headers, Outcome, Published
from streams.tracing import (
    STEPS_OF_A_NAME_MAX,
    Trail,
    carrying,
    following,
    note,
    stage,
)
from tests.streams.fakes import FakeClock


class Followed:
    """A batch whose first event has a trace."""

    def __init__(self, trail: Trail) -> None:
        self.trail = trail

    def headers(self, place: int) -> Headers:
        return (("traceparent", b"ours"),) if place == 0 else ()

    def settled(self, outcomes: object) -> None:
        raise AssertionError("nobody settles here")


async def test_stages_are_written_down_with_their_times_and_what_they_were_part_of() -> None:
    clock = FakeClock()
    followed = Followed(Trail(clock.ticks))
    with following(followed):
        with stage("distil"):
            await clock.sleep(1.0)
        with stage("compare"):
            await clock.sleep(2.0)
            with stage("facts"):
                await clock.sleep(3.0)
        with stage("publish"):
            pass
    told = [(it.name, it.within, round(it.began, 3), round(it.ended, 3)) for it in followed.trail.steps]
    assert told == [
        ("distil", None, 0.0, 1.0),
        ("compare", None, 1.0, 6.0),
        ("facts", 1, 3.0, 6.0),
        ("publish", None, 6.0, 6.0),
    ]


def test_what_ended_a_stage_early_is_told_by_its_type_alone() -> None:
    followed = Followed(Trail(FakeClock().ticks))
    with following(followed), pytest.raises(Transient), stage("look-up"):
        raise Transient("quotes um4r@example.org")
    with following(followed), stage("look-up"):
        pass
    assert [(it.name, it.fault, it.within) for it in followed.trail.steps] == [
        ("look-up", "Transient", None),
        ("look-up", "", None),
    ]


def test_an_outages_retries_do_not_push_out_what_comes_after() -> None:
    followed = Followed(Trail(FakeClock().ticks))
    with following(followed):
        for _ in range(1_000):
            with stage("hold"):
                pass
        with stage("publish"):
            pass
    assert [it.name for it in followed.trail.steps] == ["hold"] * STEPS_OF_A_NAME_MAX + ["publish"]
    assert followed.trail.untold == 1_000 - STEPS_OF_A_NAME_MAX


def test_facts_are_not_even_gathered_where_nobody_follows() -> None:
    def never() -> dict[int, dict[str, str | int]]:
        raise AssertionError("this costs something")

    note(never)
    with following(None), stage("distil"):
        note(never)


def test_facts_of_one_event_add_up() -> None:
    followed = Followed(Trail(FakeClock().ticks))
    with following(followed):
        note(lambda: {0: {"event_id": "e-1"}})
        note(lambda: {0: {"candidates": 7}, 3: {"candidates": 0}})
    assert followed.trail.notes == {0: {"event_id": "e-1", "candidates": 7}, 3: {"candidates": 0}}


def test_a_batch_that_is_over_is_not_written_to() -> None:
    followed = Followed(Trail(FakeClock().ticks))
    with following(followed):
        pass
    with stage("distil"):
        note(lambda: {0: {"candidates": 1}})
    assert (followed.trail.steps, followed.trail.notes) == ([], {})


def test_only_what_the_followed_event_publishes_bears_its_headers() -> None:
    own = ("samehand-occurred-at", b"1.0")
    outcomes: list[Outcome] = [
        Published((Emit("accounts.banned", b"x:1", None, headers=(own,)), Emit("alerts", b"x:1", b"{}"))),
        Published((Emit("alerts", b"x:2", b"{}"),)),
        NOTHING,
        Dead("not-json"),
    ]
    first, *rest = carrying(Followed(Trail(FakeClock().ticks)), outcomes)
    assert isinstance(first, Published)
    assert [emit.headers for emit in first.emits] == [
        (own, ("traceparent", b"ours")),
        (("traceparent", b"ours"),),
    ]
    assert rest == outcomes[1:]
    assert carrying(None, outcomes) is outcomes
