"""A revision's own code is measured beside this one's."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.against import __main__ as against
from bench.against.__main__ import Report, Turn, ratio, table
from bench.against.revision import ROOT, CannotBeLaid, Revision, laid_aside, today
from bench.running.crowd import AGES_DAYS, DAY_SECONDS, aged

# A revision beside today's: ratios with their intervals, and what is told of them.


MACHINE: dict[str, str | int | float] = {
    "processor": "a processor",
    "cores": 2,
    "memory_gib": 8.0,
    "system": "Linux",
    "python": "3.11.7",
    "mind": "python",
    "load_average_1min": 0.5,
}


def a_turn(worker: float, records: float = 60.0) -> Turn:
    return Turn(worker, 1_000.0, 120_000.0, records, 100.0, 300.0, 5)


def test_bans_are_of_all_ages_up_to_two_years() -> None:
    days = sorted((1e9 - aged(number, 1e9)) / DAY_SECONDS for number in range(10_000))
    assert 0 <= days[0] < 1
    assert AGES_DAYS - 1 < days[-1] <= AGES_DAYS
    assert days[5_000] == pytest.approx(AGES_DAYS / 2, rel=0.02)


def test_a_ratio_is_of_turns_and_knows_how_sure_it_is() -> None:
    steady = ratio([100.0, 200.0, 400.0], [50.0, 100.0, 200.0])
    assert steady is not None
    assert (steady.middle, steady.low, steady.high) == pytest.approx((0.5, 0.5, 0.5))
    shaky = ratio([100.0, 100.0], [40.0, 60.0])
    assert shaky is not None
    assert shaky.low < 0.4 < shaky.middle < 0.6 < shaky.high
    assert shaky.middle == pytest.approx(math.sqrt(0.4 * 0.6))


def test_there_is_no_ratio_of_what_was_not_measured() -> None:
    assert ratio([math.nan, 1.0], [1.0, 1.0]) is None
    assert ratio([0.0, 1.0], [1.0, 1.0]) is None
    assert ratio([1.0], [1.0]) is None


def test_the_table_tells_both_and_their_ratio() -> None:
    turns = {"724460d": [a_turn(3_000), a_turn(3_200)], "today": [a_turn(1_500), a_turn(1_600, math.nan)]}
    told = table(
        Report("724460d", {"724460d": "compiled", "today": "in Python"}, 20_000, 2_000, turns, MACHINE)
    )
    assert "| worker µs an event | 3,100 | 1,550 | 0.500 [0.500, 0.500] |" in told
    assert "724460d, compiled" in told
    assert "today, in Python" in told
    assert "in Python, load" in told


def test_a_revision_that_git_does_not_know_is_told() -> None:
    with pytest.raises(CannotBeLaid, match="rev-parse"):
        laid_aside("no-such-revision")


def test_today_runs_machine_code_only_where_that_was_put_first() -> None:
    assert today({}).form == "in Python"
    assert today({"PYTHONPATH": f"{ROOT}/build/compiled"}).form == "compiled"


def test_a_revisions_process_finds_its_own_modules_wherever_it_is_started(tmp_path: Path) -> None:
    (tmp_path / "samehand").mkdir()
    (tmp_path / "samehand" / "__init__.py").write_text("raise SystemExit('the wrong one')\n")
    own = Revision("today", Path(sys.executable), "")
    done = subprocess.run(
        [own.python, "-m", "cli", "--version"],
        cwd=tmp_path,
        env={**os.environ, **own.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.startswith("samehand "), done.stderr


@pytest.mark.journey
def test_a_revision_fills_its_own_store_and_takes_its_turns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Today's tree stands in for another: laying one aside takes minutes, and what runs does not know."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(against, "laid_aside", lambda name: Revision(name, Path(sys.executable), ""))
    monkeypatch.setattr(against, "_WARM_UP", 20)
    found = against.measured("stand-in", bans=300, events=30, turns=1)
    for (turn,) in found.turns.values():
        assert turn.worker_microseconds > 0
        assert turn.bytes_from_redis > 0
        assert turn.records > 0
    assert list((tmp_path / "samehand" / "bench").glob("against-stand-in-*.rdb"))
