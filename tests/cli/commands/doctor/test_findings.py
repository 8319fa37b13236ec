"""What doctor has to say, counted."""

from __future__ import annotations

import pytest

from cli.commands.doctor.findings import Finding, count, fine, warning, wrong


@pytest.mark.parametrize(
    ("findings", "said"),
    [
        ([fine("a", "b")], "All is well: a worker would start and be ready."),
        ([fine("a", "b"), warning("a", "b")], "A worker would start and be ready; 1 warning"),
        ([wrong("a", "b", "c"), warning("a", "b")], "1 fault, 1 warning"),
        ([wrong("a", "b", "c")] * 2, "2 faults, 0 warnings"),
    ],
)
def test_the_last_line_says_how_much_is_wrong(findings: list[Finding], said: str) -> None:
    assert count(findings) == said
