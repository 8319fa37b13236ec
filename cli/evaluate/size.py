"""``samehand size``: workers, Redis and Kafka that a platform needs, from what was measured."""

from __future__ import annotations

from dataclasses import asdict

import click

from cli import output
from cli.options import COUNT, FiniteRange, Whole, option
from report.sizing import PlatformSize, default, needed, unsupported, variable
from streams.settings.retention import RetentionSettings


@click.command("size")
@option("--sign-ups", "New accounts a day.", COUNT, required=True)
@option("--bans", "Bans to be stored.", COUNT, required=True)
@option("--changes", "Changes of profiles a day that you publish as accounts.updated.", COUNT, default=0)
@option(
    "--remember-days",
    "Days that new accounts are remembered for later bans.",
    Whole(min=1, max=365),
    default=default(RetentionSettings, "remember_days"),
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
        "masters": need.masters,
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
