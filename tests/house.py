"""What the house's own tests share: where the project stands, its rooms and its checked-in files."""

from __future__ import annotations

import ast
import subprocess
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


def project() -> dict[str, Any]:
    """``pyproject.toml`` as it stands."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@cache
def rooms() -> list[str]:
    """The packages that the wheel ships."""
    packages: list[str] = project()["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    return packages


@cache
def modules() -> list[Path]:
    """Every Python module of the shipped rooms, relative to the project."""
    return sorted(path.relative_to(ROOT) for room in rooms() for path in (ROOT / room).rglob("*.py"))


@cache
def parsed(path: Path) -> ast.Module:
    """The syntax tree of a module, read once for all rules."""
    return ast.parse((ROOT / path).read_text(encoding="utf-8"))


def tracked_files() -> list[Path] | None:
    """What git keeps of the project, relative to it; ``None`` in an unpacked archive."""
    if not (ROOT / ".git").exists():
        return None
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    names = [name for name in listing.stdout.decode().split("\0") if name]
    return [Path(name) for name in names if (ROOT / name).is_file()]
