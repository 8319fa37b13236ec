"""Chooses the tracer by the settings: OpenTelemetry where they ask for it, otherwise none."""

from __future__ import annotations

from streams.clock import Clock
from streams.errors import SettingsError
from streams.settings import Settings
from streams.tracing import OFF, Tracer


def tracer_of(settings: Settings, clock: Clock) -> Tracer:
    """The tracer that the settings ask for.

    Raises:
        SettingsError: traces are asked for, and the extra `tracing` is not installed.
    """
    if not settings.traces_url:
        return OFF
    try:
        from streams.telemetry.otel import tracer_to  # the extra: not imported where nobody asks for traces
    except ModuleNotFoundError:
        raise SettingsError(
            {"SAMEHAND_TRACES_URL": "needs the extra `tracing`: pip install 'samehand[tracing]'"}
        ) from None
    return tracer_to(settings, clock)
