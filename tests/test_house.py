"""House rules that cost nothing to check and a review to miss."""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import pytest

from tests.house import ROOT, modules, parsed, rooms, tracked_files
from tests.tables import for_each

#: Modules that no test of their room is named after or imports: the file that tests them instead, and why. A
#: pattern stands for a family that shares one suite. What no longer holds fails below.
COVERED_ELSEWHERE: dict[str, tuple[str, str]] = {
    "store/rules/[!abkvw]*.py": ("tests/store/test_alerts.py", "the contract suite runs on both stores"),
    **{
        f"cli/{section}/*.py": (
            "tests/cli/test_command_line.py",
            "through the command line, as a file of its group tells each command's story",
        )
        for section in ("evaluate", "run", "maintain")
    },
    "report/dsa.py": ("tests/desk/review/test_commission.py", "statements state them"),
    "cli/inputs/topic_alerts.py": ("tests/cli/test_desk.py", "`alerts` and `verdict` read them"),
    "agents/runtime/dry_run.py": ("tests/cli/test_try.py", "`try` replays events by it"),
    "agents/common/queries/diagnosis.py": ("tests/cli/test_try.py", "`--why` and `--truth` show each cause"),
    "samehand/signals/*.py": (
        "tests/samehand/signals/test_contract.py",
        "a trait brings its examples, and the suite that all traits share judges them",
    ),
    "desk/database/*.py": (
        "tests/desk/test_database.py",
        "one contract suite judges both databases; what rows are for is judged by the rules that use them",
    ),
    "streams/settings/*.py": (
        "tests/streams/test_streams.py",
        "settings are read and refused together, whatever their subject",
    ),
    "streams/telemetry/metrics/*.py": (
        "tests/streams/telemetry/test_telemetry.py",
        "what a scrape reads is judged whole, whatever its subject",
    ),
    "desk/server.py": ("tests/faults/test_desk.py", "whole processes are started and stopped"),
    "agents/common/sample.py": ("tests/agents/common/test_alerts.py", "by what it publishes beside alerts"),
    "agents/common/dismissals.py": ("tests/agents/test_contenders.py", "by which pairs a dismissal silences"),
    "agents/common/families.py": (
        "tests/agents/test_agents.py",
        "by the families that bans and verdicts make",
    ),
    "samehand/blocking/*.py": ("tests/samehand/test_blocking.py", "by which names share a key"),
    "samehand/frequency/name_prior/segmentation.py": (
        "tests/samehand/test_frequency.py",
        "by what a name costs",
    ),
    **{
        f"schemas/{name}.py": ("tests/schemas/test_records.py", "through the codec, as each record of ours")
        for name in ("letters", "verdicts", "waves")
    },
    "schemas/appeals.py": ("tests/gate/test_intake.py", "through the codec, as each record of ours"),
    "streams/supervision/forced_stop.py": (
        "tests/streams/supervision/test_supervision.py",
        "in a process of its own, which it ends",
    ),
    "desk/review/seal.py": ("tests/desk/web/test_seal.py", "every route is walked by who must not know"),
    "desk/database/seals.py": ("tests/desk/web/test_seal.py", "its rule is judged by the same walk"),
    "desk/web/*.py": (
        "tests/desk/web/test_alert.py",
        "handlers hold no rule of their own; whole requests judge them",
    ),
    "desk/review/selection.py": ("tests/desk/review/test_deciding.py", "the desk reads a selection there"),
    "desk/feed/*.py": ("tests/desk/test_feed.py", "what comes and what leaves is judged on a broker"),
    "streams/outbound/session.py": ("tests/deliver/test_deliver.py", "its sessions send webhooks there"),
    "desk/profiles/redraw.py": ("tests/desk/test_profiles.py", "the child draws pictures there"),
    "streams/kafka/follower.py": ("tests/desk/test_feed.py", "the desk is its reader"),
    "store/memory/*.py": ("tests/store/test_contract.py", "one contract suite judges every store"),
    "store/redis/*.py": ("tests/store/test_contract.py", "one contract suite judges every store"),
}

#: Silencing a tool needs the rule by name and, behind a second "#", the reason in two words or more.
TYPE_IGNORE = re.compile(r"#\s*type:\s*ignore\[[a-z-]+(,\s*[a-z-]+)*\]\s+#\s*\S+\s+\S")
NOQA = re.compile(r"#\s*noqa:\s*[A-Z]+[0-9]+(,\s*[A-Z]+[0-9]+)*\s+#\s*\S+\s+\S")

#: Paths of one machine and names of package registries: a clone elsewhere has neither.
FOREIGN = re.compile(
    r"\.\./shared\b|(?<![\w.}/-])/(?:work|tmp|root|home)/"
    r"|\b(?:pypi\.org|pythonhosted\.org|registry\.npmjs\.org|repo1?\.maven\.(?:apache\.)?org|proxy\.golang\.org)\b"
)

TEXT_SUFFIXES = {
    "",
    ".cfg",
    ".csv",
    ".css",
    ".html",
    ".in",
    ".ini",
    ".js",
    ".json",
    ".lock",
    ".lua",
    ".md",
    ".py",
}
TEXT_SUFFIXES |= {".sh", ".sql", ".svg", ".toml", ".txt", ".xml", ".yaml", ".yml"}


def read(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def python_files() -> list[Path]:
    """Every Python file of the project, whether checked in yet or not."""
    folders = [*rooms(), "bench", "tests", "tools", "docs", "deploy"]
    return sorted(path.relative_to(ROOT) for folder in folders for path in (ROOT / folder).rglob("*.py"))


def comments(path: Path) -> Iterator[tuple[int, str]]:
    with tokenize.open(ROOT / path) as source:
        for token in tokenize.generate_tokens(source.readline):
            if token.type == tokenize.COMMENT:
                yield token.start[0], token.string


def unexplained_ignores(path: Path) -> list[str]:
    if not re.search(r"ignore|noqa", read(path), re.IGNORECASE):
        return []  # reading comments takes ten times as long
    return [
        f"{path}:{line}: {comment}"
        for line, comment in comments(path)
        if (re.search(r"#\s*type:\s*ignore", comment) and not TYPE_IGNORE.search(comment))
        or (re.search(r"#\s*noqa", comment, re.IGNORECASE) and not NOQA.search(comment))
    ]


def test_every_silenced_rule_says_why() -> None:
    assert not [fault for path in python_files() for fault in unexplained_ignores(path)]


@for_each(
    "comment",
    ["# type: ignore", "# type: ignore[arg-type]", "# noqa", "# noqa: S603", "# noqa: S603  # why", "# NOQA"],
)
def test_an_ignore_without_a_reason_is_seen(comment: str) -> None:
    assert not TYPE_IGNORE.search(comment)
    assert not NOQA.search(comment)


@for_each("room", rooms())
def test_every_module_says_what_it_is_for(room: str) -> None:
    assert not [path for path in modules() if path.parts[0] == room and not ast.get_docstring(parsed(path))]


@cache
def has_behaviour(path: Path) -> bool:
    """Whether a module does anything: tables, plain records, protocols and error names only say what is."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return any(does_something(node) for node in ast.walk(parsed(path)) if isinstance(node, functions))


def does_something(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a function's body is more than a docstring and dots."""
    return not all(
        isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant) for part in function.body
    )


@cache
def imported_by_tests(room: str) -> frozenset[str]:
    """The dotted names that the tests of a room import."""
    found = set[str]()
    for test in (ROOT / "tests" / room).rglob("*.py"):
        for node in ast.walk(ast.parse(test.read_text("utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module:
                found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
            elif isinstance(node, ast.Import):
                found |= {name.name for name in node.names}
    return frozenset(found)


def has_own_test(path: Path) -> bool:
    """Whether a test file of its room has its name, in the mirrored folder or above all, or imports it."""
    module, room = path.parent if path.stem == "__init__" else path.with_suffix(""), path.parts[0]
    name = f"test_{module.name}.py"
    named = [Path("tests") / path.parent / name, Path("tests") / room / name]
    return any((ROOT / test).is_file() for test in named) or ".".join(module.parts) in imported_by_tests(room)


def covered_elsewhere(path: Path) -> bool:
    return any(fnmatchcase(path.as_posix(), pattern) for pattern in COVERED_ELSEWHERE)


def test_every_module_that_does_something_is_tested_in_its_room() -> None:
    lonely = [path.as_posix() for path in modules() if has_behaviour(path) and not covered_elsewhere(path)]
    assert not [name for name in lonely if not has_own_test(Path(name))]


@for_each("pattern", COVERED_ELSEWHERE)
def test_what_is_covered_elsewhere_still_needs_to_be(pattern: str) -> None:
    suite, _why = COVERED_ELSEWHERE[pattern]
    assert (ROOT / suite).is_file()
    meant = [path for path in modules() if fnmatchcase(path.as_posix(), pattern) and has_behaviour(path)]
    assert [path for path in meant if not has_own_test(path)], "nothing needs this any more"


def test_no_file_names_a_path_of_one_machine_or_a_registry() -> None:
    tracked = tracked_files()
    if tracked is None:
        pytest.skip("not a git checkout: what is checked in cannot be listed")
    texts = [path for path in tracked if path.suffix in TEXT_SUFFIXES and path != Path("tests/test_house.py")]
    found = [f"{path}: {hit.group()}" for path in texts for hit in FOREIGN.finditer(read(path))]
    assert not found


def test_decisions_are_numbered_once_and_listed() -> None:
    folder = ROOT / "docs" / "adr"
    pages = sorted(path.name for path in folder.glob("[0-9]*.md"))
    numbers = [page[:4] for page in pages]
    index = (folder / "README.md").read_text(encoding="utf-8")
    assert len(numbers) == len(set(numbers)), f"two decisions share a number: {pages}"
    assert not [page for page in pages if f"({page})" not in index], "docs/adr/README.md lists every decision"
