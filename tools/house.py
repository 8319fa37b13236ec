"""Prints how large and how plain the source tree is: ``make house``, or ``python -m tools.house [--json]``.

Code lines are those of Python and Lua that git tracks, without blanks, comments, docstrings and imports.
Product is every room but bench, tools, tests and examples. An arrow marks a figure above its most. Above
tools/budget.toml ``--check`` fails, and so does ``make lint``; goals of plainness fail nothing, since a
tree may have its reason to miss one.
"""

from __future__ import annotations

import argparse
import ast
import json
import re
import subprocess
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import click

from cli.main import samehand
from desk.settings import DeskSettings
from streams.kafka.topics import Names

ROOT: Final = Path(__file__).resolve().parent.parent
BUDGET: Final = ROOT / "tools" / "budget.toml"

#: Words of the house's own dialect, which a reader must read twice.
DIALECT: Final = re.compile(r"\b(told|whoever|tells? of)\b", re.IGNORECASE)
_SMALL_FILE_LINES: Final = 60
_SHORT_DOCSTRING_WORDS: Final = 4
#: Signals and migrations are one a file by rule, so their folders may be as wide as there are of them.
_WIDE_BY_RULE: Final = frozenset({"samehand/signals", "desk/database/migrations/versions"})
_NOT_PRODUCT: Final = frozenset({"bench", "tools", "tests", "examples"})
_PAGES: Final = frozenset({".html", ".js", ".css"})
_DOCUMENTED: Final = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True, slots=True)
class Figure:
    """One row of a table; ``most`` is its budget or goal, None where the figure has none."""

    name: str
    value: float
    most: float | None = None

    @property
    def missed(self) -> bool:
        return self.most is not None and self.value > self.most

    def __str__(self) -> str:
        most = "" if self.most is None else f"{'→' if self.missed else '≤'} {self.most:,}"
        return f"{self.name:<40} {self.value:>9,} {most}".rstrip()


def tracked(root: Path) -> list[Path]:
    """Returns the files that git tracks below ``root``, relative to it."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=True)  # noqa: S607  # git is found on PATH, as make finds it
    names = [name for name in listing.stdout.decode().split("\0") if name]
    return [Path(name) for name in names if (root / name).is_file()]


def code_lines(name: str, source: str) -> int:
    """Counts the lines of a Python or Lua file, without blanks, comments, docstrings and imports."""
    if name.endswith(".lua"):
        return sum(line.strip()[:2] not in ("", "--") for line in source.splitlines())
    lines = enumerate(source.split("\n"), 1)
    held = {number for number, line in lines if line.strip() and line.lstrip()[0] != "#"}
    left_out: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            left_out |= _lines(node)
        elif isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            left_out |= _lines(node.body[0])
        elif isinstance(node, ast.Constant | ast.JoinedStr):
            held |= _lines(node)  # blanks and "#" of a text, too
    return len(held - left_out)


def _lines(node: ast.stmt | ast.expr) -> set[int]:
    return set(range(node.lineno, (node.end_lineno or node.lineno) + 1))


def size(root: Path = ROOT) -> tuple[dict[str, int], dict[str, int]]:
    """Returns the code lines of each room, and the sums that the budget holds."""
    rooms: Counter[str] = Counter()
    page_lines = words = 0
    for path in tracked(root):
        if path.suffix in (".py", ".lua"):
            rooms[path.parts[0]] += code_lines(path.name, (root / path).read_text("utf-8"))
        elif path.suffix == ".md":
            words += len((root / path).read_text("utf-8").split())
        elif path.suffix in _PAGES and path.parts[0] not in _NOT_PRODUCT and ".min." not in path.name:
            page_lines += sum(bool(line.strip()) for line in (root / path).read_text("utf-8").splitlines())
    return dict(sorted(rooms.items())), {
        "product": sum(lines for room, lines in rooms.items() if room not in _NOT_PRODUCT),
        "bench and tools": rooms["bench"] + rooms["tools"],
        "tests": rooms["tests"],
        "templates, scripts and styles": page_lines,
        "words in .md files": words,
    }


def surface() -> dict[str, int]:
    """Counts what users have to learn: commands that do something, settings, and topics of our own."""
    settings = len(DeskSettings.model_fields)
    return {"commands": _commands(samehand), "settings": settings, "topics": len(vars(Names()))}


def _commands(command: click.Command | None) -> int:
    if not isinstance(command, click.Group):
        return 1
    context = click.Context(command)
    below = (command.get_command(context, name) for name in command.list_commands(context))
    return command.invoke_without_command + sum(map(_commands, below))


def figures(root: Path = ROOT) -> list[Figure]:
    """Measures how plain the product at ``root`` is."""
    python = [path for path in tracked(root) if path.suffix == ".py"]
    product = [path for path in python if path.parts[0] not in _NOT_PRODUCT]
    text = {path: (root / path).read_text("utf-8") for path in product}
    trees = {path: ast.parse(text[path]) for path in product}
    functions = [node for tree in trees.values() for node in _functions(tree)]
    private = [node for node in functions if _is_private(node.name)]
    return [
        Figure("private functions, percent", round(100 * len(private) / len(functions), 1), 22),
        Figure("private functions used once", sum(map(_private_used_once, trees.values())), 250),
        Figure("docstrings of four words or fewer", sum(map(_short_docstrings, trees.values())), 20),
        Figure("'told', 'whoever', 'tells of'", len(DIALECT.findall("\n".join(text.values()))), 44),
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
    strings = (ast.get_docstring(node) for node in ast.walk(tree) if isinstance(node, _DOCUMENTED))
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
    """Prints the figures; returns the exit code, which is 1 where ``--check`` finds one above its budget."""
    parser = argparse.ArgumentParser(prog="python -m tools.house", description=__doc__.partition("\n")[0])
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true", help="print one JSON object instead of tables")
    how.add_argument("--check", action="store_true", help="print only what is above the budget, and fail")
    wanted = parser.parse_args(arguments)
    rooms, sums = size()
    budget = tomllib.loads(BUDGET.read_text("utf-8"))
    held = [Figure(name, value, budget[name]) for name, value in (sums | surface()).items()]
    if wanted.check:
        above = [figure for figure in held if figure.missed]
        sys.stdout.writelines(f"above tools/budget.toml: {figure}\n" for figure in above)
        return 1 if above else 0
    table = [*(Figure(f"code lines of {room}/", lines) for room, lines in rooms.items()), *held, *figures()]
    if wanted.json:
        sys.stdout.write(json.dumps({figure.name: figure.value for figure in table}) + "\n")
    else:
        sys.stdout.writelines(f"{figure}\n" for figure in table)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
