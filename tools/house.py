"""Prints the size and plainness of the source tree: ``python -m tools.house [--json]``, or ``make house``.

Product is the Python of the packages that the wheel ships, counted from the files that git tracks. An arrow
marks a missed goal; none fails the command, since growth may have its reason.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import statistics
import subprocess
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent

#: Words of the house's own dialect, which a reader must read twice.
DIALECT: Final = re.compile(r"\b(told|whoever|tells? of)\b", re.IGNORECASE)
_SMALL_FILE_LINES: Final = 60
_SHORT_DOCSTRING_WORDS: Final = 4
#: Signals and migrations are one a file by rule, so their folders may be as wide as there are of them.
_WIDE_BY_RULE: Final = frozenset({"samehand/signals", "desk/database/migrations/versions"})


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of the table; ``most`` is the goal, None where the figure has none."""

    name: str
    value: float
    most: float | None = None

    @property
    def missed(self) -> bool:
        return self.most is not None and self.value > self.most


def tracked(root: Path) -> list[Path]:
    """Returns the files that git tracks below ``root``, relative to it."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True)  # noqa: S607  # git is found on PATH, as make finds it
    names = [name for name in listing.stdout.decode().split("\0") if name]
    return [Path(name) for name in names if (root / name).is_file()]


def figures(root: Path = ROOT) -> list[Figure]:
    """Counts every figure of the table for the tree at ``root``."""
    files = tracked(root)
    packages = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"][
        "targets"
    ]
    rooms = set(packages["wheel"]["packages"])
    python = [path for path in files if path.suffix == ".py"]
    product = [path for path in python if path.parts[0] in rooms]
    text = {path: (root / path).read_text("utf-8") for path in python}
    trees = {path: ast.parse(text[path]) for path in product}
    pages = [path for path in files if path.suffix == ".md"]
    words = {path: len((root / path).read_text("utf-8").split()) for path in pages}

    def lines(top: str) -> int:
        return sum(text[path].count("\n") for path in python if path.parts[0] == top)

    functions = [node for tree in trees.values() for node in _functions(tree)]
    private = [node for node in functions if _is_private(node.name)]
    decisions = [
        words[path] for path in pages if path.parts[:2] == ("docs", "adr") and path.name[:4].isdigit()
    ]
    return [
        Figure("product lines", sum(text[path].count("\n") for path in product), 56_000),
        Figure("bench lines", lines("bench"), 6_500),
        Figure("test lines", lines("tests"), 42_000),
        Figure("docs words", sum(words.values()), 45_000),
        Figure("median words of a decision", statistics.median(decisions), 400),
        Figure("private functions, percent", round(100 * len(private) / len(functions), 1), 22),
        Figure("private functions used once", sum(map(_private_used_once, trees.values())), 250),
        Figure("docstrings of four words or fewer", sum(map(_short_docstrings, trees.values())), 20),
        Figure(
            "'told', 'whoever', 'tells of'", sum(len(DIALECT.findall(text[path])) for path in product), 44
        ),
        Figure("files", len(files), 1_200),
        Figure("files up to 60 lines with one importer", _foldable(product, text, trees), 10),
        Figure("class names used more than once", _repeated_classes(trees), 10),
        Figure("widest folder, modules", _widest(product), 20),
    ]


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def _private_used_once(tree: ast.Module) -> int:
    uses: Counter[str] = Counter()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            uses[node.id] += 1
        elif isinstance(node, ast.Attribute):
            uses[node.attr] += 1
    return sum(_is_private(node.name) and uses[node.name] == 1 for node in _functions(tree))


def _short_docstrings(tree: ast.Module) -> int:
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    strings = (ast.get_docstring(node) for node in ast.walk(tree) if isinstance(node, documented))
    return sum(string is not None and len(string.split()) <= _SHORT_DOCSTRING_WORDS for string in strings)


def _foldable(product: list[Path], text: dict[Path, str], trees: dict[Path, ast.Module]) -> int:
    """Counts the small modules that one other module imports and that could stand in it."""
    importers: defaultdict[str, set[Path]] = defaultdict(set)
    for path, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and not node.level:
                importers[node.module].add(path)
                for name in node.names:
                    importers[f"{node.module}.{name.name}"].add(path)
            elif isinstance(node, ast.Import):
                for name in node.names:
                    importers[name.name].add(path)
    small = [path for path in product if 0 < text[path].count("\n") <= _SMALL_FILE_LINES]
    return sum(
        len(importers[".".join(path.with_suffix("").parts)]) == 1 for path in small if path.stem[:2] != "__"
    )


def _repeated_classes(trees: dict[Path, ast.Module]) -> int:
    names = Counter(
        node.name
        for tree in trees.values()
        for node in tree.body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    return sum(count > 1 for count in names.values())


def _widest(product: list[Path]) -> int:
    folders = Counter(path.parent.as_posix() for path in product if path.name != "__init__.py")
    return max(count for folder, count in folders.items() if folder not in _WIDE_BY_RULE)


def main(arguments: list[str] | None = None) -> int:
    """Prints the table, or one JSON object with ``--json``; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.house", description=__doc__.partition("\n")[0])
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of the table")
    wanted = parser.parse_args(arguments)
    table = figures()
    if wanted.json:
        sys.stdout.write(
            json.dumps({figure.name: figure.value for figure in table}, ensure_ascii=False) + "\n"
        )
        return 0
    for figure in table:
        goal = "" if figure.most is None else f"{'→' if figure.missed else '≤'} {figure.most:,}"
        sys.stdout.write(f"{figure.name:<40} {figure.value:>9,} {goal}\n".rstrip() + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
