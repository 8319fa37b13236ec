"""Runs pytest, and what failed of it once more, alone, if that is at most three tests.

Run ``python -m tools.again FILE PYTEST-ARGUMENT…``, as `.ci/run` does through SAMEHAND_TRY_AGAIN=FILE. Of ten
thousand tests, hundreds start whole processes. One that fails beside others and passes alone says something
about the machine first, and must not discard a run of half an hour. It is no pass either: its name is printed
as ``FLAKY: name`` and added to FILE, which is the list of tests to mend. What fails twice, what is skipped
the second time, a fourth failure, and whatever ends pytest otherwise (an error in collection, a signal) fails
the run.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

#: A defect of ours fails most of a file's tests; more than these are no accident of the machine.
AGAIN_MAX = 3


def main(flaky: Path, arguments: list[str]) -> int:
    """Returns pytest's exit code, or 0 if each test that failed passes alone."""
    with TemporaryDirectory() as folder:
        fates = Path(folder) / "fates.json"
        command = [sys.executable, "-m", "pytest", *arguments, "-p", "tools.again", f"--fates={fates}"]
        code = subprocess.run(command, check=False).returncode  # noqa: S603  # our own arguments
        failed, _ = _read(fates)
        if code != pytest.ExitCode.TESTS_FAILED or not failed:
            return code
        if len(failed) > AGAIN_MAX:
            _say(f"{len(failed)} tests failed: too many to blame the machine")
            return code
        _say(f"once more, alone: {', '.join(sorted(failed))}")
        alone = ["-n", "0", "--dist", "no"] if "-n" in arguments else []
        subprocess.run([*command, *alone], check=False)  # noqa: S603  # as above
        failed_alone, passed_alone = _read(fates)
    passed = sorted(failed & passed_alone - failed_alone)
    with flaky.open("a", encoding="utf-8") as names:
        for name in passed:
            _say(f"FLAKY: {name}")
            names.write(f"FLAKY: {name}\n")
    return 0 if set(passed) == failed else code


def _read(fates: Path) -> tuple[set[str], set[str]]:
    """The tests that failed and those that passed in the run that wrote the file last."""
    if not fates.exists():  # it ended before any test could run
        return set(), set()
    written = json.loads(fates.read_bytes())
    return set(written["failed"]), set(written["passed"])


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


class Fates:
    """Runs what failed before, or all if nothing did, and writes down how each test ended."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._again, _ = _read(file)
        self._failed, self._passed = set[str](), set[str]()

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        if self._again:
            others = [item for item in items if item.nodeid not in self._again]
            items[:] = [item for item in items if item.nodeid in self._again]
            config.hook.pytest_deselected(items=others)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._failed.add(report.nodeid)
        elif report.passed and report.when == "call":
            self._passed.add(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        found = {"failed": sorted(self._failed), "passed": sorted(self._passed)}
        self._file.write_text(json.dumps(found), "utf-8")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fates", type=Path, help="where to write how tests ended, and to read which to run")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):  # the workers of pytest-xdist report to this process
        config.pluginmanager.register(Fates(config.getoption("fates")))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
