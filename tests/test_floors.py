"""Rooms import only from the floors below them."""

from __future__ import annotations

import ast
import re
from configparser import ConfigParser
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

from tests.house import ROOT, modules, parsed, rooms
from tests.tables import for_each

CONTRACTS = ROOT / ".importlinter"


def contracts() -> ConfigParser:
    found = ConfigParser()
    found.read(CONTRACTS, encoding="utf-8")
    return found


def imports(path: Path) -> set[str]:
    """Dotted names that a module imports; ``from a import b`` gives both ``a`` and ``a.b``."""
    tree = parsed(path)
    found = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def calls(path: Path) -> set[str]:
    """Names of the plain functions that a module calls."""
    return {
        node.func.id
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }


def test_every_contract_is_kept(capsys: pytest.CaptureFixture[str]) -> None:
    status = lint_imports(config_filename=str(CONTRACTS), cache_dir=None, no_cache=True, no_logo=True)
    assert status == EXIT_STATUS_SUCCESS, capsys.readouterr().out


def test_every_room_stands_on_a_floor() -> None:
    roots = contracts()["importlinter"]["root_packages"].split()
    placed = contracts()["importlinter:contract:floors"]["layers"].replace("|", " ").split()
    assert sorted(roots) == sorted(placed) == sorted(rooms())


@for_each("module", [path for path in modules() if path.parts[0] in {"samehand", "schemas"}])
def test_the_ground_floor_reaches_for_nothing_outside(module: Path) -> None:
    assert not {name for name in imports(module) if name.startswith("urllib.") and "parse" not in name}
    assert not calls(module) & {"open", "print", "input", "exec", "eval", "__import__"}


def test_only_the_settings_read_the_environment() -> None:
    # cli and local hand their environment on to the processes that they start; no other room looks at it.
    sheltered = [path for path in modules() if path.parts[0] not in {"cli", "local"}]
    readers = {path.as_posix() for path in sheltered if reads_environment(path)}
    assert readers <= {"streams/settings/environment.py"}


def reads_environment(path: Path) -> bool:
    if not re.search("environ|getenv", (ROOT / path).read_text("utf-8")):
        return False  # walking trees takes a hundred times as long
    return bool(imports(path) & {"os.environ", "os.getenv"}) or any(
        isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
        for node in ast.walk(parsed(path))
    )
