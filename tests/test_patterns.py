"""No pattern lets an attacker's text take more time than its length accounts for."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator

from tests.hostile.patterns import GIVEN_CPU_SECONDS_MAX
from tests.house import ROOT, modules

#: All of it takes twenty seconds on an idle machine.
PATIENCE_SECONDS = 900


def judged(*patterns: str) -> list[tuple[str, str, str]]:
    """Where each pattern stands, its text, and on which text its time grows too fast (empty: on none)."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.hostile.patterns", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_SECONDS,
    )
    assert run.returncode == 0, run.stderr
    return [(where, text, found) for where, text, found in map(json.loads, run.stdout.splitlines())]


def test_no_patterns_time_grows_faster_than_its_text() -> None:
    found = judged()
    assert len(found) > 100
    assert [f"{where}: {text}: {fault}" for where, text, fault in found if fault] == []


FAULTS = {
    # What once drew letters of signs: eighty characters took minutes.
    r"(?:\\/\\/|/\\/|\\/|/\\)+(?=[a-z0-9])": f"not done after {GIVEN_CPU_SECONDS_MAX} seconds",
    r"\w+@": "times as long",
    r"\s*[(]": "times as long",
    r"(?!.*\.\.)[a-z]": "times as long",
    r"android[ /][\d.]+; ?([^;)]*?)(?: build/[^;)]*)?(?:;[^)]*)?\)": "times as long",
    # What is linear has no fault.
    r"(?<!\w)\w++@": "",
    r"\w{1,64}@(?:\w{1,63}\.){1,8}x": "",
    r"(?:\\/|/\\)++": "",
}


def test_what_takes_too_long_is_found_by_its_own_pieces_and_what_is_linear_passes() -> None:
    told = {text: fault for _, text, fault in judged(*FAULTS)}
    assert list(told) == list(FAULTS)
    for pattern, says in FAULTS.items():
        assert (says in told[pattern], bool(told[pattern])) == (True, bool(says)), pattern


def test_patterns_are_compiled_by_modules_so_that_none_escapes_that() -> None:
    assert [
        f"{path}:{line}" for path in modules() for line in _elsewhere((ROOT / path).read_text("utf-8"))
    ] == []


def _elsewhere(source: str) -> Iterator[int]:
    """Lines on which a function makes a pattern, or a module takes `re` apart or by another name."""
    if not re.search(r"\bre\b", source):
        return  # walking trees takes a hundred times as long
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                yield from filter(None, map(_pattern_made, ast.walk(node)))
            case ast.ImportFrom(module="re"):
                yield node.lineno
            case ast.Import(names=names) if any(name.name == "re" and name.asname for name in names):
                yield node.lineno


def _pattern_made(node: ast.AST) -> int | None:
    """The line on which a call hands a pattern to `re`."""
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="re"), attr=called), lineno=line):
            return None if called == "escape" else line
    return None
