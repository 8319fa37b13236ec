"""The tools of developers: what failed is run again, lines are broken, a release is cut."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import date
from functools import cache
from pathlib import Path

import pytest

from tests.house import ROOT
from tests.tables import for_each
from tools import compiled, house
from tools.compiled import MIND, STAY, NotCompiled, compile_into, compiled_modules
from tools.mutants import ROOMS, Mutant, draw, mutants, near_tests, survives
from tools.release import CannotBeCut, release

# What fails once beside others and passes alone is named and fails no run; all else fails it.


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


# What becomes machine code, and what must stay Python.


@cache
def chosen() -> set[str]:
    return {path.as_posix() for path in compiled_modules(ROOT / MIND)}


def test_what_every_pair_goes_through_is_compiled() -> None:
    path = {
        "samehand/scoring/score.py",
        "samehand/scoring/upper_bound.py",
        "samehand/names/similarity.py",
        "samehand/signals/handle.py",
    }
    assert path <= chosen()


def test_records_stay_python_or_they_would_lose_their_options() -> None:
    with_structs = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / MIND).rglob("*.py")
        if "(msgspec.Struct" in path.read_text("utf-8")
    }
    assert with_structs
    assert chosen().isdisjoint(with_structs)


def test_what_is_named_as_staying_is_there() -> None:
    assert {name for name in STAY if not (ROOT / MIND / name).is_file()} == set()
    assert chosen().isdisjoint(f"{MIND}/{name}" for name in STAY)


def test_where_the_compiler_refuses_nothing_is_laid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tree" / MIND).mkdir(parents=True)
    (tmp_path / "tree" / MIND / "wrong.py").write_text("count: int = 'three'\n", "utf-8")
    monkeypatch.setattr(compiled, "ROOT", tmp_path / "tree")
    with pytest.raises(NotCompiled, match=r"wrong\.py:1: error"):
        compile_into(tmp_path / "into", Path("python3"))
    assert not (tmp_path / "into").exists()


# ``make house`` counts a tree small enough to count by eye; ``make lint`` keeps its budget.


PYPROJECT = '[tool.hatch.build.targets.wheel]\npackages = ["room"]\n'
ROOM = '''"""Weighs pairs, as the whoever of old told it."""

from room.small import Pair


def _once() -> int:
    """One."""
    return 1  # which is code beside a comment


# A comment is none.
def weigh() -> str:
    return """
    nor is a blank line, unless in a text

    """


def _twice(value: int) -> int:
    return 2 * _twice(_twice(value))
'''
TREE = {
    "pyproject.toml": PYPROJECT,
    "room/__init__.py": "",
    "room/weigh.py": ROOM,
    "room/small.py": "class Pair:\n    twice = 2\n",
    "room/other.py": "class Pair:\n    pass\n",
    "room/weigh.lua": "-- weighs\n\nreturn 1 -- pair\n",
    "room/page.html": "<p>\n\n</p>\n",
    "room/other.min.js": "one()\n",
    "deploy/panels.py": "PANELS = 3\n",
    "tests/test_weigh.py": "import room\n\nassert room\n",
    "tests/page.html": "<p>\n",
    "bench/speed.py": "\n\nrun()\n",
    "tools/count.py": "count()\n",
    "examples/read.py": "read()\n",
    "docs/page.md": "Six words stand on this page.\n",
    "docs/adr/0001-weigh.md": "Three words here\n",
}


@pytest.fixture
def small_tree(tmp_path: Path) -> Path:
    for name, text in TREE.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "."], cwd=tmp_path, check=True)
    (tmp_path / "room" / "not_added.py").write_text("x = 1\n", "utf-8")
    return tmp_path


def test_size_leaves_out_blanks_comments_docstrings_and_imports(small_tree: Path) -> None:
    rooms, sums = house.size(small_tree)
    assert rooms == {"bench": 1, "deploy": 1, "examples": 1, "room": 14, "tests": 1, "tools": 1}
    assert sums == {
        "product": 15,
        "bench and tools": 2,
        "tests": 1,
        "templates, scripts and styles": 2,
        "words in .md files": 9,
    }


def test_figures_measure_how_plain_a_small_tree_is(small_tree: Path) -> None:
    assert {figure.name: figure.value for figure in house.figures(small_tree)} == {
        "private functions, percent": 66.7,
        "private functions used once": 0,
        "docstrings of four words or fewer": 1,
        "'told', 'whoever', 'tells of'": 2,
        "files up to 60 lines with one importer": 1,
        "class names used more than once": 1,
        "widest folder, modules": 3,
    }


def test_house_above_its_budget_fails_and_names_what_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(house, "size", lambda: ({}, {"product": 14}))
    monkeypatch.setattr(house, "surface", lambda: {"topics": 2})
    monkeypatch.setattr(house, "BUDGET", tmp_path / "budget.toml")
    house.BUDGET.write_text("product = 14\ntopics = 2\n", "utf-8")
    assert (house.main(["--check"]), capsys.readouterr().out) == (0, "")
    house.BUDGET.write_text("product = 13\ntopics = 2\n", "utf-8")
    assert house.main(["--check"]) == 1
    assert capsys.readouterr().out.split() == ["above", "tools/budget.toml:", "product", "14", "→", "13"]


# Which lines `make mutants` breaks, and which tests it asks.


SOURCE = """
LIMIT = 3

def kept(values: list[int] | None, *, most: int = 3) -> list[int]:
    if not values:
        return []
    values.sort()
    return values[: most + 1]
"""


def some_mutants(count: int) -> list[Mutant]:
    return [Mutant("agents/judge.py", line, line, line + 1, "x") for line in range(count)]


def test_a_seed_draws_the_same_lines_again_and_each_line_once() -> None:
    drawn = draw(some_mutants(100), 20, seed=3)
    assert drawn == draw(some_mutants(100)[::-1], 20, seed=3)
    assert drawn != draw(some_mutants(100), 20, seed=4)
    assert len({mutant.line for mutant in drawn}) == 20
    assert len(draw(some_mutants(5), 20, seed=3)) == 5


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


def test_every_room_has_near_tests() -> None:
    assert all((ROOT / room).is_dir() and (ROOT / tests).is_dir() for room, tests in ROOMS.items())


def test_mutants_change_what_runs_and_no_annotation_or_table() -> None:
    changed = {
        (line, broken)
        for mutant in mutants("agents/judge.py", SOURCE)
        for line, (kept, broken) in enumerate(
            zip(SOURCE.splitlines(), mutant.broken(SOURCE).splitlines(), strict=True)
        )
        if kept != broken
    }
    assert changed == {
        (3, "def kept(values: list[int] | None, *, most: int = (4)) -> list[int]:"),
        (4, "    if (not not values):"),
        (4, "    if (values):"),
        (6, "    pass"),
        (7, "    return values[: (most - 1)]"),
        (7, "    return values[: most + (2)]"),
    }


def test_mutant_that_no_near_test_sees_survives(tmp_path: Path) -> None:
    tests = "from agents.judge import kept\n\ndef test_kept():\n    assert kept([1], most=3) == [1]\n"
    quickly = (ROOT / "tests" / "quickly.py").read_text("utf-8")
    written = {"agents/judge.py": SOURCE, "tests/agents/test_judge.py": tests, "tests/quickly.py": quickly}
    written |= dict.fromkeys(("agents/__init__.py", "tests/__init__.py"), "")
    written["pytest.ini"] = "[pytest]\naddopts = -p no:faker -p no:schemathesis\n"  # seconds of each start
    for name, text in written.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    fates = {
        mutant.text: survives(tmp_path, mutant)
        for mutant in mutants("agents/judge.py", SOURCE)
        if mutant.text in ("pass", "(values)")
    }
    assert fates == {"pass": True, "(values)": False}
    assert (tmp_path / "agents" / "judge.py").read_text("utf-8") == SOURCE


# A release: one version in every place, the changelog cut, and nothing at all where something is wrong.


DAY = date(2026, 12, 24)
PATHS = ("pyproject.toml", "deploy/helm/samehand/Chart.yaml", "docs/asyncapi.json", "CHANGELOG.md")
HIGHER = "999.0.0"


@pytest.fixture
def files() -> dict[str, str]:
    """As they stand in this tree, with something unreleased."""
    found = {path: (ROOT / path).read_text("utf-8") for path in PATHS}
    found["CHANGELOG.md"] = found["CHANGELOG.md"].replace(
        "## [Unreleased]\n", "## [Unreleased]\n\n### Added\n\n- A thing.\n", 1
    )
    return found


def test_every_place_names_the_new_version_once(files: dict[str, str]) -> None:
    found = release(HIGHER, files, DAY)
    assert f'\nversion = "{HIGHER}"\n' in found["pyproject.toml"]
    assert f"\nversion: {HIGHER}\nappVersion: {HIGHER}\n" in found["deploy/helm/samehand/Chart.yaml"]
    assert f'"version": "{HIGHER}"' in found["docs/asyncapi.json"]
    assert {path: text.count(HIGHER) for path, text in found.items()} == {
        "pyproject.toml": 1,
        "deploy/helm/samehand/Chart.yaml": 2,
        "docs/asyncapi.json": 1,
        "CHANGELOG.md": 1,
    }


def test_what_was_unreleased_stands_under_the_version_and_its_day(files: dict[str, str]) -> None:
    text = release(HIGHER, files, DAY)["CHANGELOG.md"]
    assert f"## [Unreleased]\n\n## [{HIGHER}] - 2026-12-24\n\n### Added\n\n- A thing.\n" in text


@pytest.mark.parametrize(
    ("version", "because"),
    [
        ("0.0.1", "no higher"),
        ("next", "three numbers"),
        ("1.2", "three numbers"),
        ("1.2.3; rm", "three numbers"),
    ],
)
def test_what_is_no_higher_version_is_refused(files: dict[str, str], version: str, because: str) -> None:
    with pytest.raises(CannotBeCut, match=because):
        release(version, files, DAY)


def test_without_anything_unreleased_there_is_no_release(files: dict[str, str]) -> None:
    files["CHANGELOG.md"] = "# Changelog\n\n## [Unreleased]\n\n## [0.1.0] - 2026-01-01\n\n- It began.\n"
    with pytest.raises(CannotBeCut, match="say what changed"):
        release(HIGHER, files, DAY)


def test_a_place_that_names_another_version_is_named(files: dict[str, str]) -> None:
    files["docs/asyncapi.json"] = "{}"
    with pytest.raises(CannotBeCut, match="asyncapi"):
        release(HIGHER, files, DAY)
