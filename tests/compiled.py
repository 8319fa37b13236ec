"""A pytest plugin for ``make test-compiled``: ends the run where it would test the sources once more."""

from __future__ import annotations

import pytest

import samehand
from agents.runtime.worker import form


def pytest_configure() -> None:
    """Looks at what the tests are about to run."""
    if form() != "compiled":
        pytest.exit(f"the mind is not machine code: {samehand.__path__[0]}", returncode=2)
