"""Every table of examples/, run by one bridge: its sample becomes records of ours.

Samples of Avro and Protobuf are written as their producers do, in Confluent's wire format, under schemas that
a registry has.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from google.protobuf import (  # type: ignore[import-untyped]  # protobuf ships no types
    descriptor_pb2,
    descriptor_pool,
    json_format,
    message_factory,
    timestamp_pb2,
)

from cli.inputs.foreign_records import of_file, of_kcat
from schemas.mapping.compiler import compile_mappings
from streams.kafka.client import admin, writer
from streams.outcomes import Arrival
from tests.cli.test_on_accounts import EXAMPLES, FAULTS, MAPPED
from tests.journeys.bridged import Bridged
from tests.streams.registry.makers import FakeRegistry, avro, of_wire, registry

pytestmark = pytest.mark.journey

AVRO, PROTOBUF = 1, 4_000_000_000  # ids of schemas: the second needs all four bytes

MESSAGE: dict[str, Any] = {
    "name": "AccountEvent",
    "nested_type": [
        {
            "name": "Account",
            "field": [
                {"name": "id", "number": 1, "type": "TYPE_INT64"},
                {"name": "handle", "number": 2, "type": "TYPE_STRING"},
                {"name": "phone", "number": 3, "type": "TYPE_STRING"},
            ],
        },
        {"name": "Ban", "field": [{"name": "policy", "number": 1, "type": "TYPE_STRING"}]},
        {"name": "SignUp", "field": [{"name": "address", "number": 1, "type": "TYPE_STRING"}]},
    ],
    "field": [
        {"name": "at", "number": 1, "type_name": ".google.protobuf.Timestamp"},
        {"name": "account", "number": 2, "type_name": ".app.AccountEvent.Account"},
        {"name": "ban", "number": 3, "type_name": ".app.AccountEvent.Ban", "oneof_index": 0},
        {"name": "sign_up", "number": 4, "type_name": ".app.AccountEvent.SignUp", "oneof_index": 0},
    ],
    "oneof_decl": [{"name": "event"}],
}
"""What Protobuf's compiler makes of accounts.proto; it is in no package of Python's."""

FILE = json_format.ParseDict(
    {
        "name": "accounts.proto",
        "package": "app",
        "syntax": "proto3",
        "dependency": ["google/protobuf/timestamp.proto"],
        "message_type": [MESSAGE],
    },
    descriptor_pb2.FileDescriptorProto(),
)


@pytest.fixture
def registered() -> Iterator[FakeRegistry]:
    """A registry that has both schemas."""
    with registry() as fake:
        fake.avro(AVRO, json.loads((EXAMPLES / "avro" / "users.avsc").read_bytes()))
        fake.protobuf(PROTOBUF, FILE)
        yield fake


@pytest.fixture
def bridged(broker: str, tmp_path: Path, registered: FakeRegistry) -> Iterator[Bridged]:
    made = Bridged(tmp_path, broker, SAMEHAND_REGISTRY_URL=registered.url)
    yield made
    made.close()


def in_avro(value: bytes) -> bytes:
    """A line of Avro's sample as a producer writes it."""
    line = json.loads(value)
    schema = json.loads((EXAMPLES / "avro" / "users.avsc").read_bytes())
    return of_wire(AVRO, avro(schema, line | {"at": datetime.fromisoformat(line["at"])}))


def in_protobuf(value: bytes) -> bytes:
    """A line of Protobuf's sample as a producer writes it; the zero stands for a file's first message."""
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(timestamp_pb2.DESCRIPTOR.serialized_pb)
    pool.AddSerializedFile(FILE.SerializeToString())
    message = message_factory.GetMessageClass(pool.FindMessageTypeByName("app.AccountEvent"))()
    json_format.Parse(value, message, descriptor_pool=pool)
    return of_wire(PROTOBUF, b"\0" + message.SerializeToString())


WRITTEN = {"avro": in_avro, "protobuf": in_protobuf}


def example(name: str, unique: str) -> tuple[str, str, list[Arrival]]:
    """The table and sample of an example, on a topic of this test alone."""
    text = (EXAMPLES / name / "mappings.toml").read_text("utf-8")
    [topic] = compile_mappings(text.encode(), name).topics
    [path] = (EXAMPLES / name).glob("sample*.jsonl")
    read = of_kcat if path.name.endswith(".kcat.jsonl") else of_file
    records = [record for _, record in read(path, topic, hear=lambda done: None)]
    if name in WRITTEN:
        records = [replace(it, value=WRITTEN[name](it.value or b"")) for it in records]
    ours = f"{unique}.{name}"
    return text.replace(f'[topics."{topic}"', f'[topics."{ours}"'), ours, records


def test_what_each_example_shows_happens_on_a_broker(bridged: Bridged) -> None:
    given = [example(name, bridged.foreign.partition(".")[0]) for name in MAPPED]
    bridged.mapping.write_text("\n".join(text for text, _, _ in given), "utf-8")
    with admin(bridged.settings) as client:
        order = {"num_partitions": 1, "replication_factor": 1, "configs": {}}
        client.create_topics({topic: order for _, topic, _ in given}, raise_errors=True)
    with writer(bridged.settings) as out:
        for _, topic, records in given:
            for it in records:
                out.send(topic, key=it.key, value=it.value, headers=list(it.headers)).get(timeout=60.0)
    bridged.start()
    wanted = sum((Counter(counts) for counts in MAPPED.values()), Counter[str]())
    faults = sorted(fault for found in FAULTS.values() for fault in found)

    def came() -> Counter[str]:
        counts = {topic.rpartition(".")[2]: len(bridged.values(topic)) for topic in bridged.topics.events}
        return +Counter(counts)

    bridged.until(
        lambda: came() == wanted and len(bridged.letters()) == len(faults), "all that the examples show"
    )
    assert sorted((reason, path) for reason, path, _ in bridged.letters()) == faults
    created = [(it.key, json.loads(it.value or b"")) for it in bridged.read(bridged.topics.created)]
    # Two examples have an app:7: the bridge promises no order between their topics.
    moments = sorted(record["occurred_at"] for key, record in created if key == b"app:7")
    assert moments == ["2026-03-01T09:30:15Z", "2026-03-01T09:33:15Z"], "JSON's and Avro's"
    [longest] = [record for key, record in created if key == b"app:9007199254740994"]
    assert longest["account"]["ip"] == "203.0.113.24", "no digit of an id was lost"


def test_the_schema_that_is_shown_is_the_one_that_is_tried() -> None:
    shown = (EXAMPLES / "protobuf" / "accounts.proto").read_text("utf-8")
    fields = [*MESSAGE["field"], *(it for nested in MESSAGE["nested_type"] for it in nested["field"])]
    assert all(f" {it['name']} = {it['number']};" in shown for it in fields)
    assert shown.count(" = ") == len(fields) + 1, "beside its syntax"
    assert {path.parent.name for path in EXAMPLES.glob("*/mappings.toml")} == {*MAPPED}
