"""A sample comes with what its command prints: values alone, or keys and headers as well."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import pytest

from cli.inputs.foreign_records import of_file, of_kcat, of_topic
from streams.errors import TopicsError
from streams.kafka.client import admin, writer
from streams.outcomes import Arrival
from streams.settings import load


def heard(done: int) -> None:
    """Nobody listens."""


def envelope(**more: Any) -> dict[str, Any]:
    told = {"topic": "users", "partition": 1, "offset": 7, "ts": 1_500, "key": "k", "payload": '{"a": 1}'}
    return {**told, "headers": ["h", "v", "n", None], **more}


def written(tmp_path: Path, *lines: Any) -> Path:
    path = tmp_path / "sample.jsonl"
    path.write_text("\n".join(it if isinstance(it, str) else json.dumps(it) for it in lines) + "\n")
    return path


def test_a_line_of_a_file_is_a_value_with_its_address(tmp_path: Path) -> None:
    path = written(tmp_path, '{"a": 1}', "", "{")
    found = list(of_file(path, "users", hear=heard))
    assert [(address, it.topic, it.value) for address, it in found] == [
        (f"{path}:1", "users", b'{"a": 1}'),
        (f"{path}:3", "users", b"{"),
    ]


def test_a_line_of_kcat_is_a_whole_record(tmp_path: Path) -> None:
    [(_, found)] = of_kcat(written(tmp_path, envelope()), "other", hear=heard)
    assert found == Arrival("users", 1, 7, b"k", b'{"a": 1}', (("h", b"v"), ("n", b"")), 1.5)
    [(_, tombstone)] = of_kcat(written(tmp_path, envelope(payload=None, topic=None)), "other", hear=heard)
    assert (tombstone.value, tombstone.topic) == (None, "other")


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        "5",
        {"partition": 0, "offset": 1},
        envelope(headers=["h"]),
        envelope(key=7),
        envelope(ts="x"),
    ],
)
def test_what_kcat_never_prints_is_named_by_its_line(tmp_path: Path, line: Any) -> None:
    with pytest.raises(click.ClickException, match=r"sample.jsonl:1: is no record of `kcat -J`"):
        list(of_kcat(written(tmp_path, line), "users", hear=heard))


def test_of_a_topic_the_newest_are_read(broker: str, topic_prefix: str) -> None:
    settings = load({"SAMEHAND_KAFKA_BROKERS": broker})
    topic = f"{topic_prefix}foreign"
    with admin(settings) as client:
        client.create_topics(
            {topic: {"num_partitions": 1, "replication_factor": 1, "configs": {}}}, raise_errors=True
        )
    with writer(settings) as out:
        for number in range(10):
            out.send(topic, key=None, value=b"%d" % number, headers=[]).get(timeout=60.0)
    found = [(address, it.value) for address, it in of_topic(settings, topic, 3)]
    assert found == [(f"{topic}:0:{n}", b"%d" % n) for n in (7, 8, 9)]
    assert len(list(of_topic(settings, topic, 1_000))) == 10


def test_a_topic_that_is_not_there_is_named(broker: str, topic_prefix: str) -> None:
    with pytest.raises(TopicsError, match="there is no topic"):
        list(of_topic(load({"SAMEHAND_KAFKA_BROKERS": broker}), f"{topic_prefix}nowhere", 3))
