"""The demo as a stranger runs it: alerts, a summary, exit code 0, and no process left behind."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house import ROOT
from tests.printed import printed

pytestmark = pytest.mark.journey

MARK = "SAMEHAND_DEMO_TEST"
PROGRAM = (sys.executable, "-u", "-m", "cli")
DEMO = printed(".venv/bin/samehand demo --for 35")[1:]


def processes_with(mark: str) -> list[str]:
    """Processes that inherited a variable from us."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if mark.encode() in (folder / "environ").read_bytes() and folder.name != str(os.getpid()):
                found.append((folder / "cmdline").read_text())
        except OSError:
            continue  # it ended while we looked, or is not ours
    return found


def test_it_ends_by_itself_with_a_summary(broker: str, tmp_path: Path) -> None:
    mark = f"{MARK}={tmp_path}"
    ended = subprocess.run(
        [*PROGRAM, *DEMO, "--accounts", "300", "--json"],
        env={**os.environ, MARK: str(tmp_path), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout.splitlines()[-1])
    assert told["finished"]
    assert told["worker_alive"]
    assert told["alerts_by_direction"]["forward"] > 0
    assert told["dead_letters"] == told["malformed_sent"] > 0
    assert told["mirrors_found"] > told["mirrors"] / 2
    assert "\x1b[" not in ended.stdout, "colours are for terminals"
    assert processes_with(mark) == []
    left = [path.name for path in tmp_path.iterdir() if not path.name.startswith("samehand-ports")]
    assert left == []


def test_who_stops_it_reads_the_summary_too(broker: str, tmp_path: Path) -> None:
    """`timeout 300 make demo` sends SIGTERM to make, which passes it on."""
    mark = f"{MARK}={tmp_path}"
    if subprocess.run(
        ["make", "--question", "install"], cwd=ROOT, capture_output=True, check=False
    ).returncode:
        pytest.skip("make would lay .venv first: make install")
    running = subprocess.Popen(
        printed("make demo"),
        cwd=ROOT,
        env={**os.environ, MARK: str(tmp_path), "TMPDIR": str(tmp_path), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert running.stdout is not None
    lines = []
    for line in running.stdout:
        lines.append(line)
        if "resembles banned" in line:
            break
    running.terminate()
    rest, _ = running.communicate(timeout=60)
    assert "resembles banned" in lines[-1], lines
    assert rest.count("mirrors found") == 1
    assert processes_with(mark) == []


def test_less_than_it_takes_to_start_is_refused() -> None:
    ended = subprocess.run(
        [*PROGRAM, "demo", "--for", "3"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2
    assert len(ended.stderr.strip().splitlines()) == 1
