"""Whatever happens ends in one line and an exit code."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

import click
import pytest

from cli import main as door
from cli.main import WIDTH_MIN, Formatter
from store.errors import StoreMoving, StoreUnavailable
from streams.errors import BrokerUnavailable, BrokerUnreachable, SettingsError
from tests.cli.running import Samehand
from tests.tables import for_each


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
        (
            SettingsError({"SAMEHAND_A": "is wrong"}),
            2,
            "is wrong; `samehand doctor` says what to do\n",
        ),
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


def test_an_interrupt_ends_quietly(tmp_path: Path) -> None:
    child = waiting_command(tmp_path)
    writer = os.open(tmp_path / "bans.jsonl", os.O_WRONLY)  # opens as soon as the command reads
    try:
        time.sleep(0.2)
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
    ran = samehand("explain", hostile, hostile)
    assert ran.code == 2
    assert "\x1b" not in ran.err
    assert "<U+001B>]0;owned<U+0007>.json: is not one JSON object" in ran.err


@pytest.mark.parametrize(("columns", "width"), [("40", 38), ("10", WIDTH_MIN), ("300", 98)])
def test_it_is_as_wide_as_the_terminal_within_reason(
    columns: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert Formatter(max_width=100).width == width


def test_a_long_name_stands_on_a_line_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    formatter = Formatter()
    formatter.write_dl([("--a-name-of-length NAME", "What it means."), ("-h", "Help.")])
    assert formatter.getvalue().splitlines() == [
        "--a-name-of-length NAME",
        "                 What it means.",
        "-h               Help.",
    ]


@for_each("name", ["backtest", "report dsa", "simulate", "try"])
def test_empty_name_of_a_folder_is_not_the_current_one(samehand: Samehand, name: str) -> None:
    seen = samehand(*name.split(), "--out", "")
    assert seen.code == 2
    assert "it is empty; name a folder" in seen.err
