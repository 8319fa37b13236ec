"""The AsyncAPI document tells of every topic what the code says of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # ships no types

from schemas.alert_headers import alert_headers
from schemas.examples import ALERT
from streams.kafka.topics import allowed, wanted, wanted_by_gate
from streams.settings import load
from tools.asyncapi import DESCRIPTIONS, FILE, render

DOCUMENT = json.loads(render())


def test_the_file_is_what_the_generator_writes() -> None:
    assert FILE.read_text("utf-8") == render(), "run `python -m tools.asyncapi`"


def test_every_topic_is_described_as_the_process_that_writes_it_sets_it_up() -> None:
    settings = load({"SAMEHAND_SHADOW": "true", "SAMEHAND_SAMPLE_SHARE": "1"})
    gate_audit = [topic for topic in wanted_by_gate(settings) if topic.name == "gate.audit"]
    topics = [*wanted(settings), *allowed(settings, read="actioned", write="appeals"), *gate_audit]
    assert set(DOCUMENT["channels"]) == {topic.name for topic in topics} == set(DESCRIPTIONS)
    for topic in topics:
        kafka = DOCUMENT["channels"][topic.name]["bindings"]["kafka"]
        assert kafka["partitions"] == topic.partitions
        assert kafka["topicConfiguration"]["cleanup.policy"] == [topic.configs["cleanup.policy"]]
        operations = {it.partition(".")[0] for it in DOCUMENT["operations"] if it.endswith(f".{topic.name}")}
        called = {"READ": "receive", "WRITE": "send"}
        assert operations >= {called[right] for right in topic.rights}


def references(part: Any) -> Iterator[str]:
    """Every place that a part of the document points to."""
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        part = list(part.values())
    if isinstance(part, list):
        for it in part:
            yield from references(it)


def test_whatever_it_points_to_is_there() -> None:
    pointed = set(references(DOCUMENT))
    assert pointed
    for reference in pointed:
        place: Any = DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


def test_the_examples_are_what_their_messages_allow() -> None:
    for message in DOCUMENT["components"]["messages"].values():
        for example in message.get("examples", ()):
            schema = {**message["payload"], "components": DOCUMENT["components"]}
            jsonschema.Draft202012Validator(schema).validate(example["payload"])


def test_an_alerts_headers_are_all_told() -> None:
    told = DOCUMENT["components"]["messages"]["MirrorAlert"]["headers"]["properties"]
    assert {name for name, _ in alert_headers(ALERT)} <= set(told)
    assert "traceparent" in told
