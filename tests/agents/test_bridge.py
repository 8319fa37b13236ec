"""A bridge publishes what its table makes of a record, and nothing else of it."""

from __future__ import annotations

import asyncio
import json
from itertools import count
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from agents.bridge import Bridge, topic_of
from agents.common.turns import HELD_SECONDS
from schemas.mapping.compiler import compile_mappings
from schemas.mapping.fields import TARGETS
from schemas.wire import decode_created
from streams.kafka.topics import Names
from streams.outcomes import NOTHING, Dead, Outcome, Published
from streams.telemetry.metrics import Meters
from tests.makers import NOON, arrival
from tests.schemas.makers import record_of

TOPIC = "shop.users"
MAPPING = f"""
[topics."{TOPIC}"]
format = "json"
constants = {{ platform = "shop" }}
fields = {{ account_id = "id", occurred_at = "at", email = "mail" }}
[[topics."{TOPIC}".rules]]
when = "kind == 'signup'"
as = "created"
"""
SECRET = "umar@example.org"


class Shop:
    """A bridge with its meters; each look at the clock is a held turn later."""

    def __init__(self, now: float = NOON.timestamp()) -> None:
        self.meters = Meters(CollectorRegistry(), topics=[TOPIC])
        [mapping] = compile_mappings(MAPPING.encode(), "m").topics.values()
        ticks = count(0.0, 2 * HELD_SECONDS)
        self.bridge = Bridge(mapping, Names("t."), self.meters, now=lambda: now, ticks=lambda: next(ticks))

    async def told(self, *values: Any) -> list[Outcome]:
        """What becomes of records."""
        raws = [it if isinstance(it, bytes) else json.dumps(it).encode() for it in values]
        return await self.bridge([arrival(raw, topic=TOPIC, key=b"7") for raw in raws])


def signup(**more: Any) -> dict[str, Any]:
    return {"kind": "signup", "id": 7, "at": NOON.isoformat(), "mail": SECRET, **more}


async def test_a_record_of_ours_goes_to_our_topic_under_our_key() -> None:
    [outcome] = await Shop().told(signup())
    assert isinstance(outcome, Published)
    [emit] = outcome.emits
    assert (emit.topic, emit.key) == ("t.accounts.created", b"shop:7")
    assert record_of(decode_created(emit.value, now=NOON.timestamp())).account.email == SECRET


async def test_what_no_rule_takes_is_nothing_and_what_does_not_map_is_a_dead_letter_without_values() -> None:
    nothing, dead, rubbish = await Shop().told({"kind": "login"}, signup(id=[SECRET]), SECRET.encode())
    assert nothing == NOTHING
    assert dead == Dead("wrong-type", "$.account.account_id", "Expected `str`, got `array`, from `id`")
    assert isinstance(rubbish, Dead)
    assert SECRET not in f"{dead}{rubbish}"


async def test_what_a_record_came_without_is_counted_on_the_foreign_topic() -> None:
    shop = Shop()
    [outcome] = await shop.told(signup(mail=[SECRET]))
    assert isinstance(outcome, Published)
    assert shop.meters.fields_unusable.labels(TOPIC, "email", "wrong-type")._value.get() == 1


async def test_a_slow_clock_of_ours_makes_no_dead_letters() -> None:
    [outcome] = await Shop(now=NOON.timestamp() - 86_400).told(signup())
    assert isinstance(outcome, Published), "Kafka stamped it at noon, so noon has been"


async def test_others_get_their_turn_within_a_batch() -> None:
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    beside = asyncio.create_task(others())
    await Shop().told(*[signup()] * 100)
    beside.cancel()
    assert turns >= 12


@pytest.mark.parametrize("kind", TARGETS)
def test_every_kind_of_record_has_a_topic_of_ours(kind: Any) -> None:
    assert topic_of(Names())[kind] == f"accounts.{kind}"
