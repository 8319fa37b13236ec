"""A pytest plugin for ``make fuzz`` and ``make properties``: more examples of each property."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# 30,000 examples a property, against 100 by default: the decoder's fuzzing tests then take about two minutes.
settings.register_profile(
    "fuzz",
    max_examples=30_000,
    deadline=None,
    derandomize=False,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile(
    "many", max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
