"""Every table of examples/ that needs no registry, run by one bridge: its sample becomes records of ours."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from desk.cli.commands.map.foreign_records import of_file, of_kcat
from schemas.mapping.compiler import compile_mappings
from streams.kafka.client import admin, writer
from streams.outcomes import Arrival
from tests.desk.cli.commands.test_examples import EXAMPLES, FAULTS, MAPPED
from tests.journeys.bridged import Bridged

pytestmark = pytest.mark.journey

OF_A_REGISTRY = {"avro", "protobuf"}  # tests/streams/registry has these, with registries
NAMES = sorted(set(MAPPED) - OF_A_REGISTRY)


@pytest.fixture
def bridged(broker: str, tmp_path: Path) -> Iterator[Bridged]:
    made = Bridged(tmp_path, broker)
    yield made
    made.close()


def example(name: str, unique: str) -> tuple[str, str, list[Arrival]]:
    """The table and sample of an example, on a topic of this test alone."""
    text = (EXAMPLES / name / "mappings.toml").read_text("utf-8")
    [topic] = compile_mappings(text.encode(), name).topics
    [path] = (EXAMPLES / name).glob("sample*.jsonl")
    read = of_kcat if path.name.endswith(".kcat.jsonl") else of_file
    records = [record for _, record in read(path, topic, hear=lambda done: None)]
    ours = f"{unique}.{name}"
    return text.replace(f'[topics."{topic}"', f'[topics."{ours}"'), ours, records


def test_what_each_example_shows_happens_on_a_broker(bridged: Bridged) -> None:
    given = [example(name, bridged.foreign.partition(".")[0]) for name in NAMES]
    bridged.mapping.write_text("\n".join(text for text, _, _ in given), "utf-8")
    with admin(bridged.settings) as client:
        order = {"num_partitions": 1, "replication_factor": 1, "configs": {}}
        client.create_topics({topic: order for _, topic, _ in given}, raise_errors=True)
    with writer(bridged.settings) as out:
        for _, topic, records in given:
            for it in records:
                out.send(topic, key=it.key, value=it.value, headers=list(it.headers)).get(timeout=20.0)
    bridged.start()
    wanted = sum((Counter(MAPPED[name]) for name in NAMES), Counter[str]())
    faults = sorted(fault for name in NAMES for fault in FAULTS.get(name, []))

    def came() -> Counter[str]:
        counts = {topic.rpartition(".")[2]: len(bridged.values(topic)) for topic in bridged.topics.events}
        return +Counter(counts)

    bridged.until(
        lambda: came() == wanted and len(bridged.letters()) == len(faults), "all that the examples show"
    )
    assert sorted((reason, path) for reason, path, _ in bridged.letters()) == faults


def test_no_example_is_left_out() -> None:
    assert {path.parent.name for path in EXAMPLES.glob("*/mappings.toml")} == {*NAMES, *OF_A_REGISTRY}
