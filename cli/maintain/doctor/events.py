"""What ``doctor`` sees in the newest events: values that no worker can read, and therefore none compares."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

from agents.common.decoding import reading_moment
from agents.common.unusable_fields import UnusableFields, cure_of, example_of
from cli.inputs.foreign_records import of_topic
from cli.maintain.doctor.findings import DoctorFinding, warning
from report.text import plural
from schemas.malformed import Malformed
from schemas.mapping.compiler import Mappings
from schemas.mapping.mapper import Mapped
from schemas.wire import Decoded, decode_ban, decode_created
from streams.errors import TopicsError
from streams.kafka.topics import names
from streams.outcomes import Arrival
from streams.settings import Settings

SAMPLED: Final = 1_000
"""Newest records of a topic: a second, and a field that one in a hundred fills wrongly is seen."""

_Read = Callable[[Arrival, float], Decoded[Any] | Malformed | None]


def look_at_events(settings: Settings) -> list[DoctorFinding]:
    """Fields of the newest sign-ups and bans that cannot be used."""
    named = names(settings)
    return [
        *_of_topic(settings, named.created, lambda arrival, now: decode_created(arrival.value, now=now)),
        *_of_topic(settings, named.banned, lambda arrival, now: decode_ban(arrival.value, now=now)),
    ]


def look_at_mapped(settings: Settings, mappings: Mappings) -> list[DoctorFinding]:
    """The same of what a bridge would make of its topics; those that need a schema registry are left out."""
    findings: list[DoctorFinding] = []
    for topic, mapping in mappings.topics.items():
        if mapping.encoding != "registry":

            def read(arrival: Arrival, now: float, mapping: Any = mapping) -> Decoded[Any] | None:
                result = mapping.map(arrival, now=now)
                return result.found if isinstance(result, Mapped) else None

            findings += _of_topic(settings, topic, read)
    return findings


def _of_topic(settings: Settings, topic: str, read: _Read) -> list[DoctorFinding]:
    unusable, records = UnusableFields(), 0
    try:
        for _, arrival in of_topic(settings, topic, SAMPLED):
            decoded = read(arrival, reading_moment(arrival, time.time()))
            if isinstance(decoded, Decoded):
                records += 1
                unusable.add(decoded.record, decoded.unusable, pictures=False)
    except TopicsError:
        return []  # it is missing, which another finding reports
    return [
        warning(
            f"topic {topic}",
            f"{row['field']} is {row['reason']} in {row['records']:,} of the newest "
            f"{plural(records, 'record')}{example_of(row)}",
            cure_of(row),
        )
        for row in unusable.rows
    ]
