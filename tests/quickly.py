"""A pytest plugin for ``make unit``: property tests with a tenth of their examples, between two edits."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("unit", max_examples=10, deadline=None)
