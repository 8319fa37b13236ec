"""Bad lines are told with their address, and a flood of them is cut."""

from __future__ import annotations

import pytest

from cli.inputs.input_errors import TOLD_MAX, fault_line, tell_faults
from schemas.malformed import Malformed
from streams.outcomes import Dead


def test_a_fault_says_where_and_why() -> None:
    fault = Malformed("missing-field", "$.account", "no account")
    assert fault_line("bans.jsonl:3", fault) == "bans.jsonl:3: missing-field at $.account: no account"
    assert fault_line("a:1", Dead("logic-fault")) == "a:1: logic-fault at $"


def test_a_flood_is_cut_and_counted(capsys: pytest.CaptureFixture[str]) -> None:
    tell_faults([(f"f:{line}", Malformed("not-json")) for line in range(TOLD_MAX + 7)])
    err = capsys.readouterr().err.splitlines()
    assert len(err) == TOLD_MAX + 1
    assert err[-1] == "… and 7 more bad lines"
