"""What is counted for an event, and the figure that it is held to."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from bench.instructions.__main__ import BANS, EVENTS, total, verdict
from bench.instructions.events import BANNED_UNTIL
from bench.instructions.figure import MORE_MAX, Figure, NeedsReason, other, read, replaced, written
from bench.running.filled import SEED, filled
from tests.house import ROOT

# The events that are counted go through the agent twice alike: before a Redis, and before its tape.


EVENTS_BANS, EVENTS_EVENTS = 300, 40


@pytest.mark.journey
def test_what_was_recorded_is_found_again_without_a_redis(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    own = filled(EVENTS_BANS, SEED, BANNED_UNTIL)
    originals = tmp_path / "originals"
    originals.write_bytes(msgspec.msgpack.encode(own.originals))
    process = [sys.executable, "-m", "bench.instructions.events", "--tape", str(tmp_path / "tape")]
    process += ["--originals", str(originals), "--events", str(EVENTS_EVENTS), "--bans", str(EVENTS_BANS)]
    with own.server() as server:
        recorded = said([*process, "--record", server.url])
    assert int(recorded) >= 1
    assert said(process) == recorded


def said(command: list[str]) -> str:
    """What it prints."""
    own = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, env=own, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3_000:]
    return done.stdout


# The figure may be lowered, or raised with a reason; and it is held only where it was counted.


HERE = {"python": "3.11.7", "numpy": "2.1"}
ELSEWHERE = {**HERE, "numpy": "2.2"}
OLD = Figure(1_000_000, 300, 20_000, "", HERE)


def test_the_one_checked_in_is_of_what_is_counted_and_says_with_what() -> None:
    figure = read()
    assert figure.instructions_an_event > 0
    assert (figure.events, figure.bans) == (EVENTS, BANS)
    assert {"python", "numpy", "libc", "valgrind", "hiredis", "msgspec"} <= set(figure.counted_with)


def test_a_lower_one_takes_its_place() -> None:
    lower = replace(OLD, instructions_an_event=900_000)
    assert replaced(OLD, lower) is lower
    assert replaced(None, OLD) is OLD


def test_a_higher_one_needs_a_reason() -> None:
    higher = replace(OLD, instructions_an_event=1_000_001)
    with pytest.raises(NeedsReason, match="reason"):
        replaced(OLD, higher)
    argued = replace(higher, reason="pictures are compared too")
    assert replaced(OLD, argued) is argued


def test_counted_with_something_else_it_is_another_figure() -> None:
    new = replace(OLD, instructions_an_event=2_000_000, counted_with=ELSEWHERE)
    assert replaced(OLD, new) is new


def test_a_twentieth_more_is_refused_and_less_is_not() -> None:
    code, line = verdict(OLD, int(1_000_000 * MORE_MAX) + 1, HERE)
    assert code == 1
    assert "REASON" in line
    assert verdict(OLD, int(1_000_000 * MORE_MAX), HERE)[0] == 0
    code, line = verdict(OLD, 500_000, HERE)
    assert code == 0
    assert "lower the figure" in line


def test_where_something_else_counts_one_line_says_what() -> None:
    code, line = verdict(OLD, 9_000_000, ELSEWHERE)
    assert code == 0
    assert "\n" not in line
    assert "numpy 2.1, here 2.2" in line
    assert other(OLD, HERE) == []


def test_what_is_written_is_read(tmp_path: Path) -> None:
    written(OLD, tmp_path / "figure.json")
    assert read(tmp_path / "figure.json") == OLD


def test_callgrinds_own_sum_is_taken() -> None:
    assert total("# callgrind format\nsummary: 0\ntotals: 3884160855\n") == 3_884_160_855
    with pytest.raises(RuntimeError, match="nothing"):
        total("totals: 0\n")
