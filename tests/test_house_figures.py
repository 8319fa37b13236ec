"""``make house`` counts what it names, on a tree small enough to count by eye."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tools.house import figures

PYPROJECT = '[tool.hatch.build.targets.wheel]\npackages = ["room"]\n'
ROOM = '''"""Weighs pairs, as the whoever of old told it."""

from room.small import Pair


def _once() -> int:
    """One."""
    return 1


def weigh() -> int:
    return _once() + Pair.twice + _twice(_twice(0))


def _twice(value: int) -> int:
    return 2 * value
'''
SMALL = "class Pair:\n    twice = 2\n"


def test_figures_count_a_small_tree(tmp_path: Path) -> None:
    written = {
        "pyproject.toml": PYPROJECT,
        "room/__init__.py": "",
        "room/weigh.py": ROOM,
        "room/small.py": SMALL,
        "room/other.py": "class Pair:\n    pass\n",
        "tests/test_weigh.py": "assert True\n",
        "bench/speed.py": "\n\n",
        "docs/page.md": "Six words stand on this page.\n",
        "docs/adr/0001-weigh.md": "Three words here\n",
    }
    for name, text in written.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, "utf-8")
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    subprocess.run(["git", "add", "."], cwd=tmp_path, check=True)
    assert {figure.name: figure.value for figure in figures(tmp_path)} == {
        "product lines": 20,
        "bench lines": 2,
        "test lines": 1,
        "docs words": 9,
        "median words of a decision": 3,
        "private functions, percent": 66.7,
        "private functions used once": 1,
        "docstrings of four words or fewer": 1,
        "'told', 'whoever', 'tells of'": 2,
        "files": 9,
        "files up to 60 lines with one importer": 1,
        "class names used more than once": 1,
        "widest folder, modules": 3,
    }
