"""The stage: everything up when it opens, nothing left when it closes, and a reason when it cannot open."""

from __future__ import annotations

import os
import urllib.request
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request

import pytest

from cli.commands.demo.servers import NotReady, stage

pytestmark = pytest.mark.journey


def test_what_is_started_is_ready_and_ends(broker: str, tmp_path: Path) -> None:
    with stage(tmp_path) as running:
        pid = running.worker.pid
        assert pid is not None
        with urllib.request.urlopen(f"{running.web}/metrics", timeout=5.0) as answer:
            assert b"samehand_build_info" in answer.read()
        assert (running.logs / "worker.log").stat().st_size > 0
        call = Request(f"{running.gate}/v1/score", b"{}", {"Authorization": f"Bearer {running.key}"})
        with pytest.raises(
            HTTPError
        ) as refused:  # it answers, to who has the key: there is no account in this
            urllib.request.urlopen(call, timeout=5.0)
        assert refused.value.code == 400
        with urllib.request.urlopen(running.desk, timeout=5.0) as answer:
            assert b"This link works once." in answer.read()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_worker_that_cannot_start_says_why(
    broker: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAMEHAND_LIKELY", "7")
    with pytest.raises(NotReady, match="SAMEHAND_LIKELY"), stage(tmp_path):
        pass
