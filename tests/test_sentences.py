"""Every sentence that people read of a help or of evidence, in one file: a change shows as a difference.

``python -m tests.test_sentences`` writes ``tests/sentences.txt`` anew; read the difference before you commit.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from cli.main import samehand
from cli.registry import COMMANDS
from samehand.scoring.rivals import RIVALS
from samehand.signals import PAIRWISE, SIGNALS
from tests.house import ROOT
from tests.samehand.makers import CONTEXT, keyer, seen

FILE = ROOT / "tests" / "sentences.txt"
COLUMNS = "80"


def helps() -> Iterator[str]:
    """The help of each command, as an 80-column terminal shows it."""
    yield help_of([])
    for name in COMMANDS:
        yield help_of([name])
        command = samehand.get_command(click.Context(samehand), name)
        if isinstance(command, click.Group):
            for below in sorted(command.commands):
                yield help_of([name, below])


def help_of(words: list[str]) -> str:
    shown = CliRunner().invoke(samehand, [*words, "--help"], prog_name="samehand", env={"COLUMNS": COLUMNS})
    assert shown.exit_code == 0, words
    return f"$ {' '.join(['samehand', *words])} --help\n\n{shown.output}"


def evidence() -> Iterator[str]:
    """The sentence of each example that a signal brings, and of each rival explanation."""
    for signal in SIGNALS:
        for example in signal.examples:
            ours, theirs = signal.distil(example.ours, keyer), signal.distil(example.theirs, keyer)
            found = signal.compare(ours, theirs, CONTEXT) if ours is not None and theirs is not None else None
            if found is not None:
                yield f"{signal.name}.{found.level}: {found.because or signal.sentences[found.level]}"
    for pairwise in PAIRWISE:
        for example in getattr(pairwise, "examples", ()):
            between = pairwise.between(seen(example.ours).trait, seen(example.theirs).trait, CONTEXT)
            if between is not None:
                because = between.because or pairwise.sentences[between.level]
                yield f"{pairwise.name}.{between.level}: {because}"
    for rival in RIVALS:
        yield f"{rival.name}: {rival.sentence}"


def written() -> str:
    return "\n".join(["# Evidence", "", *dict.fromkeys(evidence()), "", "# Help", "", *helps()])


def test_sentences_of_help_and_evidence_are_those_that_were_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", COLUMNS)
    assert written().splitlines() == FILE.read_text("utf-8").splitlines(), "python -m tests.test_sentences"


if __name__ == "__main__":
    os.environ["COLUMNS"] = COLUMNS
    FILE.write_text(written(), encoding="utf-8")
