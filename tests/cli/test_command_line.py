"""The command line: commands, options, streams, outages, exit codes; every command in every circumstance."""

from __future__ import annotations

import asyncio
import fcntl
import io
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import termios
import time
from array import array
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import BinaryIO

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from agents.runtime.store_factory import peppers_of
from cli import main as door
from cli import output, running
from cli.bookmark import Bookmark, read_bookmark
from cli.exit_codes import BAD_INPUT, DONE, NOT_DONE, PIPE_CLOSED, NotDone
from cli.main import laid_out
from cli.maintain.rebuild.banned_topic import open_anew
from cli.maintain.rebuild.processes import _shares
from cli.maintain.rebuild.reshard import beside
from cli.opening import closing_store
from cli.options import platform_option
from cli.output_files import write, writing
from cli.registry import module_of
from cli.run import publishing
from cli.run.publishing import delivered
from cli.running import TRIES_MAX, awaited, through_outages
from cli.standard_streams import standard_streams
from store.errors import StoreEmptied, StoreMismatch, StoreMoving, StoreRefused, StoreUnavailable
from streams.errors import (
    BrokerRefused,
    BrokerUnavailable,
    BrokerUnreachable,
    SettingsError,
    TopicsError,
    Transient,
)
from streams.kafka.client import reader
from streams.kafka.topics import names
from streams.settings import load
from tests.cli.errands import ERRANDS, GROUPS, LEAVES, UNTIL_STOPPED, Seen, inputs, outputs, run_into, words
from tests.cli.running import Samehand
from tests.house import ROOT
from tests.makers import a_ban
from tests.tables import for_each

# Whatever happens ends in one line and an exit code.


def raising(fault: BaseException) -> click.Command:
    def body() -> None:
        raise fault

    return click.Command("score", callback=body)


@pytest.mark.parametrize(
    ("fault", "code", "said"),
    [
        (click.ClickException("two\nlines of it"), 2, "samehand: two lines of it\n"),
        (
            SettingsError({"SAMEHAND_A": "is wrong", "SAMEHAND_B": "too"}),
            2,
            "SAMEHAND_A: is wrong\nsamehand: ",
        ),
        (SettingsError({"SAMEHAND_A": "is wrong"}), 2, "is wrong; `samehand doctor` says what to do\n"),
        (
            BrokerUnavailable("Kafka: NoBrokersAvailable"),
            1,
            "samehand: Kafka: NoBrokersAvailable; `samehand doctor` checks "
            "SAMEHAND_KAFKA_BROKERS=127.0.0.1:9092\n",
        ),
        (
            BrokerUnreachable("Kafka: nothing listens at 127.0.0.1:1 (Connection refused)"),
            2,
            "samehand: Kafka: nothing listens at 127.0.0.1:1 (Connection refused); start the broker or set "
            "SAMEHAND_KAFKA_BROKERS; `samehand doctor` checks it\n",
        ),
        (
            StoreUnavailable("Redis did not answer in time"),
            1,
            "samehand: Redis did not answer in time; `samehand doctor` checks the Redis that "
            "SAMEHAND_REDIS_URL names\n",
        ),
        (StoreMoving("the store moves"), 1, "samehand: the store moves\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_faults_end_in_one_line_each(
    samehand: Samehand, monkeypatch: pytest.MonkeyPatch, fault: BaseException, code: int, said: str
) -> None:
    monkeypatch.setattr(door.Commands, "get_command", lambda *_: raising(fault))
    ran = samehand("score")
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err
    assert "Traceback" not in ran.err
    assert bool(ran.err.strip()) == bool(said)


def test_a_defect_of_ours_is_not_hidden(samehand: Samehand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door.Commands, "get_command", lambda *_: raising(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        samehand("score")


def test_a_mistyped_command_is_answered_with_the_nearest(samehand: Samehand) -> None:
    ran = samehand("scor")
    assert ran.code == 2
    assert ran.err.startswith("samehand: there is no command 'scor'; did you mean 'score'?")
    assert len(ran.err.splitlines()) == 1


def test_a_missing_option_is_one_line(samehand: Samehand) -> None:
    ran = samehand("score")
    assert ran.code == 2
    assert ran.err == "samehand: Missing option '--bans'. Try `samehand score --help`.\n"


def test_it_knows_its_version(samehand: Samehand) -> None:
    assert samehand("--version").out == f"samehand {version('samehand')}\n"


LOADED_BY_HELP = """
import sys
from cli.main import run
run(["--help"])
heavy = {"faust", "kafka", "redis", "rich", "numpy", "pydantic", "prometheus_client"} & sys.modules.keys()
print("heavy:", sorted(heavy))
"""


def test_help_loads_no_command() -> None:
    ran = subprocess.run([sys.executable, "-c", LOADED_BY_HELP], capture_output=True, text=True, check=True)
    assert "Score accounts against bans" in ran.stdout
    assert ran.stdout.endswith("heavy: []\n")


def waiting_command(tmp_path: Path) -> subprocess.Popen[str]:
    """`score` that waits for its bans from a pipe that nobody writes to."""
    pipe = tmp_path / "bans.jsonl"
    os.mkfifo(pipe)
    words = ["score", "--bans", str(pipe), "--accounts", str(pipe)]
    return subprocess.Popen(
        [sys.executable, "-c", f"import sys; from cli.main import main; main({words!r})"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def unread_bytes(pipe: int) -> int:
    """How many bytes of a pipe its reader has not taken yet."""
    waiting = array("i", [0])
    fcntl.ioctl(pipe, termios.FIONREAD, waiting)
    return waiting[0]


def test_an_interrupt_ends_quietly(tmp_path: Path) -> None:
    child = waiting_command(tmp_path)
    writer = os.open(tmp_path / "bans.jsonl", os.O_WRONLY)  # opens as soon as the command reads
    try:
        os.write(writer, b"{")
        while unread_bytes(writer):
            assert child.poll() is None
            time.sleep(0.01)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=20)
    finally:
        os.close(writer)
        child.kill()
    assert (child.returncode, out) == (130, "")
    assert err.strip() == ""  # click ends the line on which the terminal shows ^C


def test_a_file_name_that_a_terminal_would_obey_is_written_out(samehand: Samehand, tmp_path: Path) -> None:
    hostile = tmp_path / "\x1b]0;owned\x07.json"
    hostile.write_text("[]")
    ran = samehand("score", "--bans", hostile, "--accounts", hostile)
    assert ran.code == 2
    assert "\x1b" not in ran.err
    assert "<U+001B>]0;owned<U+0007>.json" in ran.err


@for_each("name", ["simulate", "try"])
def test_empty_name_of_a_folder_is_not_the_current_one(samehand: Samehand, name: str) -> None:
    seen = samehand(*name.split(), "--out", "")
    assert seen.code == 2
    assert "it is empty; name a folder" in seen.err


# The list of commands agrees with the commands.


ASKED = {  # commands of runbooks: each can be typed as it stands, with names for what is in capitals
    (page.stem, " ".join(found.split()))
    for page in (ROOT / "docs" / "runbooks").glob("*.md")
    for found in re.findall(r"`samehand ([a-z][^`]*)`", page.read_text("utf-8"))
}

_FILES = frozenset({".csv", ".json", ".jsonl", ".jpg", ".png", ".CSV", ".toml", ".xml", ".plan", ".imports"})


def command_of(name: str) -> click.Command:
    command = import_module(module_of(name)).command
    assert isinstance(command, click.Command)
    return command


@for_each(("page", "line"), sorted(ASKED))
def test_what_a_runbook_asks_for_can_be_typed(page: str, line: str) -> None:
    """Whoever was woken types what stands there."""
    given = ["accounts.created:3:7" if it == "ADDRESS" else it for it in shlex.split(line)]
    if "--help" in given or len(given) == 1:
        command_of(given[0])
        return
    group = command_of(given[0])
    if not isinstance(group, click.Group):
        group.make_context(given[0], given[1:])
        return
    command = group.commands[given[1]]
    context = command.make_context(given[1], given[2:])  # raises where something is missing or unknown
    if given[1] in ("replay", "drop"):
        assert any(value for value in context.params.values()), "without saying which, nothing is done"


@for_each("name", sorted(LEAVES))
def test_options_take_no_number_that_is_not_finite(name: str) -> None:
    for option in LEAVES[name].params:
        if isinstance(option.type, click.types.FloatParamType):
            for number in ("nan", "inf", "-inf"):
                with pytest.raises(click.BadParameter):
                    option.type.convert(number, option, None)


EXAMPLE = re.compile(r"(?:^|\s)samehand ([a-z][^|>]*)")


def examples_of(command: click.Command) -> list[list[str]]:
    """The command lines that its help prints, as words after `samehand`; a line that ends in `\\` goes on."""
    text = (command.help or "").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.startswith("  ")]
    return [shlex.split(found[1], comments=True) for line in lines if (found := EXAMPLE.search(line))]


@for_each("name", sorted(LEAVES))
def test_help_says_what_its_exit_codes_mean(name: str) -> None:
    command = laid_out(LEAVES[name])
    assert "Exit codes:" in (command.help or "") + (command.epilog or "")


@for_each("name", sorted(LEAVES))
def test_help_fits_eighty_columns_line_by_line(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    seen = run_into([*name.split(), "--help"], monkeypatch)
    assert [line for line in seen.out.splitlines() if len(line) > 80] == []


@for_each("name", sorted(LEAVES))
def test_every_example_of_a_help_can_be_typed(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    examples = [
        example for example in examples_of(LEAVES[name]) if example[: len(name.split())] == name.split()
    ]
    assert examples
    for example in examples:
        for word in example:
            if Path(word).suffix in _FILES and not word.startswith("-"):
                Path(word).parent.mkdir(exist_ok=True)
                Path(word).touch()
        rest = example[len(name.split()) :]
        LEAVES[name].make_context(name, rest)  # raises where something is missing or unknown


# Every command under every circumstance: whatever it reads and writes, it ends in words and a code.


BESIDE = frozenset({"bookmark_path"})
"""Not what a command makes: it goes on without it, and says so: see below, of bookmarks."""

WRITES_NOTHING = frozenset({"report statements"})
"""An empty desk has no statement, and no disk is too full for an empty file."""

RUBBISH = bytes(range(256)) * 64
NARROW = 40


def an_errand(name: str, request: pytest.FixtureRequest, folder: Path, **other: object) -> list[str]:
    """The command line of its errand, with ``other`` values where a test wants them."""
    errand = ERRANDS[name]
    if errand.servers:
        request.getfixturevalue("servers")
    if name.startswith(("case", "desk", "report")) and name != "desk users add":
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
    # A file for other programs keeps its lines.
    wide = [line for line in seen.out.splitlines() if len(line) > NARROW and name != "topics"]
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
    # A file for other programs keeps its lines.
    wide = [line for line in seen.out.splitlines() if len(line) > NARROW and name != "topics"]
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
    if name not in WRITES_NOTHING:
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
    words: str, environment: Mapping[str, str], out: BinaryIO | int = subprocess.PIPE
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
        ran = shell("samehand --help", environment, out=closed)
    assert (ran.returncode, ran.stderr) == (PIPE_CLOSED, "")
    ran = shell("samehand --help > /dev/full; echo $?", environment)
    assert (ran.stdout, ran.stderr) == ("1\n", "samehand: standard output: No space left on device\n")
    ran = shell("samehand --help > /dev/full 2>&1; echo $?", environment)
    assert (ran.stdout, ran.stderr) == ("1\n", "")
    ran = shell("samehand --help >&-; echo $?", environment)
    assert (ran.stdout, ran.stderr) == ("0\n", "")
    ran = shell("samehand --help", {"PYTHONIOENCODING": "ascii", "LC_ALL": "C", **environment})
    assert "(SAMEHAND_...)" in ran.stdout
    assert (ran.returncode, ran.stderr) == (DONE, "")


# Which process enrols which partitions.


OFFSETS = st.dictionaries(st.integers(0, 60), st.integers(0, 10_000), min_size=1)


def test_the_longest_partitions_are_shared_out_first() -> None:
    assert _shares({0: 100, 1: 10, 2: 60, 3: 50}, {0: 20}, 2) == [{0: 100, 1: 10}, {2: 60, 3: 50}]


@given(OFFSETS, OFFSETS, st.integers(1, 70))
def test_each_partition_is_in_one_share_and_no_share_is_empty(
    ends: dict[int, int], done: dict[int, int], count: int
) -> None:
    shares = _shares(ends, done, count)
    assert sorted(pair for share in shares for pair in share.items()) == sorted(ends.items())
    assert len(shares) == min(count, len(ends))


# What a terminal cannot show is written out, width by width where it can be.


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("ascii", "### ... > *** <U+0639><U+00E9> <U+1F600> <U+D800>"),
        ("latin-1", "### ... > *** <U+0639>\xe9 <U+1F600> <U+D800>"),
        ("utf-8", "███ … → ••• \u0639\xe9 \U0001f600 <U+D800>"),
    ],
)
def test_letters_that_are_lacking_are_written_out(
    encoding: str, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding))
    with standard_streams():
        click.echo("███ … → ••• \u0639\xe9 \U0001f600 \ud800")
        sys.stdout.flush()
    assert raw.getvalue().decode(encoding) == f"{shown}\n"


CLOSED = """
import os, sys
from cli.standard_streams import standard_streams
with standard_streams():
    opened = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT)
    os.write(opened, str(opened).encode())
    os.closerange(0, 3)
"""


@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- >&- 2>&-"])
def test_what_the_shell_closed_is_not_opened_as_a_file_of_ours(closed: str, tmp_path: Path) -> None:
    """A socket that is called 0 ends a worker when it is closed: libuv aborts."""
    told = tmp_path / "number"
    subprocess.run(
        ["sh", "-c", f'exec "$0" -c "$1" "$2" {closed}', sys.executable, CLOSED, str(told)],
        check=True,
        timeout=60.0,
    )
    assert int(told.read_text()) > 2


# Bans are yielded once the broker has them, in order, and never to a topic that would lose them.


@pytest.mark.journey
def test_each_ban_is_on_the_topic_when_it_is_told(
    broker: str, topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publishing, "IN_THE_AIR_MAX", 4)
    settings = load({"SAMEHAND_KAFKA_BROKERS": broker, "SAMEHAND_TOPIC_PREFIX": topic_prefix})
    bans = [a_ban(str(number)) for number in range(11)]
    assert list(delivered(settings, bans)) == bans
    topic = names(settings).banned
    with reader(settings) as opened:
        keys = {it.key for part in opened.partitions(topic) for it in opened.read(topic, part)}
    assert keys == {ban.key.encode() for ban in bans}


@pytest.mark.journey
def test_a_topic_that_is_missing_is_refused_before_anything_is_sent(broker: str, topic_prefix: str) -> None:
    settings = load(
        {
            "SAMEHAND_KAFKA_BROKERS": broker,
            "SAMEHAND_TOPIC_PREFIX": topic_prefix,
            "SAMEHAND_TOPIC_CREATE": "false",
        }
    )
    with pytest.raises(TopicsError, match=r"accounts\.banned"):
        list(delivered(settings, [a_ban("1")]))


# What every rebuild reads: all that stood in the topic when it began, batch by batch.


@pytest.mark.journey
def test_a_store_without_an_epoch_is_given_one(servers: str, pepper_file: Path) -> None:
    async def opened() -> list[str]:
        epochs = []
        for _ in range(2):
            async with closing_store(load(), peppers_of(load())) as store:
                epochs.append(await open_anew(store, dict))
        return epochs

    first, second = awaited(opened())
    assert first
    assert second == first


# Options that several commands share refuse what cannot be.


@click.command()
@platform_option
def with_platform(platform: str) -> None:
    click.echo(platform)


@for_each("name", ["Telegram", "a:b", "", "x" * 33])
def test_anything_else_is_refused(name: str) -> None:
    ran = CliRunner().invoke(with_platform, ["--platform", name])
    assert ran.exit_code == 2
    assert "lower-case" in ran.output


# A wrong path is bad input, a full disk is not.


def test_a_path_that_cannot_be_is_told_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(click.BadParameter, match="No such file"), writing(tmp_path / "no" / "a", "--out"):
        pytest.fail("the work began")


def test_a_full_disk_is_no_fault_of_the_input() -> None:
    with pytest.raises(NotDone, match="/dev/full: No space left on device; the file is incomplete"):
        write(Path("/dev/full"), b"one", "--out")


# A coroutine that never waits can still be interrupted.


def test_an_interrupt_ends_work_that_never_waits() -> None:
    async def work() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(5)  # noqa: ASYNC251  # work that does not wait is what this test is about

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        awaited(work())
    assert time.monotonic() - started < 4


# A step of a long command is tried again while waiting may cure it, and not for ever.


SLOW = StoreUnavailable("Redis did not answer in time (2000 ms)")


def wrapped(cause: Exception) -> Transient:
    """As an agent raises what its store raised."""
    try:
        raise Transient(str(cause)) from cause
    except Transient as fault:
        return fault


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds that were waited."""
    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    monkeypatch.setattr(running, "uniform", max)
    return waited


def failing(faults: Iterator[Exception]) -> Callable[[], Awaitable[str]]:
    async def step() -> str:
        for fault in faults:
            raise fault
        return "done"

    return step


@pytest.mark.parametrize("fault", [SLOW, wrapped(SLOW), BrokerUnavailable("Kafka: it is away")])
async def test_what_waiting_cures_is_tried_again(
    fault: Exception, waits: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    assert await through_outages(failing(iter([fault] * 12))) == "done"
    assert waits == sorted(waits)
    assert waits[-1] == 5.0, "capped"
    assert capsys.readouterr().err.count("trying again") == 1, "said once"


@pytest.mark.parametrize(
    "fault",
    [
        StoreRefused("NOPERM"),
        wrapped(StoreRefused("NOPERM")),
        wrapped(StoreEmptied("emptied")),
        StoreMismatch("another layout"),
        BrokerRefused("Kafka: no right"),
    ],
)
async def test_what_no_waiting_cures_is_raised_at_once(fault: Exception, waits: list[float]) -> None:
    with pytest.raises(type(fault)):
        await through_outages(failing(iter([fault])))
    assert waits == []


async def test_without_progress_it_gives_up(waits: list[float]) -> None:
    with pytest.raises(StoreUnavailable):
        await through_outages(failing(iter([SLOW] * TRIES_MAX)))
    assert len(waits) == TRIES_MAX - 1


async def test_with_progress_it_does_not(waits: list[float]) -> None:
    done = 0

    async def step() -> None:
        nonlocal done
        done += 1
        if done < 5 * TRIES_MAX:
            raise SLOW

    await through_outages(step, lambda: done)
    assert len(waits) == 5 * TRIES_MAX - 1


# What is printed fits where it goes.


def test_a_file_gets_no_colours_and_a_width_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    screen = output.console()
    screen.print("word " * 60, style="bold red")
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert max(map(len, out.splitlines())) <= output.WIDTH_MAX


def test_no_color_is_honoured_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    output.console().print("red", style="red")
    assert "\x1b[31m" in capsys.readouterr().out
    monkeypatch.setenv("NO_COLOR", "1")
    output.console().print("red", style="red")
    assert "31m" not in capsys.readouterr().out


def told(*words: str) -> str:
    """What a command with a result prints."""

    @click.command()
    @output.json_option
    def command() -> int:
        found = {"name": "عمر\n", "count": 2}
        return output.result(found, "2 names", "", output.facts(("figure", "value"), found), code=1)

    ran = CliRunner().invoke(command, words, standalone_mode=False)
    assert ran.return_value == 1
    return ran.output


def test_result_is_one_line_of_json_for_programs_and_lines_for_people() -> None:
    out = told("--json")
    assert len(out.splitlines()) == 1
    assert json.loads(out) == {"name": "عمر\n", "count": 2}
    assert [line.split() for line in told().splitlines()] == [
        ["2", "names"],
        ["figure", "value"],
        ["name", "عمر<U+000A>"],
        ["count", "2"],
    ]


@for_each(
    ("value", "shown"),
    [
        (None, "–"),
        (True, "yes"),
        (1_200, "1,200"),
        (0.5, "0.5"),
        ({"not-seen": 3, "none": 0}, "not seen 3"),
        ([], "none"),
        ("a\x1b", "a<U+001B>"),
    ],
)
def test_cell_is_written_by_the_kind_of_its_value(value: object, shown: str) -> None:
    assert output.cell(value) == shown


def test_progress_is_silent_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    with output.progress("working", 10) as hear:
        hear(10)
    assert capsys.readouterr() == ("", "")


def test_the_width_that_is_asked_for_is_obeyed_in_a_file(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for columns, wide in (("40", 40), ("180", 180), ("1", output.WIDTH_MIN), ("forty", output.WIDTH_MAX)):
        monkeypatch.setenv("COLUMNS", columns)
        output.console().print("word " * 60)
        lines = capsys.readouterr().out.splitlines()
        assert wide - 5 < max(map(len, lines)) <= wide


ROWS = [("band likely, upwards", "12", "0.812 [0.700, 0.900]"), ("strategy 3", "–", "–")]


def test_a_table_is_columns_where_it_is_wide_and_lines_where_it_is_narrow(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    output.console().print(output.table({"review": 0, "alerts": 1, "precision": 2}, ROWS))
    wide = capsys.readouterr().out
    assert "band likely, upwards  12      0.812 [0.700, 0.900]\n" in wide
    monkeypatch.setenv("COLUMNS", "40")
    output.console().print(output.table({"review": 0, "alerts": 1, "precision": 2}, ROWS))
    narrow = capsys.readouterr().out
    assert narrow.splitlines()[:3] == [
        "review: band likely, upwards",
        "  alerts     12",
        "  precision  0.812 [0.700, 0.900]",
    ]
    assert not any(line.endswith(" ") for line in (wide + narrow).splitlines())


def test_a_line_for_grep_is_whole_in_a_file_and_hangs_where_it_is_narrow(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    words = "✗ Redis: " + "is not well, " * 20
    output.line(output.console(), words)
    assert capsys.readouterr().out == f"{words.rstrip()}\n"
    monkeypatch.setenv("COLUMNS", "40")
    output.line(output.console(), f"  {words}")
    first, *rest = capsys.readouterr().out.splitlines()
    assert first.startswith("  ✗ Redis: ")
    assert all(line.startswith("    ") for line in rest)
    assert max(map(len, rest)) <= 40


# The store of a command is closed again, come what may.


async def test_a_store_out_of_reach_is_an_outage_and_is_closed(pepper_file: Path) -> None:
    settings = load({"SAMEHAND_PEPPER_FILE": str(pepper_file), "SAMEHAND_REDIS_URL": "redis://127.0.0.1:1/0"})
    peppers = peppers_of(settings)
    with pytest.raises(StoreUnavailable):
        async with closing_store(settings, peppers) as store:
            await store.open()


# `samehand rebuild --into`: told apart from the live one; the whole is a journey.


def test_workers_get_the_same_settings_but_for_the_layout() -> None:
    settings = load({"SAMEHAND_KAFKA_BROKERS": "kafka:9092", "SAMEHAND_STORE_BANS": "5000"})
    second = beside(settings, "samehand-2", bans=None, remembered=9_000)
    assert (second.store_prefix, second.store_bans, second.store_remembered) == ("samehand-2", 5_000, 9_000)
    assert second.kafka_brokers == settings.kafka_brokers


@for_each("prefix", ["samehand", "", "a b", "samehand*", "x" * 65, "samehand{1}", "samehand\n"])
def test_no_other_prefix_is_taken(prefix: str) -> None:
    with pytest.raises(click.UsageError, match="--into"):
        beside(load({}), prefix, bans=2_000, remembered=None)


# How far a rebuild went is known again for the same life of the same store.


@pytest.fixture
def bookmark(tmp_path: Path) -> Bookmark:
    return Bookmark(tmp_path / "deep" / "rebuild.json", "accounts.banned", "samehand", "epoch-1")


def test_it_is_read_as_it_was_written(bookmark: Bookmark) -> None:
    bookmark.write({0: 500, 3: 12})
    assert read_bookmark(bookmark) == {0: 500, 3: 12}
    assert [path.name for path in bookmark.path.parent.iterdir()] == ["rebuild.json"]


@pytest.mark.parametrize("other", [{"epoch": "epoch-2"}, {"epoch": ""}, {"store": "b"}, {"topic": "t"}])
def test_another_life_of_the_store_begins_anew(bookmark: Bookmark, other: dict[str, str]) -> None:
    bookmark.write({0: 500})
    assert read_bookmark(replace(bookmark, **other)) == {}  # type: ignore[arg-type]  # fields of text


def test_file_that_is_no_bookmark_is_refused(bookmark: Bookmark) -> None:
    bookmark.write({0: 500})
    for content in (b"\xff{", b"{}", b"[]", b" ", b"1,umar"):
        bookmark.path.write_bytes(content)
        with pytest.raises(click.BadParameter, match="is no bookmark; name another file"):
            read_bookmark(bookmark)
    bookmark.path.write_bytes(b"")
    assert read_bookmark(bookmark) == {}


def test_a_place_that_cannot_be_written_is_told_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    bookmark = Bookmark(tmp_path / "file" / "b.json", "t", "s", "e")
    bookmark.write({0: 1})
    bookmark.write({0: 2})
    bookmark.remove()
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_file_without_end_is_not_read_to_its_end() -> None:
    for device in ("/dev/full", "/dev/null"):
        with pytest.raises(click.BadParameter):
            read_bookmark(Bookmark(Path(device), "t", "s", "e"))
