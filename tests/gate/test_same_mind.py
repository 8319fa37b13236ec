"""Hundreds of accounts: what the gate says of each before, the stream says of it afterwards."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec

from schemas.alerts import MirrorAlert, without_digests
from schemas.record import Record
from schemas.wire import encode
from simulate.config import Config
from simulate.timeline.events import PlatformTopic
from simulate.timeline.stream import generate
from streams.outcomes import Published
from tests.agents.conftest import Life
from tests.gate.conftest import MakeCaller, MakeLife
from tests.makers import NOON, arrival

CONFIG = Config(seed=18, accounts=400, mirror_share=0.2, start=NOON + timedelta(days=1))
RANK = {"none": 0, "possible": 1, "likely": 2}


async def streamed(life: Life, agent: Any, event: Record | bytes | None) -> list[MirrorAlert]:
    """What the stream tells of one event."""
    before = len(life.heard)
    outcomes = await agent([replace(arrival(event), timestamp=life.seconds)])
    await life.publish(agent, outcomes)
    if agent is life.enrol:
        for emit in outcomes[0].emits if isinstance(outcomes[0], Published) else ():
            if emit.topic == life.context.topics.enrolled:
                await streamed(life, life.lookback, emit.value)
    return [it for it in life.heard[before:] if isinstance(it, MirrorAlert)]


async def test_gate_and_stream_say_the_same_of_every_account(
    make_caller: MakeCaller, make_life: MakeLife
) -> None:
    life = make_life(logged=False)
    caller = await make_caller(life)
    key = caller.key("score", "alerts", rate="1000000/s")
    agents = {
        PlatformTopic.CREATED: life.screen,
        PlatformTopic.UPDATED: life.changed,
        PlatformTopic.DELETED: life.forget,
        PlatformTopic.BANNED: life.enrol,
        PlatformTopic.REINSTATED: life.expunge,
    }
    told: dict[str, int] = {}
    asked = matches = 0
    for event in generate(CONFIG):
        assert isinstance(event.value, Record)
        life.seconds = event.at
        foreseen: list[MirrorAlert] = []
        if event.topic is PlatformTopic.CREATED:
            answer = await caller.post("/v1/score", encode(event.value), key=key)
            said = json.loads(answer.content)
            foreseen = msgspec.convert(said["alerts"], list[MirrorAlert])
            assert said["outcome"] == ("match" if foreseen else "no_match")
            asked, matches = asked + 1, matches + bool(foreseen)
        alerts = await streamed(life, agents[event.topic], event.value)
        if event.topic is PlatformTopic.CREATED:
            # What was told before at this band is a duplicate on the stream, and at the gate the same answer.
            shown = [without_digests(alert) for alert in alerts]
            assert [alert for alert in foreseen if alert in shown] == shown
            assert all(told[alert.alert_id] >= RANK[alert.band] for alert in foreseen if alert not in shown)
        told |= {it.alert_id: RANK[it.band] for it in life.alerts[-len(alerts) :] if alerts}
    assert asked == CONFIG.accounts
    assert matches > 40
