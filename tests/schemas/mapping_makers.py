"""Foreign records and mappings in which a test states only what matters."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any

from schemas.malformed import Malformed
from schemas.mapping.compiler import MappingError, compile_mappings
from schemas.mapping.mapper import Mapped, Result, TopicMapping

TOPIC = "shop.users"
WRITTEN_AT = 1_767_225_600.0
"""When Kafka had the foreign records: 2026-01-01."""

PLAIN = f"""
[topics."{TOPIC}"]
format = "json"
constants = {{ platform = "shop" }}
fields.account_id = "id"
fields.occurred_at = "at"
[[topics."{TOPIC}".rules]]
as = "created"
"""


@dataclass(frozen=True, slots=True)
class AForeign:
    """A record of another house's topic."""

    value: bytes | None
    key: bytes | None = None
    headers: tuple[tuple[str, bytes], ...] = ()
    topic: str = TOPIC
    partition: int = 3
    offset: int = 17
    timestamp: float = WRITTEN_AT


def foreign(value: Any, **how: Any) -> AForeign:
    """A record that holds a value as JSON, and None for a tombstone; bytes stay what they are."""
    raw = value if value is None or isinstance(value, bytes) else json.dumps(value).encode()
    return AForeign(raw, **how)


def mapping(text: str) -> TopicMapping:
    """The one topic that a file maps."""
    [topic] = compile_mappings(text.encode(), "mappings.toml").topics.values()
    return topic


def plain(*lines: str) -> TopicMapping:
    """Sign-ups as plain JSON with `id` and `at`, and further lines of the topic's table."""
    table, rules = PLAIN.split("[[", 1)
    return mapping(table + "\n".join(lines) + "\n[[" + rules)


def result(mapped: TopicMapping, value: Any, **how: Any) -> Result:
    """What becomes of a value."""
    return mapped.map(foreign(value, **how), now=math.inf)


def record_of(outcome: Result) -> Any:
    """The record of ours that an outcome must be."""
    assert isinstance(outcome, Mapped), outcome
    return outcome.found.record


def left_out(outcome: Result) -> tuple[tuple[str, str], ...]:
    """Fields that a record came without, each with the reason."""
    assert isinstance(outcome, Mapped), outcome
    return tuple((it.field, str(it.reason)) for it in outcome.found.unusable)


def fault(outcome: Result) -> tuple[str, str]:
    """Reason and path of an outcome that must be a dead letter."""
    assert isinstance(outcome, Malformed), outcome
    return outcome.reason, outcome.path


def faults_of(text: str) -> list[str]:
    """What is said of a file that must be wrong, a line each."""
    try:
        compile_mappings(text.encode(), "m")
    except MappingError as wrong:
        return str(wrong).splitlines()
    raise AssertionError("nothing is wrong")
