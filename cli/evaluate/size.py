"""``samehand size``: workers, Redis and Kafka that a platform needs, from what was measured."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Final

import click
from pydantic import BaseModel, ValidationError

from cli import output
from cli.options import COUNT, FiniteRange, Whole, option
from streams.settings.kafka import KafkaSettings
from streams.settings.retention import RetentionSettings
from streams.settings.store import StoreSettings

WORKER_MICROSECONDS: Final = 2_700.0
"""A worker's processor time an event, with twelve shards on three masters (`docs/scale.md`)."""

REDIS_MICROSECONDS: Final = 880.0
"""Processor time of all masters an event, measured with it."""

BAN_BYTES: Final = 860.0
"""A ban with every field and a picture (`bench.json`, memory), and its entries in the ban index."""

REMEMBERED_BYTES: Final = 820.0
"""A remembered account of the demo (`samehand_remembered_bytes` over `samehand_remembered_accounts`)."""

STORE_BYTES: Final = 40e6
"""An empty store."""

EVENT_BYTES: Final = 651.0
"""Read and written on Kafka for one event (`docs/scale.md`)."""

BANS_A_SECOND: Final = 1_000.0
"""First filling, of two processes and one master (`docs/scale.md`): more of one alone fill no faster."""

BUSY_SHARE: Final = 0.7
"""Of a processor: above it, queues grow at every peak."""

MASTER_BYTES: Final = 16e9
"""A larger master takes minutes to copy to its replica and to load after a restart."""

HEADROOM: Final = 2.0
"""`maxmemory` over data: an upgrade that raises the layout fills a second store beside the first."""

SHARD_SLOTS: Final = (1 << 24) - (1 << 16)
"""Bans, and remembered accounts, that one shard can number (`store/redis/remembered.py`)."""

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
    shards: int
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
    masters = max(
        1,
        math.ceil(rate * REDIS_MICROSECONDS / 1e6 / BUSY_SHARE),
        math.ceil(data / MASTER_BYTES),
    )
    shards = max(masters, math.ceil(size.bans / SHARD_SLOTS), math.ceil(remembered / SHARD_SLOTS))
    # A shard lies on one master as a whole: two of 12 GB are one too many.
    masters = max(masters, math.ceil(shards / max(1, MASTER_BYTES * shards // data)))
    partitions = max(8, 1 << ((2 * workers) - 1).bit_length())
    processes = min(workers, 64)  # as many as a rebuild takes
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
        shards=shards,
        kafka_bytes_a_second_at_peak=rate * EVENT_BYTES,
        filling_processes=processes,
        first_filling_hours=size.bans / BANS_A_SECOND / 3_600 / min(masters, processes / 2),
        settings={
            "topic_partitions": partitions,
            "store_shards": shards,
            "store_bans": max(_default(StoreSettings, "store_bans"), 2 * size.bans),
            "store_remembered": max(_default(StoreSettings, "store_remembered"), remembered),
            "remember_megabytes": max(
                _default(RetentionSettings, "remember_megabytes"), math.ceil(remembered_bytes / 1e6)
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


def _default(model: type[BaseModel], setting: str) -> int:
    return int(model.model_fields[setting].default)


@click.command("size")
@option("--sign-ups", "New accounts a day.", COUNT, required=True)
@option("--bans", "Bans to be stored.", COUNT, required=True)
@option("--changes", "Changes of profiles a day that you publish as accounts.updated.", COUNT, default=0)
@option(
    "--remember-days",
    "Days that new accounts are remembered for later bans.",
    Whole(min=1, max=365),
    default=_default(RetentionSettings, "remember_days"),
)
@option(
    "--peak",
    "Sign-ups in the busiest minute beside the mean of a day.",
    FiniteRange(min=1.0, max=1_000.0),
    default=4.0,
    metavar="X",
)
@output.json_option
def command(sign_ups: int, bans: int, changes: int, remember_days: int, peak: float) -> int:
    """Estimate workers, Redis and Kafka for a platform of your size, and the settings to begin with.

    Multiplies costs that were measured on one machine (docs/scale.md); above a million bans they are
    extrapolated. Connects to nothing. Measure your own with `samehand doctor` once it runs.

    \b
    Examples:
      samehand size --sign-ups 50000 --bans 20000
      samehand size --sign-ups 9000000 --bans 500000 --json | jq .settings
    """
    need = needed(PlatformSize(sign_ups, changes, bans, remember_days, peak))
    if faults := unsupported(need.settings):
        raise click.UsageError(
            f"No store is that large ({faults}): remember fewer days, or split by platform."
        )
    settings = {variable(name): value for name, value in need.settings.items()}
    filling = need.first_filling_hours
    took = f"{filling:,.1f} hours" if filling >= 1 else f"{filling * 60:,.0f} minutes"
    found = {
        "events a second at the peak": f"{need.events_a_second_at_peak:,.1f}",
        "workers": f"{need.workers:,} ({need.processors_busy_at_peak:,.1f} processors busy at the peak)",
        "partitions": need.partitions,
        "Redis": f"{_bytes(need.redis_data_bytes)}; maxmemory {_bytes(need.redis_maxmemory_bytes)} in all",
        "masters, shards": f"{need.masters:,}, {need.shards:,}",
        "remembered accounts": f"{need.remembered_accounts:,}: {_bytes(need.remembered_bytes)} of it",
        "Kafka": f"{_bytes(need.kafka_bytes_a_second_at_peak)} a second at the peak",
        "first filling": f"{took} by {need.filling_processes} processes",
    }
    return output.result(
        {**asdict(need), "settings": settings},
        output.facts(("what", "needed"), found),
        "Settings to begin with; those of the store are set once:",
        *(f"{name}={value}" for name, value in settings.items()),
    )


def _bytes(size: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1_000:
            return f"{size:,.0f} {unit}"
        size /= 1_000
    return f"{size:,.1f} TB"
