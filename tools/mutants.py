"""Breaks a line of the product at a time and runs its near tests: ``python -m tools.mutants``.

A mutant is one change of one line, by an operator of Cosmic Ray or by ``DropStatement``. Lines are drawn at
random from a seed, then one mutant of each. Near tests of ``agents/common/snapshot.py`` are those in
``tests/agents`` that run the line, first of its own file ``tests/agents/common/test_common.py``, then of
that folder, then others; the first failure ends a mutant. They run in a fork (``tools/forks.py``), but where
a line runs as modules are imported, in a new process, all tests of these three. A survivor is a line that
can break unseen, or a change that makes no difference.

Each worker has a copy of the tracked files, so the work tree is never changed.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import importlib
import json
import math
import os
import queue
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from tools.forks import AT_IMPORT, HANG_SECONDS, HUNG, PIPES
from tools.forks import ROOMS as NOTED

ROOT: Final = Path(__file__).resolve().parent.parent

#: Each room with the folder that holds its near tests.
ROOMS: Final = {
    "samehand": "tests/samehand",
    "agents": "tests/agents",
    "streams/delivery": "tests/streams/delivery",
    "desk/review": "tests/desk",
}

#: One replacement an operator: eleven for each "+" would mostly be type errors, which any test kills.
OPERATORS: Final = (
    *("ReplaceBinaryOperator_Add_Sub", "ReplaceBinaryOperator_Sub_Add", "ReplaceBinaryOperator_Mul_Div"),
    *("ReplaceBinaryOperator_Div_Mul", "ReplaceBinaryOperator_FloorDiv_Mul", "ReplaceBinaryOperator_Mod_Mul"),
    *("ReplaceBinaryOperator_Pow_Mul", "ReplaceBinaryOperator_RShift_LShift"),
    *("ReplaceBinaryOperator_LShift_RShift", "ReplaceBinaryOperator_BitOr_BitAnd"),
    *("ReplaceBinaryOperator_BitAnd_BitOr", "ReplaceBinaryOperator_BitXor_BitAnd"),
    *("ReplaceComparisonOperator_Eq_NotEq", "ReplaceComparisonOperator_NotEq_Eq"),
    *("ReplaceComparisonOperator_Lt_LtE", "ReplaceComparisonOperator_LtE_Lt"),
    *("ReplaceComparisonOperator_Gt_GtE", "ReplaceComparisonOperator_GtE_Gt"),
    *("ReplaceComparisonOperator_Is_IsNot", "ReplaceComparisonOperator_IsNot_Is"),
    *("ReplaceUnaryOperator_Delete_USub", "ReplaceUnaryOperator_Delete_Not"),
    *("AddNot", "ReplaceTrueWithFalse", "ReplaceFalseWithTrue", "ReplaceAndWithOr", "ReplaceOrWithAnd"),
    *("ReplaceBreakWithContinue", "ReplaceContinueWithBreak", "ExceptionReplacer", "NumberReplacer"),
    "ZeroIterationForLoop",
)
#: The house's own operator, beside those of the library.
DROP_STATEMENT: Final = "DropStatement"

GOAL: Final = 0.85
#: Processor time of a run of near tests, in multiples of what they take unbroken; a mutant that takes more
#: loops. Elapsed time would call mutants slow whenever the machine is busy.
PATIENCE: Final = 5
LEAST_CPU_SECONDS: Final = 20
#: A tenth of the examples of each property, the same ones each time.
_PYTEST: Final = (
    *(
        "-m",
        "pytest",
        "-x",
        "-q",
        "--no-header",
        "--tb=no",
        "-p",
        "no:cacheprovider",
        f"--timeout={HANG_SECONDS}",
    ),
    *("-p", "tests.quickly", "--hypothesis-profile=mutants", "--hypothesis-seed=0", "-m", "not kafka"),
)
_NOTHING_COLLECTED: Final = 5
_LOOPED: Final = (-signal.SIGXCPU, -signal.SIGKILL, HUNG)


@dataclass(frozen=True, slots=True)
class Mutant:
    """The ``occurrence``-th place of a file, in the order of its tree, that ``operator`` can change."""

    path: str
    line: int
    operator: str
    occurrence: int

    @property
    def room(self) -> str:
        return next(room for room in ROOMS if self.path.startswith(f"{room}/"))


@dataclass(frozen=True, slots=True)
class Outcome:
    """``fate`` is ``killed``, ``survived`` or ``timeout``; ``diff`` holds the changed lines alone."""

    mutant: Mutant
    fate: str
    diff: str
    seconds: float


class Mutator:
    """The operators of Cosmic Ray, which `make mutants` installs, behind types."""

    def __init__(self) -> None:
        provider: Any = importlib.import_module("cosmic_ray.operators.provider").OperatorProvider()
        self._operators: dict[str, Any] = {name: provider[name]() for name in OPERATORS}
        self._operators[DROP_STATEMENT] = _DropStatement()
        self._tree_of: Callable[[str], Any] = importlib.import_module("cosmic_ray.ast").get_ast

    def mutants(self, path: str, source: str) -> Iterator[Mutant]:
        """Yields each mutant of a file."""
        seen: Counter[str] = Counter()
        for node in _walk(self._tree_of(source)):
            for name, operator in self._operators.items():
                for place in operator.mutation_positions(node):
                    if not _makes_no_difference(node):
                        yield Mutant(path, place[0][0], name, seen[name])
                    seen[name] += 1

    def mutated(self, source: str, mutant: Mutant) -> str | None:
        """Returns the source with the mutant in it, None where Python could not even read that."""
        operator = self._operators[mutant.operator]
        tree = self._tree_of(source)
        left = mutant.occurrence
        for node in _walk(tree):
            places = len(list(operator.mutation_positions(node)))
            if left < places:
                try:
                    _replace(node, operator.mutate(node, left))
                except AttributeError:  # the library replaces no dotted name of an exception
                    return None
                break
            left -= places
        changed: str = tree.get_code()
        try:
            compile(changed, mutant.path, "exec")
        except SyntaxError:
            return None
        return None if changed == source else changed


class _DropStatement:
    """Replaces a call whose value nobody takes, or an augmented assignment, by ``pass``."""

    def mutation_positions(self, node: Any) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
        if node.type != "simple_stmt":
            return
        statement = node.children[0]
        call = statement.type in {"atom_expr", "power"} and statement.children[-1].type == "trailer"
        augmented = statement.type == "expr_stmt" and statement.children[1].type in {"augassign", "operator"}
        if call or (augmented and statement.children[1].get_code().strip() not in {"=", ":="}):
            yield statement.start_pos, statement.end_pos

    def mutate(self, node: Any, index: int) -> Any:
        del index
        parso: Any = importlib.import_module("parso")
        node.children[0] = parso.parse(f"{node.children[0].get_first_leaf().prefix}pass")
        return node


def _walk(node: Any) -> Iterator[Any]:
    """Yields a node and what is below it, parents first."""
    yield node
    for child in list(getattr(node, "children", ())):
        yield from _walk(child)


def _replace(node: Any, mutated: Any) -> None:
    """Puts a new node in the place of its former self; most operators change theirs in place."""
    if mutated is not node:
        siblings = node.parent.children
        siblings[siblings.index(node)] = mutated


def _makes_no_difference(node: Any) -> bool:
    """Whether a change could break no promise.

    Annotations, the bare ``*`` of a signature, ``frozen=True`` of a decorator, and a number at the top of a
    module: a cap has its reason beside it, and a test would only repeat it.
    """
    if node.type == "operator" and node.parent.type in {"parameters", "lambdef", "param"}:
        return True
    constant: bool = node.type == "number"
    while (parent := node.parent) is not None:
        if parent.type == "decorator":
            return True
        if parent.type == "tfpdef" and node is not parent.children[0]:
            return True
        if parent.type == "annassign" and node is parent.children[1]:
            return True
        if parent.type == "funcdef" and node is parent.annotation:
            return True
        if parent.type in {"funcdef", "classdef", "lambdef"}:
            constant = False
        node = parent
    return constant


def draw(mutants: list[Mutant], size: int, seed: int) -> list[Mutant]:
    """Draws lines, then one mutant of each by operator: a table of numbers counts by its lines."""
    by_line: dict[tuple[str, int], dict[str, list[Mutant]]] = defaultdict(lambda: defaultdict(list))
    for mutant in mutants:
        by_line[mutant.path, mutant.line][mutant.operator].append(mutant)
    chance = random.Random(seed)  # noqa: S311  # a sample that can be drawn again
    lines = chance.sample(sorted(by_line), min(size, len(by_line)))
    return [chance.choice(by_line[line][chance.choice(sorted(by_line[line]))]) for line in lines]


def near_tests(path: str, root: Path) -> list[list[str]]:
    """Returns the arguments of each run of pytest, nearest first; no test is in two of them."""
    module = Path(path)
    room = next(folder for name, folder in ROOMS.items() if path.startswith(f"{name}/"))
    folder = Path("tests") / module.parent
    while not (root / folder).is_dir():
        folder = folder.parent
    own = [
        f"{place}/test_{name}.py"
        for place in (folder, folder.parent)
        for name in (module.stem, module.parent.name)
    ]
    file = next((name for name in own if name.startswith(room) and (root / name).is_file()), None)
    runs = [[file]] if file else []
    if folder.as_posix() != room:
        runs.append([folder.as_posix(), *([f"--ignore={file}"] if file else [])])
    done = [f"--ignore={run[0]}" for run in runs]
    return [*runs, [room, *done]]


@dataclass(frozen=True, slots=True)
class Notes:
    """Which tests of a room run a line, and what processor time each takes unbroken."""

    seconds: dict[str, float]
    lines: dict[str, dict[str, list[str]]]

    def tests_of(self, path: str, lines: range, nearness: list[list[str]]) -> list[str]:
        """Returns the tests that run one of these lines, nearest first, then quick ones."""
        contexts = {name for line in lines for name in self.lines.get(path, {}).get(str(line), ())}
        tests = [name for name in self.seconds if name in contexts or name.partition("::")[0] in contexts]

        quickest: dict[str, float] = {}
        for name in tests:
            file = name.partition("::")[0]
            quickest[file] = min(self.seconds[name], quickest.get(file, math.inf))

        def place(name: str) -> tuple[int, float, str, float]:
            near = next(rank for rank, run in enumerate(nearness) if name.startswith(run[0]))
            file = name.partition("::")[0]
            return near, quickest[file], file, self.seconds[name]

        return sorted(tests, key=place)

    def cpu_seconds(self, tests: list[str]) -> int:
        return LEAST_CPU_SECONDS + int(PATIENCE * sum(self.seconds[name] for name in tests))


def statement_lines(source: str, line: int) -> range:
    """Returns the lines of the statement that a line is in; of one that holds others, its head."""
    found = range(line, line + 1)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.stmt | ast.excepthandler | ast.match_case):
            first = node.pattern.lineno if isinstance(node, ast.match_case) else node.lineno
            body = getattr(node, "body", None)
            last = body[0].lineno - 1 if body else getattr(node, "end_lineno", first)
            if first <= line <= max(first, last):
                found = range(first, max(first, last) + 1)
    return found


class Server:
    """A run of pytest that has collected a room's tests and judges mutants in forks of itself."""

    def __init__(self, folder: Path, room: str) -> None:
        (orders, self._orders), (self._answers, answers) = os.pipe(), os.pipe()
        self._process = subprocess.Popen(  # noqa: S603  # our own interpreter on our own tests
            [sys.executable, *_PYTEST, "-p", "tools.forks", ROOMS[room]],
            cwd=folder,
            env=environment(folder) | {PIPES: f"{orders},{answers}", NOTED: ",".join(ROOMS)},
            pass_fds=(orders, answers),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=0,
        )
        os.close(orders)
        os.close(answers)
        self._to, self._from = os.fdopen(self._orders, "w"), os.fdopen(self._answers)
        self._folder, self._room = folder, room

    def order(self, **order: Any) -> int:
        """Returns the exit code of a fork. Raises SystemExit where tests cannot be collected."""
        with suppress(BrokenPipeError):
            self._to.write(f"{json.dumps(order)}\n")
            self._to.flush()
        if not (answer := self._from.readline()):
            raise SystemExit(f"{ROOMS[self._room]} cannot be collected: run it and mend it first")
        return int(answer)

    def notes(self) -> Notes:
        """Runs the room's tests unbroken. Raises SystemExit where one fails."""
        file = self._folder / "notes.json"
        self.order(notes=str(file))
        known = json.loads(file.read_text("utf-8"))
        if known["failed"]:
            raise SystemExit(f"mend first what fails without a mutant: {' '.join(known['failed'])}")
        return Notes(known["seconds"], known["lines"])

    def close(self) -> None:
        self._to.close()
        self._process.wait()
        self._from.close()


def environment(folder: Path) -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(folder)}


class Worker:
    """A copy of the tracked files, in which one mutant at a time is judged."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._servers: dict[str, Server] = {}
        listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)  # noqa: S607  # git is found on PATH, as make finds it
        for name in filter(None, listing.stdout.decode().split("\0")):
            if (ROOT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, folder / name)

    def server(self, room: str) -> Server:
        if room not in self._servers:
            self._servers[room] = Server(self.folder, room)
        return self._servers[room]

    def close(self) -> None:
        for server in self._servers.values():
            server.close()

    def run(self, arguments: list[str], cpu_seconds: int) -> int:
        """Returns the exit code of pytest, ``-SIGXCPU`` or ``-SIGKILL`` past the limit of processor time."""
        process = subprocess.Popen(  # noqa: S603  # our own interpreter on our own tests
            [sys.executable, *_PYTEST, *arguments],
            cwd=self.folder,
            env=environment(self.folder),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            process_group=0,
        )
        resource.prlimit(process.pid, resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 5))
        try:
            return process.wait()
        finally:
            with suppress(ProcessLookupError):  # what a test left behind ends with it
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def write(self, path: str, source: str) -> None:
        """Writes a module and forgets how it was compiled: two changes of a second may be of one size."""
        target = self.folder / path
        for stale in (target.parent / "__pycache__").glob(f"{target.stem}.*.pyc"):
            stale.unlink()
        target.write_text(source, encoding="utf-8")

    def judge(self, mutant: Mutant, mutated: str, notes: Notes) -> str:
        original = (ROOT / mutant.path).read_text(encoding="utf-8")
        nearness = near_tests(mutant.path, self.folder)
        tests = notes.tests_of(mutant.path, statement_lines(original, mutant.line), nearness)
        self.server(mutant.room)  # before its modules are changed
        code = self.server(mutant.room).order(
            path=mutant.path,
            before=original,
            after=mutated,
            tests=tests,
            cpu_seconds=notes.cpu_seconds(tests),
        )
        if code == AT_IMPORT:
            code = self.judge_anew(mutant, mutated, nearness, notes)
        return "survived" if code == 0 else "timeout" if code in _LOOPED else "killed"

    def judge_anew(self, mutant: Mutant, mutated: str, nearness: list[list[str]], notes: Notes) -> int:
        original = (ROOT / mutant.path).read_text(encoding="utf-8")
        self.write(mutant.path, mutated)
        try:
            for arguments in nearness:
                code = self.run(arguments, notes.cpu_seconds(list(notes.seconds)))
                if code not in {0, _NOTHING_COLLECTED}:
                    return code
            return 0
        finally:
            self.write(mutant.path, original)


def changed_lines(before: str, after: str) -> str:
    lines = difflib.unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=0)
    return "\n".join(line for line in lines if line[:3] not in {"---", "+++"} and line[:2] != "@@")


def baseline(worker: Worker, rooms: list[str]) -> dict[str, Notes]:
    """Returns what each room's tests run unbroken. Raises SystemExit where one fails."""
    notes = {}
    for room in rooms:
        notes[room] = worker.server(room).notes()
        took = sum(notes[room].seconds.values())
        say(f"{room}: {len(notes[room].seconds)} near tests take {took:.0f} s of processor time")
    return notes


def judge_all(
    sample: list[tuple[Mutant, str]], workers: list[Worker], notes: dict[str, Notes], file: Path | None
) -> list[Outcome]:
    """Judges each mutant; survivors are printed, and outcomes written, as they come."""
    waiting: queue.SimpleQueue[tuple[Mutant, str]] = queue.SimpleQueue()
    for entry in sample:
        waiting.put(entry)
    outcomes: list[Outcome] = []

    def work(worker: Worker) -> None:
        while True:
            try:
                mutant, mutated = waiting.get_nowait()
            except queue.Empty:
                return
            began = time.monotonic()
            fate = worker.judge(mutant, mutated, notes[mutant.room])
            diff = changed_lines((ROOT / mutant.path).read_text(encoding="utf-8"), mutated)
            outcomes.append(Outcome(mutant, fate, diff, round(time.monotonic() - began, 1)))
            if file:
                file.write_text(json.dumps([asdict(outcome) for outcome in outcomes], indent=1), "utf-8")
            if fate != "killed":
                say(f"\n{mutant.path}:{mutant.line} {fate} ({mutant.operator})\n{diff}")

    threads = [threading.Thread(target=work, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def table(outcomes: list[Outcome]) -> str:
    rows = [f"{'room':<18} mutants killed timeout survived  found"]
    for room in [*dict.fromkeys(outcome.mutant.room for outcome in outcomes), "all"]:
        fates = Counter(outcome.fate for outcome in outcomes if room in {outcome.mutant.room, "all"})
        total = fates.total()
        found = (total - fates["survived"]) / total if total else 1.0
        counts = f"{total:>7} {fates['killed']:>6} {fates['timeout']:>7} {fates['survived']:>8} {found:>6.0%}"
        rows.append(f"{room:<18} {counts}")
    return "\n".join(rows)


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sample", type=int, default=400, help="how many lines to break (default 400)")
    parser.add_argument("--seed", type=int, default=1, help="another seed draws other lines (default 1)")
    parser.add_argument("--workers", type=int, default=2, help="processes that run tests (default 2)")
    parser.add_argument("--room", action="append", choices=ROOMS, help="only this room; may be repeated")
    parser.add_argument("--json", type=Path, help="write every outcome here")
    parser.add_argument("--again", type=Path, help="judge what survived in this file of --json, not a sample")
    options = parser.parse_args(arguments)

    mutator = Mutator()
    rooms = options.room or list(ROOMS)
    sources = {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for room in rooms
        for path in sorted((ROOT / room).rglob("*.py"))
    }
    if options.again:
        former = json.loads(options.again.read_text(encoding="utf-8"))
        drawn = [Mutant(**row["mutant"]) for row in former if row["fate"] != "killed"]
    else:
        mutants = [mutant for path, source in sources.items() for mutant in mutator.mutants(path, source)]
        drawn = draw(mutants, options.sample, options.seed)
        say(f"{len(drawn)} of {len(mutants)} mutants, seed {options.seed}")
    made = [(mutant, mutator.mutated(sources[mutant.path], mutant)) for mutant in drawn]
    sample = [(mutant, mutated) for mutant, mutated in made if mutated is not None]
    with tempfile.TemporaryDirectory(prefix="samehand-mutants-") as folder:
        workers = [Worker(Path(folder) / str(number)) for number in range(options.workers)]
        try:
            notes = baseline(workers[0], sorted({mutant.room for mutant, _ in sample}))
            outcomes = judge_all(sample, workers, notes, options.json)
        finally:
            for worker in workers:
                worker.close()
    say(f"\n{table(outcomes)}")
    found = sum(outcome.fate != "survived" for outcome in outcomes)
    return 0 if found >= GOAL * len(outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
