"""Refuses to start while weights that a former release's desk adopted are in no file.

Without this a process would score by the shipped table, unnoticed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from streams.errors import BrokerRefused
from streams.faust_app.start_checks import StartFault
from streams.kafka.client import reader
from streams.kafka.topics import former_weights
from streams.settings import PREFIX, Settings
from streams.supervision.exit_codes import EXIT_CONFIG


class _Decision(msgspec.Struct):
    """A decision about weights as former releases published it."""

    stage: str
    number: int
    adjustment: dict[str, Any] | None = None


def former_weights_fault(settings: Settings) -> StartFault | None:
    """The fault of an adopted live table on the former topic while no file of weights is set.

    A topic that we may not read says nothing: its rights were granted by former releases alone. Raises
    `BrokerUnavailable`.
    """
    if settings.weights is not None:
        return None
    topic = former_weights(settings)
    try:
        with reader(settings) as opened:
            adopted = is_adopted(
                arrival.value
                for partition in opened.partitions(topic)
                for arrival in opened.read(topic, partition)
            )
    except BrokerRefused:
        return None
    if not adopted:
        return None
    return StartFault(
        "weights",
        f"the topic {topic} holds a table that was adopted at the desk, and no file of weights is set",
        f"export that table with the former release (CHANGELOG.md, Upgrade) and set {PREFIX}WEIGHTS to the "
        "file, or delete the topic to return to the shipped table",
        EXIT_CONFIG,
    )


def is_adopted(values: Iterable[bytes | None]) -> bool:
    """Returns whether the live decision with the highest number adjusts the table; skips other bytes."""
    newest = _Decision("live", 0)
    for value in values:
        try:
            decision = msgspec.json.decode(value or b"", type=_Decision)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
            continue
        if decision.stage == "live" and decision.number > newest.number:
            newest = decision
    return newest.adjustment is not None
