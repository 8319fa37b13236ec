"""The command line: options, streams, outages."""

from __future__ import annotations

import asyncio
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from agents.runtime.store_factory import peppers_of
from cli import outages, output, produce
from cli.checkpoint import Bookmark, read_bookmark
from cli.exit_codes import NotDone
from cli.options import platform_option
from cli.outages import TRIES_MAX, through_outages
from cli.output_files import write, writing
from cli.produce import delivered
from cli.rebuild_processes import _shares
from cli.reshard import beside
from cli.run_async import awaited
from cli.standard_streams import standard_streams
from cli.store_context import closing_store, house
from cli.topics.banned_topic import open_anew
from store.errors import StoreEmptied, StoreMismatch, StoreRefused, StoreUnavailable
from streams.errors import BrokerRefused, BrokerUnavailable, TopicsError, Transient
from streams.kafka.client import reader
from streams.kafka.topics import names
from streams.settings import load
from tests.makers import a_ban
from tests.tables import for_each

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


def test_streams_are_what_they_were_afterwards() -> None:
    before = sys.stdout, sys.stderr
    with standard_streams():
        assert sys.stdout is not before[0]
    assert (sys.stdout, sys.stderr) == before


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


# Records and bans that a command publishes.


# Bans are yielded once the broker has them, in order, and never to a topic that would lose them.


@pytest.mark.journey
def test_each_ban_is_on_the_topic_when_it_is_told(
    broker: str, topic_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(produce, "IN_THE_AIR_MAX", 4)
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


# Options, files to write, and coroutines.


# Options that several commands share refuse what cannot be.


@click.command()
@platform_option
def told(platform: str) -> None:
    click.echo(platform)


@for_each("name", ["telegram", "x", "my-site.org"])
def test_a_platform_is_a_plain_word(name: str) -> None:
    assert CliRunner().invoke(told, ["--platform", name]).output == f"{name}\n"


@for_each("name", ["Telegram", "a:b", "", "x" * 33])
def test_anything_else_is_refused(name: str) -> None:
    ran = CliRunner().invoke(told, ["--platform", name])
    assert ran.exit_code == 2
    assert "lower-case" in ran.output


# A wrong path is bad input, a full disk is not.


def test_what_is_written_stands_there(tmp_path: Path) -> None:
    write(tmp_path / "a", b"one", "--out")
    assert (tmp_path / "a").read_bytes() == b"one"


def test_a_path_that_cannot_be_is_told_before_the_work(tmp_path: Path) -> None:
    with pytest.raises(click.BadParameter, match="No such file"), writing(tmp_path / "no" / "a", "--out"):
        pytest.fail("the work began")


def test_a_full_disk_is_no_fault_of_the_input() -> None:
    with pytest.raises(NotDone, match="/dev/full: No space left on device; the file is incomplete"):
        write(Path("/dev/full"), b"one", "--out")


# A coroutine that never waits can still be interrupted.


def test_it_answers_what_the_coroutine_answers() -> None:
    async def work() -> int:
        return 7

    assert awaited(work()) == 7


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
    monkeypatch.setattr(outages, "uniform", max)
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


def test_figures_are_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    output.figures({"name": "عمر\n", "count": 2})
    out = capsys.readouterr().out
    assert len(out.splitlines()) == 1
    assert json.loads(out) == {"name": "عمر\n", "count": 2}


def test_progress_is_silent_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    with output.progress("working", 10) as hear:
        hear(10)
    assert capsys.readouterr() == ("", "")


def test_the_ear_of_a_later_part_counts_the_earlier_ones() -> None:
    heard: list[int] = []
    output.after(100, heard.append)(5)
    assert heard == [105]


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
    output.console().print(output.table(("review", "alerts", "precision"), ROWS))
    wide = capsys.readouterr().out
    assert "band likely, upwards  12      0.812 [0.700, 0.900]\n" in wide
    monkeypatch.setenv("COLUMNS", "40")
    output.console().print(output.table(("review", "alerts", "precision"), ROWS))
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
    output.line(output.console(), words, indent=4)
    first, *rest = capsys.readouterr().out.splitlines()
    assert first.startswith("✗ Redis: ")
    assert all(line.startswith("    ") for line in rest)
    assert max(map(len, rest)) <= 40


# Stores that commands open.


# The store of a command is closed again, come what may.


async def test_a_store_out_of_reach_is_an_outage_and_is_closed(pepper_file: Path) -> None:
    settings = load({"SAMEHAND_PEPPER_FILE": str(pepper_file), "SAMEHAND_REDIS_URL": "redis://127.0.0.1:1/0"})
    peppers = peppers_of(settings)
    with pytest.raises(StoreUnavailable):
        async with closing_store(settings, peppers) as store:
            await store.open()


async def test_agents_of_commands_use_the_secrets_and_topics_of_the_settings(pepper_file: Path) -> None:
    settings = load({"SAMEHAND_PEPPER_FILE": str(pepper_file), "SAMEHAND_TOPIC_PREFIX": "t."})
    peppers = peppers_of(settings)
    async with closing_store(settings, peppers) as store:
        made = house(settings, peppers, store)
    assert made.topics.banned == "t.accounts.banned"
    assert [number for number, _ in made.keyers] == [1]


# `samehand rebuild --into`: told apart from the live one; the whole is a journey.


def test_workers_get_the_same_settings_but_for_the_layout() -> None:
    settings = load({"SAMEHAND_KAFKA_BROKERS": "kafka:9092", "SAMEHAND_STORE_BANS": "5000"})
    second = beside(settings, "samehand-12", shards=12, bans=None, remembered=9_000)
    assert (second.store_prefix, second.store_shards, second.store_bans, second.store_remembered) == (
        *("samehand-12", 12),
        *(5_000, 9_000),
    )
    assert second.kafka_brokers == settings.kafka_brokers
    assert beside(settings, "samehand-2", shards=None, bans=None, remembered=None).store_shards == 1


@for_each("prefix", ["samehand", "", "a b", "samehand*", "x" * 65, "samehand{1}", "samehand\n"])
def test_no_other_prefix_is_taken(prefix: str) -> None:
    with pytest.raises(click.UsageError, match="--into"):
        beside(load({}), prefix, shards=2, bans=None, remembered=None)


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


def test_it_is_gone_when_the_rebuild_is_done(bookmark: Bookmark) -> None:
    bookmark.write({0: 1})
    bookmark.remove()
    assert not bookmark.path.exists()


def test_a_file_without_end_is_not_read_to_its_end() -> None:
    for device in ("/dev/full", "/dev/null"):
        with pytest.raises(click.BadParameter):
            read_bookmark(Bookmark(Path(device), "t", "s", "e"))
