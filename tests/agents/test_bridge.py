"""A bridge publishes what its table makes of a record, and nothing else of it."""

from __future__ import annotations

import asyncio
import json
from itertools import count
from threading import get_ident
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from agents.bridge import Bridge
from agents.common.yielder import HELD_SECONDS
from schemas.mapping.compiler import compile_mappings
from schemas.mapping.fields import TARGETS
from schemas.wire import decode_created
from streams.errors import Transient
from streams.kafka.mapped_topics import topic_of
from streams.kafka.topics import Names
from streams.off_loop import OFF_LOOP_BYTES
from streams.outcomes import NOTHING, Arrival, Dead, Outcome, Published
from streams.registry.client import Schema
from streams.registry.transcode import SchemaSource, Transcoder
from streams.telemetry.metrics import Metrics
from tests.makers import NOON, arrival
from tests.schemas.makers import record_of
from tests.streams.registry.makers import avro, of_wire
from tests.streams.registry.test_registry import Shelf
from tests.tables import for_each

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

    def __init__(self, now: float = NOON.timestamp(), registry: SchemaSource | None = None) -> None:
        self.metrics = Metrics(CollectorRegistry(), topics=[TOPIC])
        text = MAPPING if registry is None else MAPPING.replace('"json"', '"avro"')
        [mapping] = compile_mappings(text.encode(), "m").topics.values()
        ticks = count(0.0, 2 * HELD_SECONDS)
        transcoder = None if registry is None else Transcoder(registry, lambda: 0.0)
        self.bridge = Bridge(
            mapping,
            Names("t."),
            self.metrics,
            transcoder=transcoder,
            now=lambda: now,
            ticks=lambda: next(ticks),
        )

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
    assert shop.metrics.fields_unusable.labels(TOPIC, "email", "wrong-type")._value.get() == 1


async def test_a_value_that_no_worker_reads_is_counted_and_logged_once_by_its_shape() -> None:
    shop = Shop()
    with capture_logs() as logs:
        await shop.told(*[signup(mail=mail) for mail in ("umar example org", "umar#example", "umar")])
    assert shop.metrics.fields_unusable.labels(TOPIC, "email", "unreadable")._value.get() == 3
    [line] = logs
    assert (line["field"], line["example"]) == ("email", "xxxx xxxxxxx xxx")
    assert "umar" not in str(line)


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


async def test_large_records_are_read_off_the_loop_and_small_ones_on_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shop, threads = Shop(), []
    decided = shop.bridge._decided

    def noting(record: Arrival) -> Outcome:
        threads.append(get_ident() == main)
        return decided(record)

    main = get_ident()
    monkeypatch.setattr(shop.bridge, "_decided", noting)
    small, large = await shop.told(signup(), signup(bio="x" * OFF_LOOP_BYTES))
    assert isinstance(small, Published)
    assert isinstance(large, Published)
    assert threads == [True, False]


@for_each("kind", TARGETS)
def test_every_kind_of_record_has_a_topic_of_ours(kind: Any) -> None:
    assert topic_of(Names())[kind] == f"accounts.{kind}"


SIGNUP_SCHEMA: dict[str, Any] = {
    "type": "record",
    "name": "Signup",
    "fields": [{"name": name, "type": "string"} for name in ("kind", "id", "at", "mail")],
}


def of_avro(id_: int = 1) -> bytes:
    row = {"kind": "signup", "id": "7", "at": NOON.isoformat(), "mail": SECRET}
    return of_wire(id_, avro(SIGNUP_SCHEMA, row))


async def test_a_record_of_avro_is_read_by_the_schema_of_its_registry() -> None:
    shop = Shop(registry=Shelf({1: Schema("AVRO", text=json.dumps(SIGNUP_SCHEMA))}))
    good, unknown, wrong = await shop.told(of_avro(), of_avro(id_=2), b"{}")
    assert isinstance(good, Published)
    assert isinstance(unknown, Dead)
    assert (unknown.reason, unknown.detail) == ("unprocessable", "schema 2: the registry has no such schema")
    assert isinstance(wrong, Dead)
    assert wrong.detail == "the value is not in Confluent's wire format"


async def test_a_decimal_beyond_its_schema_is_a_dead_letter_at_once() -> None:
    amount = {"type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 2}
    schema = {**SIGNUP_SCHEMA, "fields": [{"name": "amount", "type": amount}, *SIGNUP_SCHEMA["fields"]]}
    shop = Shop(registry=Shelf({1: Schema("AVRO", text=json.dumps(schema))}))
    [outcome] = await shop.told(of_wire(1, b"\x80\x80\x40" + b"\1" * 2**19))
    assert outcome == Dead(
        "bad-format", "$", "schema 1: a decimal has more digits than its schema's precision"
    )


async def test_a_registry_that_is_away_holds_the_partition_and_makes_no_dead_letter() -> None:
    shelf = Shelf({1: Schema("AVRO", text=json.dumps(SIGNUP_SCHEMA))}, away=True)
    shop = Shop(registry=shelf)
    with pytest.raises(Transient):
        await shop.told(of_avro())
    shelf.away = False
    assert isinstance((await shop.told(of_avro()))[0], Published)
