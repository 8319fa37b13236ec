"""What `make mutants` replaces in a fork, and what needs a new process."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from tests.tables import for_each
from tools.forks import AtImport, replace_code

SOURCE = """\
from collections.abc import Callable
from dataclasses import dataclass, field

LIMIT = 3

def within(value: int, most: int = LIMIT) -> bool:
    return value <= most

def counted() -> Callable[[], int]:
    def count() -> int:
        return 1
    return count

@dataclass(frozen=True)
class Pair:
    one: int
    weight: float = field(default=2.0)

    @property
    def double(self) -> int:
        return self.one * 2

COUNT = counted()
"""


@pytest.fixture
def module(tmp_path: Path) -> ModuleType:
    path = tmp_path / "broken.py"
    path.write_text(SOURCE, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("broken", path)
    assert spec
    assert spec.loader
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def changed(module: ModuleType, old: str, new: str, ran_at_import: frozenset[int] = frozenset()) -> None:
    assert old in SOURCE
    replace_code(Path(str(module.__file__)), SOURCE, SOURCE.replace(old, new), set(ran_at_import))


def test_a_function_and_what_was_made_of_it_get_the_changed_code(module: ModuleType) -> None:
    within, pair, count = module.within, module.Pair(2), module.COUNT
    changed(module, "value <= most", "value < most")
    changed(module, "self.one * 2", "self.one / 2")
    changed(module, "return 1", "return 2")
    assert (within(3), pair.double, count(), module.counted()()) == (False, 1.0, 2, 2)


@for_each(
    ("old", "new"),
    [
        ("LIMIT = 3", "LIMIT = 4"),
        ("most: int = LIMIT", "most: int = -LIMIT"),
        ("default=2.0", "default=3.0"),
    ],
)
def test_what_is_made_at_import_needs_a_new_process(module: ModuleType, old: str, new: str) -> None:
    with pytest.raises(AtImport):
        changed(module, old, new)


def test_a_function_that_ran_at_import_needs_one_too(module: ModuleType) -> None:
    place = SOURCE.splitlines().index("    return count") + 1
    with pytest.raises(AtImport):
        changed(module, "return 1", "return 2", frozenset({place}))
    changed(module, "value <= most", "value < most", frozenset({place}))


def test_a_line_longer_or_shorter_changes_no_function_below(module: ModuleType) -> None:
    changed(module, "    return value <= most\n", "    value += 1\n    return value <= most\n")
    assert (module.within(3), module.Pair(2).double) == (False, 4)
