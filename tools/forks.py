"""A pytest plugin for ``tools.mutants``: collects tests once, and judges each mutant in a fork.

1. As modules are imported, notes the lines of functions that run. What such a line makes may be kept at the
   top of a module, so a mutant of it needs a new process (`AtImport`).
2. Runs every test in a fork, and notes which lines of the product it runs, for how long.
3. Reads orders. A fork replaces the code of the functions that a mutant changes, and runs the tests named.
"""

from __future__ import annotations

import functools
import gc
import importlib
import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, Final, NoReturn

import pytest

#: Where orders come from and answers go to: numbers of two pipes.
PIPES: Final = "SAMEHAND_MUTANTS_PIPES"
#: The folders whose lines are noted, separated by commas.
ROOMS: Final = "SAMEHAND_MUTANTS_ROOMS"

#: Exit codes that pytest has not.
AT_IMPORT: Final = 99
HUNG: Final = 98
#: A test that waits for so long waits for ever.
HANG_SECONDS: Final = 120

_IN_A_FUNCTION: Final = 0x3  # CO_OPTIMIZED | CO_NEWLOCALS: neither a module nor the body of a class


class AtImport(Exception):  # an answer, not an error
    """What a mutant changes runs, or ran, while modules are imported."""


def changed_functions(before: CodeType, after: CodeType) -> Iterator[tuple[CodeType, CodeType]]:
    """Yields the functions that a change of a module changes, before and after, outer ones first."""
    if before.co_flags & _IN_A_FUNCTION == _IN_A_FUNCTION:
        if _meaning(before) == _meaning(after):
            return
        yield before, after
    elif _meaning(before, deep=False) != _meaning(after, deep=False):
        raise AtImport
    inner, changed = _inner(before), _inner(after)
    if len(inner) == len(changed):
        for pair in zip(inner, changed, strict=True):
            yield from changed_functions(*pair)


def _inner(code: CodeType) -> list[CodeType]:
    return [constant for constant in code.co_consts if isinstance(constant, CodeType)]


def _meaning(code: CodeType, *, deep: bool = True) -> Any:
    """What a code does, wherever it stands."""
    constants = [
        (_meaning(constant) if deep else constant.co_name)
        if isinstance(constant, CodeType)
        else sorted(map(repr, constant))
        if isinstance(constant, frozenset)
        else repr(constant)
        for constant in code.co_consts
    ]
    signature = (code.co_argcount, code.co_kwonlyargcount, code.co_posonlyargcount, code.co_flags)
    names = (code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    return signature, names, code.co_code, constants


def replace_code(path: Path, before: str, after: str, ran_at_import: set[int]) -> None:
    """Replaces the code of each live function that a change of its module changes. Raises AtImport."""
    changed: dict[tuple[str, int], CodeType] = {}
    old, new = (compile(source, str(path), "exec", dont_inherit=True) for source in (before, after))
    for function, replacement in changed_functions(old, new):
        lines = {line for *_, line in function.co_lines() if line} - {function.co_firstlineno}
        if lines & ran_at_import or function.co_freevars != replacement.co_freevars:
            raise AtImport
        changed[function.co_qualname, function.co_firstlineno] = replacement
    for thing in gc.get_objects():
        if type(thing) is FunctionType and thing.__code__.co_filename == str(path):
            code = thing.__code__
            thing.__code__ = changed.get((code.co_qualname, code.co_firstlineno), code)


class _Notes:
    """Which lines run, by context."""

    def __init__(self) -> None:
        root = Path.cwd()
        self._coverage: Any = importlib.import_module("coverage").Coverage(
            data_file=None,
            config_file=False,
            source=[str(root / room) for room in os.environ[ROOMS].split(",")],
            concurrency=["thread", "greenlet"],
        )
        self._root = root

    def start(self) -> None:
        self._coverage.start()

    def stop(self) -> None:
        self._coverage.stop()

    def context(self, name: str) -> None:
        self._coverage.switch_context(name)

    def lines(self) -> dict[str, dict[int, list[str]]]:
        """The contexts of each line of each file."""
        data = self._coverage.get_data()
        return {
            Path(name).relative_to(self._root).as_posix(): data.contexts_by_lineno(name)
            for name in data.measured_files()
        }


class Forks:
    """The plugin: a run of pytest that answers orders."""

    def __init__(self) -> None:
        self._notes: _Notes | None = _Notes()
        self._notes.start()
        self._ran_at_import: dict[str, set[int]] = {}
        self._seconds: dict[str, float] = {}
        self._failed: list[str] = []
        self._hung = False
        orders, answers = map(int, os.environ.pop(PIPES).split(","))
        self._orders = os.fdopen(orders, "r")
        self._answers = os.fdopen(answers, "w")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        if self._notes:
            self._notes.context(item.nodeid)
        began = time.process_time()
        try:
            return (yield)
        finally:
            self._seconds[item.nodeid] = time.process_time() - began

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._failed.append(report.nodeid)
            self._hung = report.duration >= HANG_SECONDS

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any, request: Any) -> Iterator[None]:
        """What many tests share was run for all of their file."""
        shared = self._notes is not None and fixturedef.scope != "function"
        item: str = request._pyfuncitem.nodeid  # pytest offers no other way
        if shared and self._notes:
            self._notes.context(item.partition("::")[0])
        try:
            return (yield)
        finally:
            if shared and self._notes:
                self._notes.context(item)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        if self._notes:
            self._notes.stop()
            self._ran_at_import = {path: set(lines) for path, lines in self._notes.lines().items()}
            self._notes = None
        for line in self._orders:
            order = json.loads(line)
            judge = self._note_tests if "notes" in order else self._judge
            code = _in_a_fork(functools.partial(judge, order, session))
            self._answers.write(f"{code}\n")
            self._answers.flush()
        os._exit(0)

    def _note_tests(self, order: dict[str, Any], session: pytest.Session) -> int:
        session.config.option.maxfail = 0
        self._notes = _Notes()
        self._notes.start()
        _run(session, session.items)
        self._notes.stop()
        known = {"failed": self._failed, "seconds": self._seconds, "lines": self._notes.lines()}
        Path(order["notes"]).write_text(json.dumps(known), "utf-8")
        return 0

    def _judge(self, order: dict[str, Any], session: pytest.Session) -> int:
        path = Path.cwd() / order["path"]
        ran_at_import = self._ran_at_import.get(order["path"], set())
        try:
            replace_code(path, order["before"], order["after"], ran_at_import)
        except AtImport:
            return AT_IMPORT
        seconds = order["cpu_seconds"]
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
        by_name = {item.nodeid: item for item in session.items}
        _run(session, [by_name[name] for name in order["tests"]])
        return HUNG if self._hung else int(bool(self._failed))


def _run(session: pytest.Session, items: list[pytest.Item]) -> None:
    """Runs tests as pytest does, to the first failure unless `maxfail` says otherwise."""
    for item, following in zip(items, [*items[1:], None], strict=True):
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.shouldfail:
            break
    session.config.hook.pytest_sessionfinish(session=session, exitstatus=0)


def _in_a_fork(judge: Callable[[], int]) -> int:
    """Returns the exit code of a fork, or minus the signal that ended it; what it started ends with it."""
    child = os.fork()
    if child == 0:
        _finish(judge)
    with suppress(OSError):
        os.setpgid(child, child)
    _, status = os.waitpid(child, 0)
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(status)


def _finish(judge: Callable[[], int]) -> NoReturn:
    code = 1
    try:
        os.setpgid(0, 0)
        code = judge()
    except BaseException:  # whatever a mutant does, its fork ends here
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(code)


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Forks(), "forks")
