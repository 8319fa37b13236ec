"""What the image holds is listed, and what an advisory service does not know is not called safe."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house import ROOT
from tests.ops.chart import MISSING
from tests.ops.test_lock import pins
from tools.audit import read_answer, report_on

KNOWN = {"name": "aiohttp", "version": "3.14.5", "vulns": []}
VULNERABLE = {"name": "redis", "version": "8.1.0", "vulns": [{"id": "CVE-2026-1", "fix_versions": ["8.1.1"]}]}
UNASKED = {"name": "faust-streaming", "skip_reason": "not found"}


def test_a_known_vulnerability_fails_and_says_how_it_is_mended() -> None:
    answer = read_answer([{"dependencies": [KNOWN, VULNERABLE]}])
    assert (answer.code(require=False), answer.code(require=True)) == (1, 1)
    assert answer.said().splitlines() == [
        "redis 8.1.0: CVE-2026-1, mended in 8.1.1",
        "1 known vulnerabilities in 2 packages",
    ]


def test_what_nobody_was_asked_about_is_told_and_fails_only_where_an_answer_is_required() -> None:
    answer = read_answer([{"dependencies": [KNOWN, UNASKED]}, {"dependencies": [KNOWN, UNASKED]}])
    assert (answer.code(require=False), answer.code(require=True)) == (0, 1)
    assert answer.said().splitlines() == [
        "0 known vulnerabilities in 1 packages",
        "no advisory service answers here about 1 packages",
    ]


def test_a_service_out_of_reach_is_no_clean_bill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = tmp_path / "pip-audit"
    broken.write_text("#!/bin/sh\necho 'ERROR: connection refused' >&2\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    answer = read_answer([report_on(tmp_path / "run.lock")])
    assert (answer.asked, answer.unasked) == (0, ("everything in run.lock",))


@pytest.mark.ops
def test_the_bill_of_materials_holds_what_the_image_lays_at_its_version(tmp_path: Path) -> None:
    program = Path(sys.executable).with_name("cyclonedx-py")
    if not program.exists():
        pytest.skip(MISSING)
    subprocess.run(
        ["make", "--no-print-directory", "sbom", f"SBOM={tmp_path / 'sbom.json'}"], cwd=ROOT, check=True
    )
    bill = json.loads((tmp_path / "sbom.json").read_text("utf-8"))
    listed = {it["name"]: it["version"] for it in bill["components"]}
    locked = pins("run.lock")
    assert set(listed) == set(locked)
    assert all("hashes" in str(it) for it in bill["components"]), "a component without a hash proves nothing"
    assert (bill["specVersion"], bill["metadata"]["component"]["name"]) == ("1.6", "samehand")
