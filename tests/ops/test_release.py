"""What a release publishes: the wheel works without a checkout, and the workflow publishes on a tag alone."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.house import ROOT, project
from tests.ops.chart import MISSING, helm

pytestmark = pytest.mark.ops

WORKFLOW = ROOT / ".github" / "workflows" / "release.yaml"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Wheel and sdist."""
    folder = tmp_path_factory.mktemp("dist")
    building = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    subprocess.run(building, cwd=ROOT, check=True, capture_output=True)
    return folder


def test_pypi_would_take_wheel_and_sdist(built: Path) -> None:
    pytest.importorskip("twine", reason=MISSING)
    files = sorted(map(str, built.iterdir()))
    assert len(files) == 2
    checked = subprocess.run(
        [sys.executable, "-m", "twine", "check", "--strict", *files], capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout
    assert not [it for it in project()["project"]["classifiers"] if it.startswith("Private")]


def test_wheel_away_from_the_checkout_finds_its_examples_and_what_the_first_steps_need(
    built: Path, tmp_path: Path
) -> None:
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")

    def samehand(*words: str) -> str:
        ran = subprocess.run(
            [sys.executable, "-m", "cli", *words],
            cwd=tmp_path,
            env={"PYTHONPATH": str(tmp_path / "installed"), "PYTHONSAFEPATH": "1", "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    examples = Path(samehand("--examples").strip())
    assert examples.is_relative_to(tmp_path)
    debezium = examples / "debezium"
    read = ("--mapping", str(debezium / "mappings.toml"), "--kcat")
    assert "records" in samehand("map", *read, "--sample", str(debezium / "sample.kcat.jsonl"))
    samehand("try", *read, "--events", str(debezium / "sample.kcat.jsonl"), "--out", "first-alert")
    assert (tmp_path / "first-alert" / "report.html").exists()


def jobs() -> dict[str, dict[str, Any]]:
    yaml = pytest.importorskip("yaml", reason=MISSING)
    found: dict[str, dict[str, Any]] = yaml.safe_load(WORKFLOW.read_text("utf-8"))["jobs"]
    return found


def test_release_started_by_hand_publishes_nothing() -> None:
    on_tag = "github.ref_type == 'tag'"
    publishing = {
        name: it for name, it in jobs().items() if "packages" in it["permissions"] or name == "pypi"
    }
    assert set(publishing) == {"pypi", "image", "chart"}
    assert [publishing[name]["if"] for name in ("pypi", "chart")] == [on_tag, on_tag]
    pushing = [it["with"]["push"] for it in publishing["image"]["steps"] if "push" in it.get("with", {})]
    assert pushing == [f"${{{{ {on_tag} }}}}"]


def test_release_runs_targets_that_there_are_and_holds_no_secret() -> None:
    text = WORKFLOW.read_text("utf-8")
    targets = set(re.findall(r"^\.PHONY: ([a-z-]+)$", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {target for line in re.findall(r"run: make (.+)", text) for target in line.split()}
    assert named == {"dist", "chart", "sbom"} <= targets
    assert "secrets." not in text


def test_archive_of_the_chart_is_one_that_helm_reads_with_its_page(tmp_path: Path) -> None:
    subprocess.run(["make", "--no-print-directory", "chart"], cwd=ROOT, check=True, capture_output=True)
    (archive,) = (ROOT / "build" / "chart").glob("*.tgz")
    with helm().Chart.load_archive(archive.read_bytes()) as chart:
        assert chart.name == "samehand"
    listed = subprocess.run(["tar", "tzf", archive], check=True, capture_output=True, text=True).stdout
    assert "samehand/README.md" in listed.split()
