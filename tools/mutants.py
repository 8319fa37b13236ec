"""Breaks a line of the product at a time and runs its near tests: ``python -m tools.mutants``.

A mutant is one change of an expression or statement. Lines are drawn at random from a seed, then one mutant
of each. The first failure among near tests ends it: those of ``agents/common/snapshot.py`` are
``tests/agents/common/test_common.py``, then that folder, then ``tests/agents``. A survivor is a line that can
break unseen, or a change that makes no difference. Tests run in copies of the tracked files.
"""

from __future__ import annotations

import argparse
import ast
import os
import queue
import random
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tools.house import ROOT, tracked

#: Each room with the folder that holds its near tests.
ROOMS: Final = {
    "samehand": "tests/samehand",
    "agents": "tests/agents",
    "streams/delivery": "tests/streams/delivery",
    "desk/review": "tests/desk",
}
GOAL: Final = 0.85
#: A test that takes so long loops, and so do tests that cannot be collected in ten times of it.
HANG_SECONDS: Final = 60
_PYTEST: Final = (
    *("-m", "pytest", "-x", "-q", "--no-header", "--tb=no", "-p", "no:cacheprovider"),
    *("-p", "tests.quickly", "--hypothesis-profile=mutants", "--hypothesis-seed=0", "-m", "not kafka"),
    f"--timeout={HANG_SECONDS}",
)
_NOTHING_COLLECTED: Final = 5
_OTHERS: Final[dict[type[ast.AST], type[ast.AST]]] = {
    getattr(ast, one): getattr(ast, other)
    for one, other in (
        *(("Add", "Sub"), ("Sub", "Add"), ("Mult", "Div"), ("Div", "Mult"), ("FloorDiv", "Mult")),
        *(("Mod", "Mult"), ("Pow", "Mult"), ("LShift", "RShift"), ("RShift", "LShift")),
        *(("BitOr", "BitAnd"), ("BitAnd", "BitOr"), ("BitXor", "BitAnd"), ("And", "Or"), ("Or", "And")),
        *(("Eq", "NotEq"), ("NotEq", "Eq"), ("Lt", "LtE"), ("LtE", "Lt"), ("Gt", "GtE"), ("GtE", "Gt")),
        *(("Is", "IsNot"), ("IsNot", "Is"), ("In", "NotIn"), ("NotIn", "In")),
        *(("Break", "Continue"), ("Continue", "Break")),
    )
}


@dataclass(frozen=True, slots=True, order=True)
class Mutant:
    """A line of a file, and what stands in place of the bytes from ``first`` to ``last`` of its source."""

    path: str
    line: int
    first: int
    last: int
    text: str

    def broken(self, source: str) -> str:
        held = source.encode()
        return (held[: self.first] + self.text.encode() + held[self.last :]).decode()


def mutants(path: str, source: str) -> Iterator[Mutant]:
    """Yields each mutant of a file that could break a promise."""
    starts = [0]
    for line in source.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    for node in _below(ast.parse(source)):
        for old, new in _changes(node):
            first = starts[old.lineno - 1] + old.col_offset
            last = starts[(old.end_lineno or old.lineno) - 1] + (old.end_col_offset or 0)
            text = ast.unparse(new)
            yield Mutant(path, old.lineno, first, last, text if isinstance(old, ast.stmt) else f"({text})")


def _below(node: ast.AST) -> Iterator[ast.AST]:
    """Yields what runs: no annotation, decorator or table of a module, whose tests would only repeat it."""
    for name, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if name in ("annotation", "returns", "decorator_list") or isinstance(child, ast.JoinedStr):
                continue
            if isinstance(node, ast.Module) and isinstance(child, ast.Assign | ast.AnnAssign):
                continue
            if isinstance(child, ast.AST):
                yield child
                yield from _below(child)


def _changes(node: ast.AST) -> Iterator[tuple[ast.expr | ast.stmt, ast.AST]]:
    """Yields an expression or statement and what could stand there instead."""
    match node:
        case ast.BinOp(op=op) | ast.BoolOp(op=op) | ast.Compare(ops=[op]) if type(op) in _OTHERS:
            other = _OTHERS[type(op)]()
            fields = dict(ast.iter_fields(node)) | (
                {"ops": [other]} if hasattr(node, "ops") else {"op": other}
            )
            yield node, type(node)(**fields)
        case ast.UnaryOp(op=ast.Not() | ast.USub()):
            yield node, node.operand
        case ast.Constant(value=bool(value)):
            yield node, ast.Constant(not value)
        case ast.Constant(value=int(value)):
            yield node, ast.Constant(value + 1)
        case ast.Expr(value=ast.Call() | ast.Await()) | ast.AugAssign():
            yield node, ast.Pass()
        case ast.Break() | ast.Continue():
            yield node, _OTHERS[type(node)]()
        case ast.If() | ast.IfExp() | ast.While():
            yield node.test, ast.UnaryOp(ast.Not(), node.test)


def draw(found: list[Mutant], size: int, seed: int) -> list[Mutant]:
    """Draws lines, then one mutant of each: a line of many numbers counts once."""
    by_line: defaultdict[tuple[str, int], list[Mutant]] = defaultdict(list)
    for mutant in sorted(found):
        by_line[mutant.path, mutant.line].append(mutant)
    chance = random.Random(seed)  # noqa: S311  # a sample that can be drawn again
    lines = chance.sample(sorted(by_line), min(size, len(by_line)))
    return [chance.choice(by_line[line]) for line in lines]


def near_tests(path: str, root: Path) -> list[list[str]]:
    """Returns the arguments of each run of pytest, nearest first; no test is in two of them."""
    module = Path(path)
    room = next(folder for name, folder in ROOMS.items() if path.startswith(f"{name}/"))
    folder = Path("tests") / module.parent
    while not (root / folder).is_dir():
        folder = folder.parent
    names = [f"test_{name}.py" for name in (module.stem, module.parent.name)]
    own = [f"{place}/{name}" for place in (folder, folder.parent) for name in names]
    file = [name for name in own if name.startswith(room) and (root / name).is_file()][:1]
    nearest = list(dict.fromkeys([*file, folder.as_posix(), room]))
    return [[name, *(f"--ignore={done}" for done in nearest[:place])] for place, name in enumerate(nearest)]


def survives(folder: Path, mutant: Mutant) -> bool:
    """Breaks the line in a copy of the tree and runs near tests there; False as soon as one fails."""
    target = folder / mutant.path
    source = target.read_text("utf-8")
    target.write_text(mutant.broken(source), "utf-8")
    try:
        return all(_passes(folder, arguments) for arguments in near_tests(mutant.path, folder))
    finally:
        target.write_text(source, "utf-8")


def _passes(folder: Path, arguments: list[str]) -> bool:
    # Without compiled files, since two changes of a second may be of one size.
    environment = os.environ | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"}
    command = ["timeout", f"{10 * HANG_SECONDS}s", sys.executable, *_PYTEST, *arguments]
    code = subprocess.call(  # noqa: S603  # our own interpreter on our own tests
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
    )
    return code in (0, _NOTHING_COLLECTED)


def main() -> int:
    """Prints each survivor and the share that was found; returns 1 where that is below the goal."""
    parser = argparse.ArgumentParser(prog="python -m tools.mutants", description=__doc__.partition("\n")[0])
    parser.add_argument("--sample", type=int, default=100, help="how many lines to break (default 100)")
    parser.add_argument("--seed", type=int, default=1, help="another seed draws other lines (default 1)")
    parser.add_argument("--room", action="append", choices=ROOMS, help="only this room; may be repeated")
    parser.add_argument("--workers", type=int, default=2, help="tests run so many at a time (default 2)")
    options = parser.parse_args()
    rooms = tuple(f"{room}/" for room in options.room or ROOMS)
    files = tracked(ROOT)
    sources = [path for path in files if path.suffix == ".py" and path.as_posix().startswith(rooms)]
    found = [it for path in sources for it in mutants(path.as_posix(), (ROOT / path).read_text("utf-8"))]
    drawn = draw(found, options.sample, options.seed)
    with tempfile.TemporaryDirectory(prefix="samehand-mutants-") as copies:
        folders: queue.SimpleQueue[Path] = queue.SimpleQueue()
        for number in range(options.workers):
            folders.put(_copy(files, Path(copies, str(number))))

        def judge(mutant: Mutant) -> bool:
            folder = folders.get()
            try:
                return survives(folder, mutant)
            finally:
                folders.put(folder)

        survived = 0
        with ThreadPoolExecutor(options.workers) as pool:
            for mutant, unseen in zip(drawn, pool.map(judge, drawn), strict=True):
                if unseen:
                    survived += 1
                    _say(f"{mutant.path}:{mutant.line} survived: {mutant.text}")
    _say(f"{len(drawn) - survived} of {len(drawn)} found, seed {options.seed}, of {len(found)} mutants")
    return int(survived > (1 - GOAL) * len(drawn))


def _copy(files: list[Path], folder: Path) -> Path:
    for path in files:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, folder / path)
    return folder


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
