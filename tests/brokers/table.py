"""The contract's table in docs/brokers.md: ``python -m tests.brokers.table`` runs the contract and writes it.

The table is drawn from the tests' docstrings and the known gaps; the run proves that these are the truth. It
is not written unless every broker was there and every test ended as expected.
"""

from __future__ import annotations

import ast
import os
import sys
from pathlib import Path

import pytest

from tests.brokers.kinds import KINDS
from tests.brokers.known import KNOWN, WHOLE
from tests.house import ROOT

PAGE = ROOT / "docs" / "brokers.md"
BEGIN = "<!-- contract: written by python -m tests.brokers.table -->\n"
END = "<!-- end of contract -->\n"
SUITES = ("topics", "records", "groups", "faust", "crash")
HERE = Path(__file__).parent


def properties() -> dict[str, str]:
    """Each test's name without its ``test_``, and the property its docstring states."""
    found: dict[str, str] = {}
    for suite in SUITES:
        tree = ast.parse((HERE / f"test_{suite}.py").read_text(encoding="utf-8"))
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
                found[node.name.removeprefix("test_")] = (ast.get_docstring(node) or "").rstrip(".")
    return found


def render() -> str:
    """How many properties all brokers keep, a table of the others, and its footnotes, in Markdown."""
    broken = {name for _kind, name in KNOWN}
    lacking = [kind for kind in KINDS if kind.name in {kind for kind, _name in KNOWN}]
    whole = [kind.title for kind in KINDS if kind not in lacking]
    notes = list(dict.fromkeys(gap.instead for gap in KNOWN.values()))
    heading = ["property", *(kind.title for kind in lacking)]
    kept = len(properties().keys() - broken)
    rows = [
        _row([text, *(_cell(kind.name, name, notes) for kind in lacking)])
        for name, text in properties().items()
        if name in broken
    ]
    footnotes = [f"{number}. {note}\n" for number, note in enumerate(notes, start=1)]
    head = f"Both keep {kept} properties. {' and '.join(whole)} also keeps these:\n\n"
    table = [_row(heading), _row(["---"] * len(heading)), *rows]
    return "".join([head, *table, "\n", *footnotes])


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def _cell(kind: str, name: str, notes: list[str]) -> str:
    gap = KNOWN.get((kind, name))
    if gap is None:
        return "yes"
    return f"{'at times' if gap.at_times else 'no'} ({notes.index(gap.instead) + 1})"


def replaced(page: str) -> str:
    """The page with its table drawn anew."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{render()}\n{END}{after}"


class Skips:
    """Collects what was not run."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note a skipped test; an expected failure counts as skipped too, but was run."""
        if report.skipped and not hasattr(report, "wasxfail"):
            self.names.append(report.nodeid)


def main() -> int:
    """Run the contract on every broker and write the table; 1 if it could not be proven."""
    os.environ[WHOLE] = "1"
    skips = Skips()
    failed = pytest.main([str(HERE), "-k", "embedded or apache"], plugins=[skips])
    if failed or skips.names:
        sys.stderr.write(f"{len(skips.names)} tests were not run; the table is left as it was.\n")
        return 1
    PAGE.write_text(replaced(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
