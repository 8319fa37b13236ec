"""The worker's image, as far as it can be judged without building it: what a linter of Dockerfiles says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.house import ROOT
from tests.ops.chart import MISSING

pytestmark = pytest.mark.ops


def test_the_dockerfile_is_clean() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    if not hadolint.exists():
        pytest.skip(MISSING)
    done = subprocess.run(
        [hadolint, ROOT / "deploy" / "image" / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
