"""What is published and counted as progress."""

from __future__ import annotations

import pytest

from streams.delivery.progress import Progress, Stage
from streams.delivery.publisher import publish
from streams.outcomes import Emit
from tests.streams.fakes import FakeBroker

# Sending a batch: what was not confirmed comes back, in order.


def emits(count: int) -> list[Emit]:
    return [Emit("alerts", b"k", b"v", marker=str(number)) for number in range(count)]


async def test_nothing_comes_back_when_all_is_confirmed() -> None:
    broker = FakeBroker([])
    assert await publish(broker, emits(3)) == []
    assert len(broker.confirmed) == 3


async def test_what_was_not_confirmed_comes_back() -> None:
    broker = FakeBroker([])
    broker.outages = 2
    assert [emit.marker for emit in await publish(broker, emits(4))] == ["0", "1"]


async def test_what_was_not_buffered_comes_back_behind_what_was_not_confirmed() -> None:
    class Full(FakeBroker):
        async def send(self, emit: Emit) -> object:  # type: ignore[override]  # a fake
            self.unbuffered = emit.marker == "2"
            return await super().send(emit)

    broker = Full([])
    broker.outages = 1
    back = await publish(broker, emits(4))  # type: ignore[arg-type]  # a fake
    assert [emit.marker for emit in back] == ["0", "2", "3"]
    assert [emit.marker for emit in broker.confirmed] == ["1"]


async def test_a_refusal_is_raised_once_the_others_are_settled() -> None:
    broker = FakeBroker([])
    broker.refusal = PermissionError()
    with pytest.raises(PermissionError):
        await publish(broker, emits(2))


async def test_last_records_are_sent_once_the_others_are_confirmed() -> None:
    broker = FakeBroker([])
    broker.outages = 1
    state, alert = (
        Emit("state", b"k", b"v", marker="state", last=True),
        Emit("alerts", b"k", b"v", marker="0"),
    )
    left = await publish(broker, [state, alert])
    assert (left, broker.confirmed) == ([alert, state], [])
    assert await publish(broker, left) == []
    assert [emit.marker for emit in broker.confirmed] == ["0", "state"]


# What a delivery shows of itself.


def test_reaching_a_stage_is_a_sign_of_life() -> None:
    progress = Progress("screen", "t")
    progress.move(Stage.PUBLISHING, 7.0)
    assert (progress.stage, progress.moved_at) == (Stage.PUBLISHING, 7.0)


@pytest.mark.parametrize("stage", list(Stage))
def test_only_an_outage_and_an_operator_are_waited_for_on_purpose(stage: Stage) -> None:
    waits = Progress("screen", "t", stage=stage).waits_on_purpose
    assert waits == (stage in {Stage.HOLDING, Stage.STOPPED})
