"""What a platform needs of workers, Redis and Kafka, from costs that were measured (`docs/scale.md`)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel, ValidationError

from streams.settings.kafka import KafkaSettings
from streams.settings.retention import RetentionSettings
from streams.settings.store import StoreSettings

WORKER_MICROSECONDS: Final = 2_700.0
"""A worker's processor time an event, with twelve shards on three masters (`docs/scale.md`)."""

REDIS_MICROSECONDS: Final = 880.0
"""Processor time of all masters an event, measured with it."""

BAN_BYTES: Final = 2_150.0
"""A ban with every field and a picture (`bench.json`, memory), before its buckets are compacted."""

REMEMBERED_BYTES: Final = 1_210.0
"""A simulated account that is remembered, without a picture (4,000 accounts)."""

STORE_BYTES: Final = 40e6
"""An empty store."""

EVENT_BYTES: Final = 651.0
"""Read and written on Kafka for one event (`docs/scale.md`)."""

BANS_A_SECOND: Final = 1_000.0
"""First filling, of two processes and one master (`docs/scale.md`): more of one alone fill no faster."""

PROCESSES_MAX: Final = 64
"""Of a rebuild. Each takes some 150 MB. On two cores beside one Redis, two enrol 1.4 times as many bans a
second as one."""

BUSY_SHARE: Final = 0.7
"""Of a processor: above it, queues grow at every peak."""

MASTER_BYTES: Final = 16e9
"""A larger master takes minutes to copy to its replica and to load after a restart."""

HEADROOM: Final = 2.0
"""`maxmemory` over data: an upgrade that raises the layout fills a second store beside the first."""

DAY_SECONDS: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class PlatformSize:
    """What a platform brings. `peak`: the busiest minute beside the mean of a day."""

    sign_ups_a_day: int
    changes_a_day: int
    bans: int
    remember_days: int
    peak: float


@dataclass(frozen=True, slots=True)
class Needed:
    """What it needs; bytes and events a second as their names say, settings in their own units."""

    events_a_second_at_peak: float
    processors_busy_at_peak: float
    workers: int
    partitions: int
    remembered_accounts: int
    remembered_bytes: float
    redis_data_bytes: float
    redis_maxmemory_bytes: float
    masters: int
    kafka_bytes_a_second_at_peak: float
    filling_processes: int
    first_filling_hours: float
    settings: dict[str, int]


def needed(size: PlatformSize) -> Needed:
    """Multiplies the measured costs. Two workers at least: one is replaced while the other works."""
    rate = (size.sign_ups_a_day + size.changes_a_day) / DAY_SECONDS * size.peak
    processors = rate * WORKER_MICROSECONDS / 1e6
    workers = max(2, math.ceil(processors / BUSY_SHARE))
    remembered = size.sign_ups_a_day * size.remember_days
    remembered_bytes = remembered * REMEMBERED_BYTES
    data = STORE_BYTES + size.bans * BAN_BYTES + remembered_bytes
    masters = max(1, math.ceil(rate * REDIS_MICROSECONDS / 1e6 / BUSY_SHARE), math.ceil(data / MASTER_BYTES))
    partitions = max(8, 1 << ((2 * workers) - 1).bit_length())
    processes = min(workers, PROCESSES_MAX)
    return Needed(
        events_a_second_at_peak=rate,
        processors_busy_at_peak=processors,
        workers=workers,
        partitions=partitions,
        remembered_accounts=remembered,
        remembered_bytes=remembered_bytes,
        redis_data_bytes=data,
        redis_maxmemory_bytes=data * HEADROOM,
        masters=masters,
        kafka_bytes_a_second_at_peak=rate * EVENT_BYTES,
        filling_processes=processes,
        first_filling_hours=size.bans / BANS_A_SECOND / 3_600 / min(masters, processes / 2),
        settings={
            "topic_partitions": partitions,
            "store_bans": max(default(StoreSettings, "store_bans"), 2 * size.bans),
            "store_remembered": max(default(StoreSettings, "store_remembered"), remembered),
            "remember_megabytes": max(
                default(RetentionSettings, "remember_megabytes"), math.ceil(remembered_bytes / 1e6)
            ),
        },
    )


def unsupported(settings: dict[str, int]) -> str:
    """Returns which settings samehand refuses, and why; "" if it takes all."""
    faults = []
    for model in (KafkaSettings, StoreSettings, RetentionSettings):
        try:
            model.model_validate(
                {name: value for name, value in settings.items() if name in model.model_fields}
            )
        except ValidationError as refused:
            faults += [
                f"{variable(error['loc'][0])}={error['input']}: {error['msg']}" for error in refused.errors()
            ]
    return "; ".join(faults)


def variable(setting: object) -> str:
    return f"SAMEHAND_{setting}".upper()


def default(model: type[BaseModel], setting: str) -> int:
    return int(model.model_fields[setting].default)
