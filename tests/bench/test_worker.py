"""The table of whole workers; the run itself is judged by tests/stress."""

from __future__ import annotations

import pytest

from bench import worker
from bench.machine import machine
from bench.worker import (
    AIOKAFKA,
    FULL,
    PASS_THROUGH,
    UNCOMPILED,
    Report,
    Turn,
    contenders,
    rows,
    summary,
    table,
)


def a_turn(worker_seconds: float, events: int = 100) -> Turn:
    return Turn(events=events, seconds=2.0, worker_seconds=worker_seconds, redis_seconds=0.5, alerts=3)


@pytest.fixture
def report() -> Report:
    found = {
        PASS_THROUGH: [a_turn(0.1), a_turn(0.2), a_turn(0.1)],
        FULL: [a_turn(0.4), a_turn(0.4), a_turn(0.8)],
        AIOKAFKA: [a_turn(0.2), a_turn(0.2), a_turn(0.2)],
    }
    return Report(1_000, "embedded", 3, rows(found), found, machine())


def test_a_ratio_is_the_median_of_the_turns_own(report: Report) -> None:
    assert report.ratio == pytest.approx(0.25)  # of 0.25, 0.5 and 0.125
    full = next(row for row in report.rows if row.contender == FULL)
    assert full.worker_microseconds == pytest.approx(4_000)
    assert full.redis_microseconds == pytest.approx(5_000)
    assert full.events_a_second == pytest.approx(50)


def test_a_worker_in_python_stands_beside_one_on_machine_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "form", lambda: "compiled")
    assert contenders() == (PASS_THROUGH, FULL, UNCOMPILED, AIOKAFKA)
    monkeypatch.setattr(worker, "form", lambda: "python")
    assert contenders() == (PASS_THROUGH, FULL, AIOKAFKA)


def test_the_table_has_a_line_a_contender(report: Report) -> None:
    told = table(report)
    assert "1,000 bans, embedded broker" in told
    assert f"| {FULL} | 250 | 4,000 + 5,000 | 50 | 0.250 |" in told
    assert "goal: 0.25 of pass-through, reached 0.250" in summary(report)
