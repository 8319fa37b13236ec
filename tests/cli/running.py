"""A command, run as a person runs it, in this process."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cli.main import run
from schemas.record import Record
from schemas.wire import encode


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def figures(self) -> dict[str, Any]:
        """The JSON object on the last line."""
        told: dict[str, Any] = json.loads(self.out.splitlines()[-1])
        return told


class Samehand:
    """Runs commands and hands back what they print."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: object) -> Ran:
        """One command line; the exit code is what the shell would see."""
        self._capsys.readouterr()
        code = run([str(word) for word in words])
        printed = self._capsys.readouterr()
        return Ran(code, printed.out, printed.err)


def ran_in(folder: Path, words: Sequence[str], environment: Mapping[str, str]) -> Ran:
    """A command line, typed in a folder and under an environment of its own."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.chdir(folder)
        for name, value in environment.items():
            patch.setenv(name, value)
        code = run(list(words))
    return Ran(code, *(each.buffer.getvalue().decode() for each in (out, err)))


def jsonl(path: Path, *records: Record | bytes) -> Path:
    """A file with a record (or anything else) a line."""
    lines = [encode(record) if isinstance(record, Record) else record for record in records]
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return path


@contextmanager
def settings(monkeypatch: pytest.MonkeyPatch, **given: object) -> Iterator[None]:
    """The environment of a command: nothing of ours but what is given."""
    with monkeypatch.context() as patch:
        for name, value in given.items():
            patch.setenv(f"SAMEHAND_{name.upper()}", str(value))
        yield
