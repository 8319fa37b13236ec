"""Every command under every circumstance: whatever it reads and writes, it ends in words and a code.

Commands, their files and their options are found from the registry: a new one is tried here by itself, once
it has an errand.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pytest

from cli.exit_codes import BAD_INPUT, DONE, NOT_DONE, PIPE_CLOSED
from tests.cli.errands import (
    ERRANDS,
    GROUPS,
    LEAVES,
    UNTIL_STOPPED,
    Seen,
    inputs,
    outputs,
    run_into,
    words,
)
from tests.tables import for_each

BESIDE = frozenset({"bookmark_path"})
"""Not what a command makes: it goes on without it, and says so (test_bookmark.py)."""

RUBBISH = bytes(range(256)) * 64
NARROW = 40


def an_errand(name: str, request: pytest.FixtureRequest, folder: Path, **other: object) -> list[str]:
    """The command line of its errand, with ``other`` values where a test wants them."""
    errand = ERRANDS[name]
    if errand.servers:
        request.getfixturevalue("servers")
    if name.startswith(("case", "desk", "report", "statements")) and name != "desk users add":
        request.getfixturevalue("desk_tables")
    given = dict(errand.given(folder))
    given.update({param: [value] for param, value in other.items()})
    return words(name, given)


def marked(name: str) -> tuple[pytest.MarkDecorator, ...]:
    return (pytest.mark.journey,) if ERRANDS[name].servers else ()


each_errand = pytest.mark.parametrize("name", [pytest.param(it, marks=marked(it)) for it in sorted(ERRANDS)])
each_input = pytest.mark.parametrize(
    ("name", "param"),
    [pytest.param(it, param, marks=marked(it)) for it in sorted(ERRANDS) for param in inputs(it)],
)
each_output = pytest.mark.parametrize(
    ("name", "param"),
    [
        pytest.param(it, param, marks=marked(it))
        for it in sorted(ERRANDS)
        for param in outputs(it)
        if param not in BESIDE
    ],
)


@contextmanager
def closed_pipe() -> Iterator[BinaryIO]:
    """A pipe whose reader has gone."""
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        yield pipe


@contextmanager
def full_disk() -> Iterator[BinaryIO]:
    with Path("/dev/full").open("wb") as full:
        yield full


def in_words(seen: Seen, *codes: int) -> None:
    """It ended with one of these codes and in lines of ours."""
    assert "Traceback" not in seen.out + seen.err
    assert seen.code in codes, seen


def test_every_command_has_an_errand() -> None:
    assert set(ERRANDS) == set(LEAVES) - UNTIL_STOPPED


@for_each("name", sorted(LEAVES))
def test_every_command_that_tells_something_tells_it_to_programs_too(name: str) -> None:
    told = {option for param in LEAVES[name].params for option in param.opts}
    assert "--json" in told or name in ("worker", "bridge", "deliver", "desk", "gate")  # which write logs


@for_each("name", GROUPS)
@for_each("columns", ["80", str(NARROW)])
def test_a_bare_group_prints_its_help_laid_out_with_examples(
    name: str, columns: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    bare, asked = run_into(name.split(), monkeypatch), run_into([*name.split(), "--help"], monkeypatch)
    assert (bare.code, asked.code) == (BAD_INPUT, DONE)
    assert (bare.out, bare.err) == (asked.out, "")
    assert len(bare.out.splitlines()) > 10
    assert f"  samehand {name}".rstrip() in bare.out


@for_each("name", sorted(LEAVES))
def test_help_fits_a_narrow_terminal(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(NARROW))
    seen = run_into([*name.split(), "--help"], monkeypatch)
    in_words(seen, DONE)
    wide = [line for line in seen.out.splitlines() if len(line) > NARROW]
    # What is to be copied keeps its lines.
    kept = (
        "samehand ",
        "zcat ",
        "kcat ",
        "--accounts sample/",
        "--strategies sample/",
        "SAMEHAND_",
        *"0123456789",
    )  # to be copied, or a list of codes
    assert [line for line in wide if not line.lstrip().startswith(kept)] == []


@for_each("name", sorted(LEAVES))
def test_help_into_what_takes_little_or_nothing_is_no_traceback(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = [*name.split(), "--help"]
    in_words(run_into(line, monkeypatch, encoding="ascii"), DONE)
    with closed_pipe() as closed:
        assert run_into(line, monkeypatch, out=closed) == Seen(PIPE_CLOSED, "", "")
    with full_disk() as full:
        seen = run_into(line, monkeypatch, out=full)
    assert seen == Seen(NOT_DONE, "", "samehand: standard output: No space left on device\n")


@each_errand
def test_an_errand_ends_in_words_where_nobody_reads_it_and_where_there_is_no_room_and_else_is_done(
    name: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = an_errand(name, request, tmp_path)
    with closed_pipe() as closed:
        seen = run_into(line, monkeypatch, out=closed)
    in_words(seen, PIPE_CLOSED)
    assert "samehand:" not in seen.err

    line = an_errand(name, request, tmp_path)
    with full_disk() as full:
        seen = run_into(line, monkeypatch, out=full)
    in_words(seen, NOT_DONE)
    assert seen.err.splitlines()[-1] == "samehand: standard output: No space left on device"

    monkeypatch.setenv("COLUMNS", str(NARROW))
    seen = run_into(an_errand(name, request, tmp_path), monkeypatch, encoding="ascii")
    in_words(seen, DONE, NOT_DONE if name == "doctor" else DONE)
    assert seen.out
    wide = [line for line in seen.out.splitlines() if len(line) > NARROW]
    # What cannot be broken (an address, a hash, a path) is the only thing that may be wider.
    assert [line for line in wide if len(max(line.split(), key=len)) < NARROW - 8] == []
    assert [line for line in seen.out.splitlines() if line.endswith(" ")] == []


def test_nobody_can_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with full_disk() as full:
        assert run_into(["no-such-command"], monkeypatch, err=full).code == NOT_DONE
        assert run_into(["--help"], monkeypatch, out=full, err=full).code == NOT_DONE
    with closed_pipe() as closed:
        assert run_into(["no-such-command"], monkeypatch, err=closed).code == PIPE_CLOSED


@each_output
def test_a_file_to_write_has_no_room_or_stands_where_nothing_can(
    name: str, param: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = run_into(an_errand(name, request, tmp_path, **{param: "/dev/full"}), monkeypatch)
    in_words(seen, NOT_DONE, BAD_INPUT)
    assert "/dev/full" in seen.err
    nowhere = tmp_path / "no" / "such" / "folder"
    seen = run_into(an_errand(name, request, tmp_path, **{param: nowhere}), monkeypatch)
    in_words(seen, BAD_INPUT)
    assert str(nowhere) in seen.err.splitlines()[-1]


@each_input
def test_a_file_to_read_is_not_there_or_a_folder_or_rubbish_or_empty_or_standard_input(
    name: str, param: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = an_errand(name, request, tmp_path)
    given = ERRANDS[name].given(tmp_path)
    if param in given:  # else it is read as those that are
        [path] = map(str, given[param])
        there = Path(path).read_bytes()
        seen = run_into([it if it != path else "-" for it in line], monkeypatch, stdin=there)
        in_words(seen, DONE)
        assert seen.out
    for wrong in (tmp_path / "gone", tmp_path):
        seen = run_into(an_errand(name, request, tmp_path, **{param: wrong}), monkeypatch)
        in_words(seen, BAD_INPUT)
        assert str(wrong) in seen.err
        assert len(seen.err.splitlines()) == 1
    for number, content in enumerate((RUBBISH, b"", b"\n\n", b"\x00")):
        wrong = tmp_path / f"wrong-{number}"
        wrong.write_bytes(content)
        line = an_errand(name, request, tmp_path, **{param: wrong})
        seen = run_into(line, monkeypatch)
        in_words(seen, DONE if not content.strip() else BAD_INPUT, BAD_INPUT)
        assert str(wrong) in seen.err
        if content is RUBBISH:
            from_stdin = ["-" if it == str(wrong) else it for it in line]
            assert run_into(from_stdin, monkeypatch, stdin=content).code == seen.code


def test_standard_input_is_one_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = run_into(["score", "--bans", "-", "--accounts", "-"], monkeypatch)
    assert seen.code == BAD_INPUT
    assert "for one file only" in seen.err


def shell(
    words: str, out: BinaryIO | int = subprocess.PIPE, **environment: str
) -> subprocess.CompletedProcess[str]:
    """A line of shell, in which `samehand` is ours."""
    script = f'samehand() {{ "{sys.executable}" -m cli "$@"; }}\n{words}'
    return subprocess.run(
        ["bash", "-c", script],
        stdout=out,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
    )


@for_each("buffered", ["", "1"])
def test_the_whole_process_ends_as_quietly(buffered: str) -> None:
    environment = {"PYTHONUNBUFFERED": buffered}
    with closed_pipe() as closed:  # as after `| head -n 1`
        ran = shell("samehand --help", out=closed, **environment)
    assert (ran.returncode, ran.stderr) == (PIPE_CLOSED, "")
    ran = shell("samehand --help > /dev/full; echo $?", **environment)
    assert (ran.stdout, ran.stderr) == ("1\n", "samehand: standard output: No space left on device\n")
    ran = shell("samehand --help > /dev/full 2>&1; echo $?", **environment)
    assert (ran.stdout, ran.stderr) == ("1\n", "")
    ran = shell("samehand --help >&-; echo $?", **environment)
    assert (ran.stdout, ran.stderr) == ("0\n", "")
    ran = shell("samehand --help", PYTHONIOENCODING="ascii", LC_ALL="C", **environment)
    assert "(SAMEHAND_...)" in ran.stdout
    assert (ran.returncode, ran.stderr) == (DONE, "")
