"""The bench of the mind, on a few bans: what it says adds up."""

from __future__ import annotations

import subprocess
from dataclasses import replace

import msgspec
import pytest

from bench import mind


async def test_every_pair_is_told_by_the_bound_or_in_full() -> None:
    found = await mind.measured(bans=400, events=30)
    assert found.events == 30
    assert 0 < found.spared < found.pairs
    assert found.full == found.pairs - found.spared
    assert set(found.seconds) == {mind.DISTIL, mind.COUNTS, mind.KEYS, mind.READ, mind.SCORE, mind.UNSPARED}
    assert 0 < found.unspared <= found.pairs
    assert f"{found.pairs:,} of 400 bans" in mind.table([found])


def test_rates_are_of_processor_time() -> None:
    seconds = {mind.DISTIL: 2.0, mind.COUNTS: 0.5, mind.KEYS: 1.0, mind.READ: 0.75, mind.SCORE: 0.25}
    seconds[mind.UNSPARED] = 2.0
    one = mind.Mind(
        bans=10, events=100, pairs=1_000, spared=900, unspared=200, seconds=seconds, machine=_SOME
    )
    assert one.distilled_a_second == 50
    assert one.scored_a_second == 400
    assert one.unspared_a_second == 100
    assert one.told_a_second == 1_000
    assert "set 90.0% aside" in mind.table([one])


def test_what_it_costs_in_python_stands_beside_it() -> None:
    steps = (mind.DISTIL, mind.COUNTS, mind.KEYS, mind.READ, mind.SCORE, mind.UNSPARED)
    several = [
        mind.Mind(10, 100, 1_000, 900, 200, dict.fromkeys(steps, seconds), _SOME) for seconds in (1.0, 2.0)
    ]
    told = mind.table(several)
    assert "| its blocking keys made, and what each may add | 10,000 |  | 20,000 µs |" in told
    assert "| all candidates compared in full, beside that |  | 200 pairs | 100 pairs |" in told


def test_beside_machine_code_a_process_of_its_own_thinks_in_python(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = (mind.DISTIL, mind.COUNTS, mind.KEYS, mind.READ, mind.SCORE, mind.UNSPARED)
    one = mind.Mind(10, 100, 1_000, 900, 200, dict.fromkeys(steps, 1.0), _SOME)
    asked: list[str] = []

    async def here(bans: int, events: int) -> mind.Mind:
        return replace(one, bans=bans, events=events)

    def elsewhere(
        command: list[str], *, env: dict[str, str], **_: object
    ) -> subprocess.CompletedProcess[bytes]:
        asked.append(env["PYTHONPATH"])
        return subprocess.CompletedProcess(command, 0, msgspec.json.encode([one]))

    monkeypatch.setenv("PYTHONPATH", "where/the/machine/code/is")
    monkeypatch.setattr(mind, "collect_seldom", lambda: None)
    monkeypatch.setattr(mind, "measured", here)
    monkeypatch.setattr(subprocess, "run", elsewhere)
    monkeypatch.setattr(mind, "form", lambda: "python")
    assert mind.side_by_side(20, 100) == [replace(one, bans=20)]
    assert asked == []
    monkeypatch.setattr(mind, "form", lambda: "compiled")
    assert mind.side_by_side(20, 100) == [replace(one, bans=20), one]
    assert asked == [""], "the child must not find the machine code"


_SOME: dict[str, str | int | float] = {
    "processor": "one",
    "cores": 1,
    "memory_gib": 1.0,
    "system": "Linux",
    "python": "3.11",
    "mind": "python",
    "load_average_1min": 0.0,
}
