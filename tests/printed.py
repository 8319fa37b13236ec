"""The commands that README and its section on one machine print: tests that run them take them from here."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator

from tests.house import ROOT

README = (ROOT / "README.md").read_text("utf-8")
PRINTED = README + (ROOT / "docs" / "running.md").read_text("utf-8").partition("## One machine")[2]


def blocks(text: str = PRINTED) -> list[str]:
    """The blocks of shell, each as it stands."""
    return re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def commands(text: str = PRINTED) -> set[str]:
    """Every line of the blocks of shell without its comment, and every command within a sentence.

    Within a sentence, whatever stands as code and has two words is a command, and so are `make` and a script.
    """
    lines = (line for block in blocks(text) for line in block.splitlines())
    spans = re.findall(r"`([^`]+)`", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL))
    single = (span for span in spans if " " in span or span == "make" or span.endswith(".sh"))
    return {_bare(line) for line in (*lines, *single)} - {""}


def _bare(line: str) -> str:
    return re.sub(r"(^|\s+)#.*$", "", " ".join(line.split()))


def printed(command: str) -> list[str]:
    """The words of a command that README prints, for a test that runs it.

    Raises:
        LookupError: README prints it no longer, so the test tries what nobody is told to type.
    """
    if command not in commands():
        raise LookupError(f"README does not print `{command}`: run here what it prints")
    return shlex.split(command)


def printed_block(beginning: str) -> str:
    """The block of shell that begins so, for a test that runs it whole.

    Raises:
        LookupError: there is none, or more than one.
    """
    found = [block for block in blocks() if block.startswith(beginning)]
    if len(found) != 1:
        raise LookupError(f"README has {len(found)} blocks that begin with `{beginning}`")
    return found[0]


def taken_by_tests() -> set[str]:
    """The commands that tests take from here: calls of `printed` and `printed_block` with what they name."""
    found: set[str] = set()
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        source = path.read_text("utf-8")
        if "from tests.printed import" in source:
            for name, text in _calls(ast.parse(source)):
                found |= {text} if name == "printed" else commands(f"```sh\n{printed_block(text)}```\n")
    return found


def _calls(tree: ast.AST) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Name(id=("printed" | "printed_block") as name), args=[ast.Constant(value=str(text))]
            ):
                yield name, text


def run_by_ci() -> set[str]:
    """The targets of make that every change must pass."""
    steps = re.findall(
        r"^(?:step|beside) make (.+)$", (ROOT / ".ci" / "run").read_text("utf-8"), re.MULTILINE
    )
    return {f"make {target}" for step in steps for target in step.split() if "=" not in target}


def run_by_nothing(text: str = PRINTED) -> set[str]:
    """What README tells people to type and nothing here ever did."""
    return commands(text) - taken_by_tests() - run_by_ci()
