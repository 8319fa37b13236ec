"""The relay of withdrawals: what was not confirmed is owed, whatever happens to store, broker or worker."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Collection, Sequence
from dataclasses import dataclass, field

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from agents.common.again import look_again
from agents.common.context import AgentContext
from agents.runtime import outbox
from agents.runtime.outbox import LOOK_SECONDS, Relay
from schemas import examples
from schemas.wire import encode
from store.base import Owed
from store.errors import StoreUnavailable
from store.limits import OWED_AT_ONCE
from streams.errors import Transient
from streams.outcomes import Emit
from tests.agents.conftest import Life
from tests.makers import a_ban, a_reinstatement
from tests.store.makers import a_proposal
from tests.streams.fakes import FakeClock

BANNED = "telegram:77"


@dataclass
class Broker:
    """Takes records; those whose turn is among ``lost`` are never confirmed."""

    lost: set[int] = field(default_factory=set)
    sent: list[Emit] = field(default_factory=list)
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, emit: Emit) -> Awaitable[object]:
        """Buffers one."""
        self.sent.append(emit)
        self.heard.set()
        turn = len(self.sent)
        confirmed: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        if turn in self.lost:
            confirmed.set_exception(Transient("no answer"))
        else:
            confirmed.set_result(None)
        return confirmed


async def owing(life: Life, alerts: int, *, unreadable: Collection[int] = ()) -> list[str]:
    """A context that owes so many withdrawals of alerts on one ban; returns their ids."""
    await life.ban(a_ban("77", handle="umar_media"))
    several = [replace(examples.ALERT, account_id=str(n)) for n in range(alerts)]
    proposals = [
        a_proposal(alert.key, BANNED, payload=b'{"version":9}' if place in unreadable else encode(alert))
        for place, alert in enumerate(several)
    ]
    await life.context.store.propose(proposals, now=life.seconds)
    await life.tell(life.expunge, a_reinstatement("77"))
    return [one.alert_id for one in proposals]


async def test_what_the_broker_did_not_confirm_is_told_again_and_nothing_else(life: Life) -> None:
    alerts = await owing(life, 3)
    broker = Broker(lost={2})
    relay = Relay(life.context, broker, FakeClock())
    with pytest.raises(Transient):
        await relay.look()
    assert await relay.look() == 1
    assert await relay.look() == 0
    first, second, third, *states = broker.sent
    assert [it.last for it in states] == [True, True, False, True], "two states, then the alert and its own"
    assert states[2] == second
    assert {it.key for it in states} == {second.key, *(it.encode() for it in alerts)}
    assert third.key != first.key


async def test_state_that_the_broker_did_not_confirm_leaves_its_alert_owed(life: Life) -> None:
    await owing(life, 2)
    broker = Broker(lost={4})
    relay = Relay(life.context, broker, FakeClock())
    with pytest.raises(Transient):
        await relay.look()
    assert [await relay.look(), await relay.look()] == [1, 0]
    assert broker.sent[3] == broker.sent[5]
    assert broker.sent[4] == broker.sent[1]


async def test_however_many_there_are_they_are_told_in_bounded_batches(life: Life) -> None:
    await owing(life, OWED_AT_ONCE + 20)
    broker = Broker()
    relay = Relay(life.context, broker, FakeClock())
    assert [await relay.look() for _ in range(3)] == [OWED_AT_ONCE, 20, 0]
    assert len({emit.key for emit in broker.sent if not emit.last}) == OWED_AT_ONCE + 20


async def test_an_alert_that_does_not_read_back_holds_nobody_up(life: Life) -> None:
    alerts = await owing(life, 6, unreadable=(0, 2, 4))
    broker = Broker()
    with capture_logs() as told:
        assert await Relay(life.context, broker, FakeClock()).look() == 6
    assert {it.key for it in broker.sent if it.value is None} == {it.encode() for it in alerts}
    assert len([it for it in broker.sent if it.value is not None]) == 3, "their states are forgotten"
    faults = [it["alert_id"] for it in told if it["log_level"] == "error"]
    assert sorted(faults) == sorted(alerts[::2])
    withdrawn = life.context.metrics.registry.get_sample_value(
        "samehand_alerts_withdrawn_total", {"reason": "reinstated"}
    )
    assert withdrawn == 3
    assert await life.context.store.owed("another", now=life.seconds) == []


async def test_withdrawal_on_which_our_logic_fails_costs_only_what_it_made_room_for(
    life: Life, monkeypatch: pytest.MonkeyPatch
) -> None:
    alerts = await owing(life, 5)
    looked: list[str] = []

    async def failing(owed: Sequence[Owed], context: AgentContext) -> list[Emit]:
        if any(it.alert.alert_id == alerts[2] for it in owed):
            raise ZeroDivisionError("a mind that fails on one account")
        looked.extend(it.alert.alert_id for it in owed)
        return await look_again(owed, context)

    monkeypatch.setattr(outbox, "look_again", failing)
    relay = Relay(life.context, Broker(), FakeClock())
    assert await relay.look() == 5
    assert await relay.look() == 0
    assert sorted(looked) == sorted({*alerts} - {alerts[2]})


async def test_an_outage_of_the_store_is_waited_out(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    await owing(life, 1)
    clock, broker = FakeClock(), Broker()
    relay = Relay(life.context, broker, clock)
    owed, outages = life.context.store.owed, iter([True, True])

    async def away(holder: str, *, now: float) -> object:
        if next(outages, False):
            raise StoreUnavailable("away")
        return await owed(holder, now=now)

    monkeypatch.setattr(type(life.context.store), "owed", lambda self, holder, now: away(holder, now=now))
    running = asyncio.create_task(relay.run())
    await broker.heard.wait()
    running.cancel()
    assert clock.now() - FakeClock().now() >= 2 * LOOK_SECONDS
