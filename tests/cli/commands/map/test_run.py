"""A dry run over a sample: what maps, what fails and where, and what is wrong with the table itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from streams.kafka.client import admin, writer
from streams.settings import load
from tests.cli.running import Samehand, settings

MAPPING = """
[topics.users]
format = "json"
constants = { platform = "shop" }
fields = { account_id = "id", occurred_at = "at", handle = "name" }
[[topics.users.rules]]
as = "created"
"""
AT = "2026-03-01T09:30:00Z"


def table(tmp_path: Path, text: str = MAPPING) -> Path:
    path = tmp_path / "mappings.toml"
    path.write_text(text)
    return path


def sample(tmp_path: Path, *values: Any) -> Path:
    path = tmp_path / "sample.jsonl"
    path.write_text("".join(json.dumps(value) + "\n" for value in values))
    return path


def test_figures_and_words_say_the_same(samehand: Samehand, tmp_path: Path) -> None:
    values = [{"id": 1, "at": AT, "name": "umar"}, {"id": 2, "at": AT, "name": 5}, {"at": AT}]
    line = ("map", "--mapping", table(tmp_path), "--sample", sample(tmp_path, *values))
    figures, shown = samehand(*line, "--json"), samehand(*line)
    assert (figures.code, shown.code) == (0, 0)
    assert figures.figures["mapped"]["created"] == 2
    assert (figures.figures["records"], figures.figures["dead"]) == (3, 1)
    assert "3 records: 2 map, 0 have nothing to say, 1 would be dead letters." in shown.out
    assert "1 × missing-field at $.account.account_id: required, from `id`." in shown.out
    assert "Signals that would be silent: name, email, phone" in shown.out


def test_every_fault_of_the_table_is_told_by_line(samehand: Samehand, tmp_path: Path) -> None:
    broken = MAPPING.replace('"created"', '"made"').replace('"json"', '"jsn"')
    ran = samehand("map", "--mapping", table(tmp_path, broken), "--sample", sample(tmp_path, {}))
    assert ran.code == 2
    assert "mappings.toml: line 3: topics.users.format: must be one of json" in ran.err
    assert "cannot be used: 1 fault" in ran.err


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--sample", "SAMPLE"], "say which topic the sample is of (--topic): users, hooks"),
        (["--sample", "SAMPLE", "--topic", "userz"], "userz is not mapped; there are users, hooks"),
        (["--topic", "userz"], "userz is not mapped"),
        ([], "give --sample FILE, or --topic NAME"),
        (["--kcat", "--topic", "users"], "give --sample FILE"),
    ],
)
def test_what_is_asked_must_be_clear(samehand: Samehand, tmp_path: Path, words: list[str], why: str) -> None:
    two = MAPPING + "\n[topics.hooks]\nformat = 'mastodon'\nconstants.platform = 'm'\n"
    given = [str(sample(tmp_path, {})) if word == "SAMPLE" else word for word in words]
    ran = samehand("map", "--mapping", table(tmp_path, two), *given)
    assert ran.code == 2
    assert why in ran.err


@pytest.mark.parametrize(
    ("values", "why"), [([{}], "sample.jsonl: nothing maps"), ([], "sample.jsonl: holds no records")]
)
def test_a_sample_of_which_nothing_maps_is_no_success(
    samehand: Samehand, tmp_path: Path, values: list[Any], why: str
) -> None:
    ran = samehand("map", "--mapping", table(tmp_path), "--sample", sample(tmp_path, *values))
    assert ran.code == 2
    assert why in ran.err


def test_a_record_of_another_topic_is_named(samehand: Samehand, tmp_path: Path) -> None:
    told = {"topic": "orders", "partition": 0, "offset": 1, "payload": "{}"}
    ran = samehand("map", "--mapping", table(tmp_path), "--kcat", "--sample", sample(tmp_path, told))
    assert ran.code == 2
    assert "sample.jsonl:1: its topic, orders, is not mapped" in ran.err


def test_a_topic_is_read_without_moving_any_offset(
    samehand: Samehand, tmp_path: Path, broker: str, topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    topic = f"{topic_prefix}users"
    path = table(tmp_path, MAPPING.replace("topics.users", f'topics."{topic}"'))
    with settings(monkeypatch, kafka_brokers=broker, mappings=path, kafka_group=f"{topic_prefix}group"):
        with admin(load()) as client:
            order = {"num_partitions": 2, "replication_factor": 1, "configs": {}}
            client.create_topics({topic: order}, raise_errors=True)
        with writer(load()) as out:
            for number in range(5):
                value = json.dumps({"id": number, "at": AT}).encode()
                out.send(topic, key=b"%d" % number, value=value, headers=[]).get(timeout=60.0)
        first, again = (samehand("map", "--topic", topic, "--json") for _ in range(2))
    assert first.code == 0, first.err
    assert first.figures["mapped"]["created"] == again.figures["mapped"]["created"] == 5
