"""A pytest plugin for ``make unit`` and ``make test-compiled``: a tenth of the examples of each property."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("unit", max_examples=10, deadline=None)
