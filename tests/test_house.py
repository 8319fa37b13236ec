"""House rules that cost nothing to check and a review to miss."""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house import ROOT, modules, rooms, tracked_files

#: Modules without a test file of their own, each with its reason. A reason that no longer holds fails below.
UNTESTED_BY_NAME: dict[str, str] = {}

#: Silencing a tool needs the rule by name and, behind a second "#", the reason.
TYPE_IGNORE = re.compile(r"#\s*type:\s*ignore\[[a-z-]+(,\s*[a-z-]+)*\]\s+#\s*\S.{7,}")
NOQA = re.compile(r"#\s*noqa:\s*[A-Z]+[0-9]+(,\s*[A-Z]+[0-9]+)*\s+#\s*\S.{7,}")

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
    return [
        f"{path}:{line}: {comment}"
        for line, comment in comments(path)
        if (re.search(r"#\s*type:\s*ignore", comment) and not TYPE_IGNORE.search(comment))
        or (re.search(r"#\s*noqa", comment, re.IGNORECASE) and not NOQA.search(comment))
    ]


def test_every_silenced_rule_says_why() -> None:
    assert not [fault for path in python_files() for fault in unexplained_ignores(path)]


@pytest.mark.parametrize(
    "comment",
    ["# type: ignore", "# type: ignore[arg-type]", "# noqa", "# noqa: S603", "# noqa: S603  # why", "# NOQA"],
)
def test_an_ignore_without_a_reason_is_seen(comment: str) -> None:
    assert not TYPE_IGNORE.search(comment)
    assert not NOQA.search(comment)


def is_public(name: str) -> bool:
    return not name.startswith("_")


def undocumented(path: Path) -> Iterator[str]:
    """Those of a module, its public functions, classes and protocols' methods that lack a docstring."""
    tree = ast.parse(read(path))
    if not ast.get_docstring(tree):
        yield f"{path}: the module"
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) or not is_public(
            node.name
        ):
            continue
        if not ast.get_docstring(node):
            yield f"{path}:{node.lineno}: {node.name}"
        if isinstance(node, ast.ClassDef) and is_protocol(node):
            yield from undocumented_methods(path, node)


def is_protocol(node: ast.ClassDef) -> bool:
    return any("Protocol" in ast.unparse(base) for base in node.bases)


def undocumented_methods(path: Path, node: ast.ClassDef) -> Iterator[str]:
    methods = [part for part in node.body if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)]
    for method in methods:
        if is_public(method.name) and not ast.get_docstring(method):
            yield f"{path}:{method.lineno}: {node.name}.{method.name}"


@pytest.mark.parametrize("room", rooms())
def test_what_is_public_is_documented(room: str) -> None:
    assert not [fault for path in modules() if path.parts[0] == room for fault in undocumented(path)]


def has_code(path: Path) -> bool:
    """Whether a module does more than say what it is and hand on names."""
    harmless = (ast.Import, ast.ImportFrom)
    for node in ast.parse(read(path)).body:
        is_docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        names_exports = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in {
            "__all__",
            "__version__",
        }
        if not (isinstance(node, harmless) or is_docstring or names_exports):
            return True
    return False


def homes_of_test(path: Path) -> list[Path]:
    """Where a module's test may stand: mirrored folder by folder, or directly in its room's folder."""
    name = path.parent.name if path.stem == "__init__" else path.stem
    deep = Path("tests") / path.parent / f"test_{name}.py"
    return [deep, Path("tests") / path.parts[0] / f"test_{name}.py"]


def test_every_module_has_its_test_file() -> None:
    lonely = [
        path.as_posix()
        for path in modules()
        if has_code(path)
        and path.as_posix() not in UNTESTED_BY_NAME
        and not any((ROOT / test).is_file() for test in homes_of_test(path))
    ]
    assert not lonely


def test_no_exemption_outlives_its_reason() -> None:
    stale = [
        name
        for name in UNTESTED_BY_NAME
        if not (ROOT / name).is_file() or any((ROOT / test).is_file() for test in homes_of_test(Path(name)))
    ]
    assert not stale


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
