"""The events that are counted go through the agent twice alike: before a Redis, and before its tape."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from bench.instructions.events import BANNED_UNTIL
from bench.running.filled import SEED, filled
from tests.house import ROOT

BANS, EVENTS = 1_000, 150


@pytest.mark.journey
def test_what_was_recorded_is_found_again_without_a_redis(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    own = filled(BANS, SEED, BANNED_UNTIL)
    originals = tmp_path / "originals"
    originals.write_bytes(msgspec.msgpack.encode(own.originals))
    process = [sys.executable, "-m", "bench.instructions.events", "--tape", str(tmp_path / "tape")]
    process += ["--originals", str(originals), "--events", str(EVENTS), "--bans", str(BANS)]
    with own.server() as server:
        recorded = said([*process, "--record", server.url])
    assert int(recorded) >= 1
    assert said(process) == recorded


def said(command: list[str]) -> str:
    """What it prints."""
    own = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, env=own, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3_000:]
    return done.stdout
