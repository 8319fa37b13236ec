"""A pytest plugin for ``make unit``, ``make test-compiled`` and ``make mutants``: a tenth of the examples of
each property."""

from __future__ import annotations

from hypothesis import Phase, settings

settings.register_profile("unit", max_examples=10, deadline=None)
# Of a mutant it matters only that an example fails, not which is the least.
settings.register_profile("mutants", settings.get_profile("unit"), phases=(Phase.explicit, Phase.generate))
