"""What fails once beside others and passes alone is named and fails no run; all else fails it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house import ROOT

#: Fails the first time that it is run.
LATE = """
from pathlib import Path
import pytest

def second(name):
    mark = Path(__file__).with_name(name)
    return mark.exists() or mark.touch()

def test_late():
    assert second("late")
"""
NEVER = "def test_never(): assert False\n"
GONE = 'def test_gone():\n    if second("gone"): pytest.skip("gone")\n    assert False\n'
MANY = '@pytest.mark.parametrize("at", range(3))\ndef test_many(at): assert second(str(at))\n'
UNKNOWN = "import nothing_of_that_name\n"


def run(folder: Path, tests: str, *options: str) -> tuple[int, list[str], str]:
    """Exit code, names that were called flaky, and all output of a run of ``tests``."""
    (folder / "test_it.py").write_text(tests, "utf-8")
    (folder / "pytest.ini").write_text("[pytest]\naddopts = -p no:cacheprovider\n", "utf-8")  # as ours has it
    flaky = folder / "flaky"
    ran = subprocess.run(
        [sys.executable, "-m", "tools.again", str(flaky), *options, "--rootdir", str(folder), str(folder)],
        cwd=ROOT,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    names = flaky.read_text("utf-8").splitlines() if flaky.exists() else []
    assert all(f"{name}\n" in ran.stdout for name in names)
    return ran.returncode, [name.rpartition("::")[2] for name in names], ran.stdout + ran.stderr


@pytest.mark.parametrize("options", [(), ("-p", "xdist", "-n", "2", "--dist", "worksteal")])
def test_what_passes_alone_is_named_and_fails_no_run(tmp_path: Path, options: tuple[str, ...]) -> None:
    code, names, said = run(tmp_path, LATE, *options)
    assert (code, names) == (0, ["test_late"]), said


def test_what_does_not_pass_alone_fails_the_run_and_the_other_is_named(tmp_path: Path) -> None:
    code, names, said = run(tmp_path, LATE + NEVER + GONE)  # it fails again, or is skipped
    assert (code, names) == (1, ["test_late"]), said


@pytest.mark.parametrize(("beside", "fails"), [(MANY, 1), (UNKNOWN, 2)], ids=["many", "not collected"])
def test_nothing_is_tried_again_after_more_than_accidents(tmp_path: Path, beside: str, fails: int) -> None:
    code, names, said = run(tmp_path, LATE + beside)
    assert (code, names, "once more" in said) == (fails, [], False), said
