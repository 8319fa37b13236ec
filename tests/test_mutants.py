"""Which lines `make mutants` breaks, and which tests it asks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tables import for_each
from tools.mutants import (
    ROOMS,
    ROOT,
    Mutant,
    Mutator,
    Notes,
    Outcome,
    changed_lines,
    draw,
    near_tests,
    statement_lines,
    table,
)

SOURCE = """
def kept(values: list[int] | None, *, most: int = 3) -> list[int]:
    if not values:
        return []
    values.sort()
    return values[: most + 1]
"""


def mutants(count: int, *, path: str = "agents/judge.py") -> list[Mutant]:
    return [Mutant(path, line, "NumberReplacer", line) for line in range(count)]


def test_a_seed_draws_the_same_lines_again_and_each_line_once() -> None:
    drawn = draw(mutants(100), 20, seed=3)
    assert drawn == draw(mutants(100)[::-1], 20, seed=3)
    assert drawn != draw(mutants(100), 20, seed=4)
    assert len({mutant.line for mutant in drawn}) == 20
    assert len(draw(mutants(5), 20, seed=3)) == 5


@for_each(
    ("path", "first", "last"),
    [
        ("agents/common/snapshot.py", "tests/agents/common/test_common.py", "tests/agents"),
        ("samehand/signals/network.py", "tests/samehand/signals/test_signals.py", "tests/samehand"),
        ("samehand/keys.py", "tests/samehand", "tests/samehand"),
        ("desk/review/deciding/decide.py", "tests/desk/review/test_deciding.py", "tests/desk"),
    ],
)
def test_the_nearest_tests_are_asked_first_and_none_twice(path: str, first: str, last: str) -> None:
    runs = near_tests(path, ROOT)
    assert (runs[0][0], runs[-1][0]) == (first, last)
    for place, run in enumerate(runs):
        assert run[1:] == [f"--ignore={former[0]}" for former in runs[:place]]


def test_the_tests_that_run_a_line_are_asked_nearest_then_quickest_first() -> None:
    far, near = "tests/agents/test_judge.py::far", "tests/agents/common/test_snapshot.py::"
    path, shared = "agents/common/snapshot.py", "tests/agents/test_bans.py"
    seconds = {f"{shared}::all": 0.1, far: 0.2, f"{near}slow": 3.0, f"{near}quick": 1.0, f"{near}other": 0.0}
    lines = {path: {"7": [far, f"{near}slow"], "8": [f"{near}quick", shared], "9": [f"{near}other"]}}
    asked = Notes(seconds, lines).tests_of(path, range(7, 9), near_tests(path, ROOT))
    assert asked == [f"{near}quick", f"{near}slow", f"{shared}::all", far]


@for_each(
    ("line", "first", "last"),
    [(2, 2, 2), (3, 3, 3), (4, 4, 4), (9, 8, 10), (10, 8, 10)],
)
def test_a_line_is_run_where_its_statement_is(line: int, first: int, last: int) -> None:
    source = f"{SOURCE}def more() -> int:\n    return max(\n        1,\n    )\n".replace("\n\n", "\n")
    assert statement_lines(source, line) == range(first, last + 1)


def test_every_room_has_near_tests() -> None:
    assert all((ROOT / room).is_dir() and (ROOT / tests).is_dir() for room, tests in ROOMS.items())


def test_the_share_that_was_found_is_told_by_room() -> None:
    fates = ("killed", "killed", "timeout", "survived")
    outcomes = [Outcome(mutant, fate, "", 1.0) for mutant, fate in zip(mutants(4), fates, strict=True)]
    assert [row.split() for row in table(outcomes).splitlines()[1:]] == [
        ["agents", "4", "2", "1", "1", "75%"],
        ["all", "4", "2", "1", "1", "75%"],
    ]


def test_each_mutant_changes_one_line_that_can_be_run(tmp_path: Path) -> None:
    pytest.importorskip("cosmic_ray", reason="make mutants installs it")
    mutator = Mutator()
    made = {
        changed_lines(SOURCE, changed).splitlines()[-1].strip("+ "): mutant.operator
        for mutant in mutator.mutants("agents/judge.py", SOURCE)
        if (changed := mutator.mutated(SOURCE, mutant)) is not None
    }
    assert made.pop("pass") == "DropStatement"
    assert made.pop("return values[: most - 1]") == "ReplaceBinaryOperator_Add_Sub"
    assert "ReplaceUnaryOperator_Delete_Not" in made.values()
    assert not any("&" in line or (line.startswith("def") and "most: int = 3" in line) for line in made)
