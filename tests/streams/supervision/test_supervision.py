"""A worker's process: its collector, its recorder, its end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from schemas.letters import DeadLetter
from schemas.wire import Decoded, decode_letter
from streams.outcomes import Arrival
from streams.supervision import exit_codes, heartbeat
from streams.supervision.exit_codes import EXIT_FORCED
from streams.supervision.flight_recorder import SLOT_BYTES, SLOTS, FlightRecorder, InHand, OffsetSpan
from streams.supervision.heartbeat import STOP_MARGIN_SECONDS, beat
from tests.house import ROOT
from tests.streams.conftest import Stage

# A record that ends whichever worker meets it: the group recovers by itself, and says what it set aside.


SUPERVISED = {"ECHO_SUPERVISED": "1", "SAMEHAND_HANG_SECONDS": "3", "SAMEHAND_SESSION_SECONDS": "3"}
RECOVERY_SECONDS_MAX = 240.0  # four ends of a worker on a busy machine


def numbered(count: int, start: int = 0) -> list[bytes]:
    return [b"event-%d" % number for number in range(start, start + count)]


def letters(stage: Stage) -> list[DeadLetter]:
    found = [decode_letter(raw, now=4e9) for raw in stage.read(stage.names.letters)]
    return [one.record for one in found if isinstance(one, Decoded)]


@pytest.mark.journey
@pytest.mark.kafka
@pytest.mark.parametrize("harm", ["hang", "segfault"])
def test_with_two_workers_the_record_is_set_aside_and_nothing_else_is_lost(
    kafka_stage: Stage, harm: str
) -> None:
    stage = kafka_stage
    good = numbered(600)
    workers = [stage.start(**SUPERVISED), stage.start(**SUPERVISED)]
    stage.until(
        lambda: all(any(e["event"] == "partitions assigned" for e in stage.events(n)) for n in (0, 1))
    )
    stage.send([*good[:300], harm.encode(), *good[300:]])
    took = stage.until(
        lambda: not set(good) - set(stage.echoed()) and len(letters(stage)) == 1, RECOVERY_SECONDS_MAX
    )
    [letter] = letters(stage)
    assert (letter.reason, letter.value) == ("ended-worker", harm.encode())
    # Three, and once more where the other worker had it alone in hand before it could read of the third.
    assert letter.detail.startswith(("ended its worker 3 times", "ended its worker 4 times"))
    assert set(stage.echoed()) == set(good)
    assert all(worker.poll() is None for worker in workers), "the supervisors live"
    ends = sum(
        event["event"] == "the worker ended, starting another" for n in (0, 1) for event in stage.events(n)
    )
    stage.tell(f"{harm}: set aside after {ends} ends of a worker, {took:.0f} s")
    # A batch a worker, three alone, and who met it while another hung on it already.
    assert ends <= 2 + 3 + 1


# A worker's process: its exit code, its stop and its heart.


# Every code has one meaning, and every meaning one code.


def test_every_code_has_a_meaning_of_its_own() -> None:
    codes = [value for name, value in vars(exit_codes).items() if name.startswith("EXIT_")]
    assert sorted(codes) == sorted(set(codes)) == sorted(exit_codes.MEANINGS)
    assert len(set(exit_codes.MEANINGS.values())) == len(codes)


# A process that does not end by itself is ended.

HELD_LOOP = """
import asyncio, threading
from streams.supervision.forced_stop import cut_off_after

async def stop():
    cut_off_after(0.2)
    threading.Event().wait()

asyncio.run(stop())
"""

HELD_THREAD = """
import asyncio, threading
from streams.supervision.forced_stop import cut_off_after

async def stop():
    cut_off_after(0.2, lambda: 75)
    asyncio.get_running_loop().run_in_executor(None, threading.Event().wait)

asyncio.run(stop())
"""


UNREAD_LOG = """
import structlog
from streams.supervision.forced_stop import cut_off_after
from streams.telemetry.logs import configure

configure()
cut_off_after(0.2)
while True:
    structlog.get_logger().error("a line that nobody reads")
"""


def ended(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )


def test_a_log_that_nobody_reads_holds_no_forced_stop_up() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", UNREAD_LOG], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        try:
            assert process.wait(timeout=30) == EXIT_FORCED
        finally:
            process.kill()


def test_a_held_event_loop_is_cut_off_and_it_is_said() -> None:
    done = ended(HELD_LOOP)
    assert done.returncode == EXIT_FORCED
    assert "stop forced" in done.stdout + done.stderr


def test_so_is_an_end_that_waits_for_a_thread_with_its_code() -> None:
    assert ended(HELD_THREAD).returncode == 75


# Signs of life come from the event loop, and stop with it.


async def test_it_beats_while_the_loop_turns_and_gives_the_stop_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(heartbeat, "BEAT_SECONDS", 0.001)
    recorder = FlightRecorder()
    beating = asyncio.create_task(beat(recorder, hang_seconds=3.0, stop_seconds=20.0))
    await asyncio.sleep(0.1)
    assert recorder.beats > 1
    assert recorder.patience_seconds == 3.0
    beating.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await beating
    assert recorder.patience_seconds == 20.0 + STOP_MARGIN_SECONDS


# What a worker was doing outlives it: written by one process, read by the next.


def arrival(offset: int, *, topic: str = "t", partition: int = 0) -> Arrival:
    return Arrival(topic, partition, offset, None, b"a value that must not be kept", timestamp=100.0 + offset)


def test_what_is_in_hand_is_told_as_spans_of_neighbours() -> None:
    recorder = FlightRecorder()
    recorder.slot("screen").note([arrival(3), arrival(4), arrival(7), arrival(1, partition=1)])
    spans = [
        OffsetSpan("t", 0, 3, 4, 103.0),
        OffsetSpan("t", 0, 7, 7, 107.0),
        OffsetSpan("t", 1, 1, 1, 101.0),
    ]
    assert recorder.unfinished() == [InHand("screen", 4, spans)]


def test_what_is_finished_is_forgotten() -> None:
    recorder = FlightRecorder()
    slot = recorder.slot("screen")
    slot.note([arrival(3)])
    slot.clear()
    assert recorder.unfinished() == []


def test_deliveries_do_not_disturb_each_other() -> None:
    recorder = FlightRecorder()
    screen, enrol = recorder.slot("screen"), recorder.slot("enrol")
    screen.note([arrival(1)])
    enrol.note([arrival(2)])
    screen.clear()
    assert [hand.name for hand in recorder.unfinished()] == ["enrol"]


def test_a_child_that_was_killed_leaves_word_to_its_parent() -> None:
    recorder = FlightRecorder()
    child = os.fork()
    if child == 0:
        recorder.slot("screen").note([arrival(5)])
        recorder.beat(3.0)
        os.kill(os.getpid(), 9)
    os.waitpid(child, 0)
    [hand] = recorder.unfinished()
    assert hand.spans == [OffsetSpan("t", 0, 5, 5, 105.0)]
    assert (recorder.beats, recorder.patience_seconds) == (1, 3.0)


def test_in_a_folder_it_outlives_every_process_and_holds_no_value(tmp_path: Path) -> None:
    first = FlightRecorder(tmp_path)
    first.slot("screen").note([arrival(5)])
    del first  # as the kernel does with who is killed
    assert [hand.name for hand in FlightRecorder(tmp_path).unfinished()] == ["screen"]
    [file] = tmp_path.iterdir()
    assert file.stat().st_mode & 0o077 == 0
    assert b"must not be kept" not in file.read_bytes()


def test_a_folder_that_is_not_there_yet_is_made(tmp_path: Path) -> None:
    """The worker makes it anyway, and the first start may be the one that ends badly."""
    FlightRecorder(tmp_path / "new").slot("screen").note([arrival(5)])
    assert [hand.name for hand in FlightRecorder(tmp_path / "new").unfinished()] == ["screen"]


def test_two_that_run_at_once_share_a_folder_and_no_file(tmp_path: Path) -> None:
    one, other = FlightRecorder(tmp_path), FlightRecorder(tmp_path)
    one.slot("screen").note([arrival(5)])
    assert other.unfinished() == []


def test_a_folder_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    recorder = FlightRecorder(tmp_path / "not" / "there")
    recorder.slot("screen").note([arrival(5)])
    assert len(recorder.unfinished()) == 1


def test_of_more_spans_than_fit_the_first_are_kept() -> None:
    recorder = FlightRecorder()
    recorder.slot("screen").note([arrival(2 * number, partition=number) for number in range(1000)])
    [hand] = recorder.unfinished()
    assert hand.records == 1000
    assert hand.spans[0] == OffsetSpan("t", 0, 0, 0, 100.0)
    assert 50 < len(hand.spans) < 1000


@pytest.mark.parametrize(
    "rubbish", [b"\xff" * 64, b"\0" * 4 + b'\x05\0\0\0{"a":', b"\0" * 4 + b"\xff\xff\xff\x7f"]
)
def test_rubbish_in_the_file_is_nothing(tmp_path: Path, rubbish: bytes) -> None:
    FlightRecorder(tmp_path)
    [file] = tmp_path.iterdir()
    raw = bytearray(file.read_bytes())
    raw[64 : 64 + len(rubbish)] = rubbish
    file.write_bytes(raw)
    recorder = FlightRecorder(tmp_path)
    assert recorder.unfinished() == []
    recorder.settle()


def test_half_as_many_are_tried_after_more_than_one_ended_it() -> None:
    recorder = FlightRecorder()
    slot = recorder.slot("screen")
    slot.note([arrival(number) for number in range(40)])
    recorder.settle()
    assert (recorder.unfinished(), slot.records_max) == ([], 20)


def test_there_is_room_for_every_delivery_and_an_end_to_it() -> None:
    recorder = FlightRecorder()
    slots = [recorder.slot(f"delivery-{number}") for number in range(SLOTS)]
    for number, slot in enumerate(slots):
        slot.note([arrival(number)])
    assert len(recorder.unfinished()) == SLOTS
    with pytest.raises(ValueError, match=str(SLOTS)):
        recorder.slot("one more")
    assert SLOT_BYTES % 8 == 0
