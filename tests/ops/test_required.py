"""`make test-ops` proves, or fails: nothing is left out quietly."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.house import ROOT
from tests.ops.conftest import REQUIRED

NEEDY = "tests/ops/test_rules.py::test_the_rules_are_sound"


def outcome(required: str) -> subprocess.CompletedProcess[str]:
    """A test that needs a program of Debian's, where there is none."""
    environment = {**os.environ, "PATH": "/nowhere", REQUIRED: required}
    command = [sys.executable, "-m", "pytest", "-p", "no:xdist", NEEDY]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(("required", "code", "word"), [("1", 1, "1 error"), ("0", 0, "1 skipped")])
def test_a_missing_program_fails_where_it_is_required(required: str, code: int, word: str) -> None:
    ran = outcome(required)
    assert ran.returncode == code, ran.stdout
    assert word in ran.stdout
    assert "is not installed (Debian's packages: " in ran.stdout or required == "0"
